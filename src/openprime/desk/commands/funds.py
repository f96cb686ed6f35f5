"""Money that moves: transfers, deposits, withdrawals and their addresses.

`reach` is the portfolio that the asking key is limited to, None for a primary key.
"""

from decimal import Decimal

import msgspec

from openprime.desk.funds import TransferTerms, WithdrawalTerms
from openprime.model.vocabulary import AddressStatus, Exchange, WithdrawalStatus


class ApplyTransfer(msgspec.Struct, frozen=True, tag=True):
    """Move money between two places of a user; "" is no request id."""

    user_id: int
    reach: int | None
    request_id: str
    terms: TransferTerms


class ApplyWithdrawal(msgspec.Struct, frozen=True, tag=True):
    """Send money out. `account_id` and `amount` are None where they cannot be read: what speaks
    against them has its place behind look-ups (resolutions 83). `account_type` is as sent.
    """

    user_id: int
    reach: int | None
    account_id: int | None
    account_type: str
    terms: WithdrawalTerms
    amount: Decimal | None


class MakeDepositAddress(msgspec.Struct, frozen=True, tag=True):
    """The deposit address of an account (a portfolio's id, or a user's own), made if it is new."""

    account_id: int
    coin: str
    network: str


class SetDepositExchange(msgspec.Struct, frozen=True, tag=True):
    """Where a portfolio's deposits go: all, or those of one coin on one network ("": all)."""

    portfolio_id: int
    exchange: Exchange
    coin: str = ""
    network: str = ""


class Borrow(msgspec.Struct, frozen=True, tag=True):
    """Borrow coins from RapidX. `amount` is None where it cannot be read; "" is no client's id."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal | None
    client_order_id: str = ""


class Repay(msgspec.Struct, frozen=True, tag=True):
    """Pay back what was borrowed from RapidX; the values are those of Borrow."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal | None
    client_order_id: str = ""


class AnnounceDeposit(msgspec.Struct, frozen=True, tag=True):
    """A network brings money to an address or, with "" as address, to an account's own one."""

    address: str
    account_id: int | None
    coin: str
    network: str
    amount: Decimal
    tx_id: str = ""


class FailDeposit(msgspec.Struct, frozen=True, tag=True):
    """A deposit under way will not arrive, and why."""

    deposit_id: int
    info: str


class EndWithdrawal(msgspec.Struct, frozen=True, tag=True):
    """A withdrawal under way is FAILED or REJECTED, and why; its money is free again."""

    withdrawal_id: int
    status: WithdrawalStatus
    info: str


class AddWithdrawAddress(msgspec.Struct, frozen=True, tag=True):
    """A new entry of a user's address book."""

    user_id: int
    coin: str
    network: str
    address: str
    memo: str
    address_tag: str
    category: int
    status: AddressStatus


class SetWithdrawAddressStatus(msgspec.Struct, frozen=True, tag=True):
    """Whether an entry of a user's address book may be used."""

    user_id: int
    address_id: int
    status: AddressStatus


FundsCommand = (
    ApplyTransfer
    | ApplyWithdrawal
    | Borrow
    | Repay
    | MakeDepositAddress
    | SetDepositExchange
    | AnnounceDeposit
    | FailDeposit
    | EndWithdrawal
    | AddWithdrawAddress
    | SetWithdrawAddressStatus
)
