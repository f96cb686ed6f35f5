"""The parameters of transfers (errors 4 and 5.5, resolutions 82, 97).

Two dialects name the same things; the newer names stand first and win (resolutions 166).
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.funds import COIN
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.desk.funds import Place, TransferTerms
from openprime.desk.places import place_of
from openprime.errors import Refusal

_REQUEST_ID = ("clientOrderId", "requestId")


class Transfer(msgspec.Struct, frozen=True):
    """A transfer as it was sent, but for the request id: see `read_transfer`."""

    request_id: str = ""
    source_id: str = ""
    target_id: str = ""
    source_type: str = ""
    target_type: str = ""
    coin: str = ""
    amount: str = ""
    network: str = ""
    rapid: bool = False


def _request_id_said(raw: Raw, values: Values, now_ms: int) -> int | None:
    sent_empty = any(raw.get(name) == "" for name in _REQUEST_ID)
    return 403015 if sent_empty and "request_id" not in values else None


TRANSFER = Table(
    Transfer,
    Field("request_id", _REQUEST_ID, readers.client_order_id_length, 403016),
    Field("request_id", _REQUEST_ID, readers.client_order_id_letters, 403015),
    Rule(_request_id_said, (403015,)),
    Field("source_id", ("fromTradeAccountId", "sourcePortfolioId"), readers.text),
    Field("target_id", ("toTradeAccountId", "targetPortfolioId"), readers.text),
    Field("source_type", ("fromAccountType", "sourceTransferType"), readers.text),
    Field("target_type", ("toAccountType", "targetTransferType"), readers.text),
    COIN,
    Field("amount", ("amount",), readers.text),
    Field("network", ("network",), readers.text),
    Field("rapid", ("rapidTransfer",), readers.boolean, 400000),
)


class _Sides(msgspec.Struct):
    """A transfer with its values read; None where one cannot be."""

    source_id: int | None
    target_id: int | None
    source: Place | None
    target: Place | None
    amount: Decimal | None


def _is_funding(place: Place | None) -> bool:
    return place is not None and place.exchange is None


# What can be wrong with a transfer before anything is looked up, in the order of its codes.
TRANSFER_SYNTAX: tuple[tuple[int, Callable[[Transfer, _Sides], bool]], ...] = (
    (403000, lambda asked, sides: not asked.source_id and not asked.target_id),
    (403001, lambda asked, sides: sides.source_id is None),
    (403002, lambda asked, sides: sides.target_id is None),
    (403003, lambda asked, sides: sides.source is None),
    (403004, lambda asked, sides: sides.target is None),
    (403008, lambda asked, sides: _is_funding(sides.source) and _is_funding(sides.target)),
    (403009, lambda asked, sides: sides.source == sides.target),
    (403005, lambda asked, sides: sides.amount is None),
)


def read_transfer(asked: Transfer, user_id: int) -> TransferTerms | Refusal:
    """The terms of a user's transfer, or the first code of TRANSFER_SYNTAX that speaks against it.

    An empty account id is the funding account, as is the user's own id.
    """
    source_id = readers.portfolio_id(asked.source_id) if asked.source_id else user_id
    target_id = readers.portfolio_id(asked.target_id) if asked.target_id else user_id
    sides = _Sides(
        source_id,
        target_id,
        None if source_id is None else place_of(user_id, source_id, asked.source_type),
        None if target_id is None else place_of(user_id, target_id, asked.target_type),
        readers.amount(asked.amount),
    )
    for code, broken in TRANSFER_SYNTAX:
        if broken(asked, sides):
            return Refusal(code)
    assert sides.source is not None, "403003 comes before"
    assert sides.target is not None, "403004 comes before"
    assert sides.amount is not None, "403005 comes before"
    return TransferTerms(
        sides.source, sides.target, asked.coin, sides.amount, asked.network, asked.rapid
    )


class TransferName(msgspec.Struct, frozen=True):
    """One transfer by either id."""

    transfer_id: int | None = None
    client_order_id: str = ""


TRANSFER_NAME = Table(
    TransferName,
    Rule(
        lambda raw, values, now_ms: (
            None if raw.get("transferId") or any(raw.get(name) for name in _REQUEST_ID) else 400009
        ),
        (400009,),
    ),
    Field("transfer_id", ("transferId",), readers.number, 403014),
    Field("client_order_id", _REQUEST_ID, readers.text),
)


class Pool(StrEnum):
    """Pools that rapid transfers come from."""

    BINANCE = "BINANCE"
    OKX = "OKX"
    BYBIT = "BYBIT"
    GATE = "GATE"
    COINBASE = "COINBASE"
    UNIFIEDPOOL = "UNIFIEDPOOL"


class RapidPool(msgspec.Struct, frozen=True):
    pool: Pool
    coin: str


RAPID_POOL = Table(
    RapidPool,
    Field("pool", ("pool",), readers.text, absent=400009),
    Field("coin", COIN.wire, readers.text, absent=400009),
    Field("pool", ("pool",), readers.one_of(Pool), 400000),
)
