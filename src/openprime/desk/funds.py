"""The records of money that moves: where it lies, transfers, deposits, withdrawals, addresses.

Plain data, part of the state. What is under way is replaced whole when it goes on, so that a
record that was told once stays true.
"""

from decimal import Decimal

import msgspec

from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    AddressStatus,
    DepositStatus,
    Exchange,
    TransferStatus,
    WithdrawalStatus,
)


class Place(msgspec.Struct, frozen=True):
    """Where money lies: a portfolio's account at an exchange or, without an exchange, the funding
    account of the user whose id it is.
    """

    account_id: int
    exchange: Exchange | None = None


class FundingWallet(msgspec.Struct):
    """One coin of a funding account; `transfer_frozen` is what of `cash` is on its way out."""

    coin: str
    created_at_ms: int
    updated_at_ms: int
    cash: Decimal = ZERO
    transfer_frozen: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        """What can be moved."""
        return self.cash - self.transfer_frozen


class TransferTerms(msgspec.Struct, frozen=True):
    """What a client asks of a transfer: two requests are equal where these are."""

    source: Place
    target: Place
    coin: str
    amount: Decimal
    network: str = ""
    rapid: bool = False


class TransferRequest(msgspec.Struct, frozen=True):
    """A request id that is used up: the transfer that it made, and on what terms."""

    transfer_id: int
    terms: TransferTerms


class Transfer(msgspec.Struct, frozen=True):
    """Money on its way between two places of one user (rest-admin 6.2). `reason` of a failed one
    says why.
    """

    transfer_id: int
    user_id: int
    client_order_id: str
    terms: TransferTerms
    created_at_ms: int
    updated_at_ms: int
    status: TransferStatus = TransferStatus.IN_PROGRESS
    reason: str = ""


class Deposit(msgspec.Struct, frozen=True):
    """Money that a network brings (rest-admin 5.3). `info` of a failed one says why."""

    deposit_id: int
    user_id: int
    place: Place
    coin: str
    network: str
    address: str
    amount: Decimal
    tx_id: str
    created_at_ms: int
    updated_at_ms: int
    status: DepositStatus = DepositStatus.EXECUTING
    info: str = ""


class WithdrawalTerms(msgspec.Struct, frozen=True):
    """What a client asks of a withdrawal, apart from where it comes from."""

    coin: str
    network: str
    address: str
    memo: str = ""
    address_tag: str = ""
    client_order_id: str = ""
    rapid: bool = False


class Withdrawal(msgspec.Struct, frozen=True):
    """Money on its way out (rest-admin 7.3): `amount` arrives, `fee` is the network's and taken on
    top. `tx_id` is the move to the custodian, `tx_id_out` the one on the network.
    """

    withdrawal_id: int
    user_id: int
    source: Place
    terms: WithdrawalTerms
    amount: Decimal
    fee: Decimal
    tx_id: str
    created_at_ms: int
    updated_at_ms: int
    status: WithdrawalStatus = WithdrawalStatus.APPROVED
    tx_id_out: str = ""
    info: str = ""


class DepositAddress(msgspec.Struct, frozen=True):
    """Where a network takes deposits for an account: a portfolio's id, or a user's own."""

    address_id: int
    account_id: int
    coin: str
    network: str
    address: str
    created_at_ms: int


class DepositRoute(msgspec.Struct, frozen=True):
    """The exchange that is credited with a portfolio's deposits of one coin on one network."""

    coin: str
    network: str
    exchange: Exchange
    updated_at_ms: int


class WithdrawAddress(msgspec.Struct, frozen=True):
    """An entry of a user's address book (rest-admin 7.1). `category` 1 is for its coin alone, 2
    and 3 are for any coin.
    """

    address_id: int
    coin: str
    network: str
    address: str
    memo: str
    address_tag: str
    category: int
    created_at_ms: int
    status: AddressStatus
