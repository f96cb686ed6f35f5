"""The parameters of the RapidX loan routes (rest-admin 10, resolutions 81)."""

from decimal import Decimal

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.account import all_given
from openprime.api.parameters.history import ARCHIVE_DAYS, COIN, PAGES, RECENT_DAYS, time_range
from openprime.api.parameters.orders import (
    EXCHANGE,
    ORDER_ID_LENGTH,
    ORDER_ID_VALUE,
    client_order_id_fields,
)
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.model.vocabulary import Exchange, LoanKind


class Loan(msgspec.Struct, frozen=True):
    """A loan or a repayment. `amount` is None where it is no amount: its code comes later."""

    exchange: Exchange
    coin: str
    amount: Decimal | None = None
    client_order_id: str = ""


AMOUNT = Field("amount", ("amount",), readers.text)


def _amount_read(raw: Raw, values: Values, now_ms: int) -> None:
    values["amount"] = readers.amount(values["amount"])


def loan_table(strict_client_order_ids: bool = False) -> Table[Loan]:
    """The parameters of borrow and repay, with the narrow or the wide set of letters in ids."""
    return Table(
        Loan,
        all_given(EXCHANGE, COIN, AMOUNT),
        EXCHANGE,
        *client_order_id_fields(strict_client_order_ids),
        COIN,
        AMOUNT,
        Rule(_amount_read),
    )


class MaxLoan(msgspec.Struct, frozen=True):
    exchange: Exchange | None = None


MAX_LOAN = Table(MaxLoan, EXCHANGE)


class LoanQuery(msgspec.Struct, frozen=True):
    """What a list of loans or of their statement is asked for."""

    begin_ms: int
    end_ms: int
    kind: LoanKind | None = None
    coin: str | None = None
    order_id: int | None = None
    client_order_id: str | None = None
    page: int = 1
    page_size: int = 1000


_ORDER_KINDS = {"BORROW": LoanKind.BORROW, "REPAY": LoanKind.REPAY}
_KINDS = {kind.name: kind for kind in LoanKind}


def _one_of(kinds: dict[str, LoanKind]) -> Field:
    """A kind in any case, with the prefix that rows print or without."""

    def read(value: str) -> LoanKind | None:
        return kinds.get(value.upper().removeprefix("LOAN_")) if value.isascii() else None

    return Field("kind", ("type",), read, 400000)


_WINDOW = (*time_range(ARCHIVE_DAYS, RECENT_DAYS), *PAGES)

ORDERS = Table(
    LoanQuery,
    ORDER_ID_VALUE,
    ORDER_ID_LENGTH,
    _one_of(_ORDER_KINDS),
    *_WINDOW,
    COIN,
    Field("client_order_id", ("clientOrderId",), readers.text),
)
STATEMENT = Table(LoanQuery, _one_of(_KINDS), *_WINDOW, COIN)
