"""The parameters of lists of moved money, of deposits, withdrawals and balances (rest-admin 4 to 7,
resolutions 83).
"""

from enum import IntEnum, StrEnum

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.history import PAGE_SIZE_DEFAULT, PAGES, open_range
from openprime.api.parameters.orders import EXCHANGE
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.desk.places import FUNDING_TYPES
from openprime.model.vocabulary import (
    AddressStatus,
    BillKind,
    DepositStatus,
    Exchange,
    TransferStatus,
    WithdrawalStatus,
)


class FundsQuery(msgspec.Struct, frozen=True):
    """What a list of transfers, deposits or withdrawals is asked for. `account_type` is an
    exchange, "" for the funding account.
    """

    number: int | None = None
    account_id: int | None = None
    account_type: str | None = None
    coin: str | None = None
    status: int | None = None
    kind: int | None = None
    begin_ms: int = 0
    end_ms: int = 0
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT


def _account_type(value: str) -> str | None:
    name = value.upper() if value.isascii() else value
    if name in FUNDING_TYPES:
        return ""
    return name if name in Exchange.__members__ else None


COIN = Field("coin", ("currency", "coin"), readers.text)
_ACCOUNT_ID = Field("account_id", ("accountId",), readers.portfolio_id, 400000)


def _status(kind: type[IntEnum], name: str = "status", wire: str = "status") -> Field:
    return Field(name, (wire,), readers.number_of(kind), 400000)


def _list(*filters: Field) -> Table[FundsQuery]:
    return Table(FundsQuery, *filters, *open_range(), *PAGES)


TRANSFERS = _list(COIN, _status(TransferStatus))
BILLS = _list(COIN, _status(BillKind, "kind", "type"), _status(TransferStatus))
DEPOSITS = _list(
    _ACCOUNT_ID,
    Field("account_type", ("accountType",), _account_type, 400000),
    COIN,
    _status(DepositStatus),
)
WITHDRAWALS = _list(
    Field("number", ("id",), readers.number, 400000),
    _status(WithdrawalStatus),
    _ACCOUNT_ID,
    Field("account_type", ("fromAccountType",), _account_type, 400000),
    COIN,
)


class Owner(StrEnum):
    """Whose deposit address is meant."""

    FUNDING = "FUNDING"
    PORTFOLIO = "PORTFOLIO"


class Address(msgspec.Struct, frozen=True):
    coin: str
    network: str
    owner: Owner | None = None


def _owner(value: str) -> Owner | None:
    name = value.upper() if value.isascii() else value
    if name in FUNDING_TYPES:
        return Owner.FUNDING
    return Owner.PORTFOLIO if name in (Owner.PORTFOLIO, *Exchange) else None


ADDRESS = Table(
    Address,
    Field("coin", COIN.wire, readers.text, absent=400009),
    Field("network", ("network",), readers.text, absent=400009),
    Field("owner", ("accountType",), _owner, 400000),
)


class DepositExchange(msgspec.Struct, frozen=True):
    exchange: Exchange
    coin: str = ""
    network: str = ""


def _both_or_neither(raw: Raw, values: Values, now_ms: int) -> int | None:
    return 400009 if ("coin" in values) != ("network" in values) else None


DEPOSIT_EXCHANGE = Table(
    DepositExchange,
    Field("exchange", ("exchange", "exchangeType"), EXCHANGE.read, EXCHANGE.code, absent=400009),
    COIN,
    Field("network", ("network",), readers.text),
    Rule(_both_or_neither, (400009,)),
)


class AddressBook(msgspec.Struct, frozen=True):
    coin: str | None = None
    network: str | None = None
    address: str | None = None
    address_tag: str | None = None
    status: int | None = None


ADDRESS_BOOK = Table(
    AddressBook,
    COIN,
    Field("network", ("network",), readers.text),
    Field("address", ("address",), readers.text),
    Field("address_tag", ("addressTag", "AddressTag"), readers.text),
    _status(AddressStatus),
)


class Withdraw(msgspec.Struct, frozen=True):
    """A withdrawal; account and amount as sent, for what speaks against them comes later."""

    account_id: str
    coin: str
    network: str
    address: str
    amount: str
    account_type: str = ""
    memo: str = ""
    address_tag: str = ""
    client_order_id: str = ""
    loan: bool = False
    rapid: bool = False


WITHDRAW = Table(
    Withdraw,
    Field("account_id", ("accountId",), readers.text, absent=400009),
    Field("coin", COIN.wire, readers.text, absent=400009),
    Field("network", ("network",), readers.text, absent=400009),
    Field("address", ("address",), readers.text, absent=400009),
    Field("amount", ("amount",), readers.text, absent=400009),
    Field("account_type", ("fromAccountType",), readers.text),
    Field("memo", ("memo",), readers.text),
    Field("address_tag", ("addressTag", "AddressTag"), readers.text),
    Field("client_order_id", ("clientOrderId",), readers.client_order_id_length, 400000),
    Field("loan", ("loanTrans",), readers.boolean, 400000),
    Field("rapid", ("rapidTransfer",), readers.boolean, 400000),
)


class Balances(msgspec.Struct, frozen=True):
    account_ids: tuple[str, ...] = ()
    coin: str | None = None


BALANCES = Table(Balances, Field("account_ids", ("accountId",), readers.names, is_list=True), COIN)
