"""The parameters of the broker's routes (rest-admin 12, resolutions 150)."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.account import INSTRUMENT_TYPE, InstrumentType
from openprime.api.parameters.history import (
    ARCHIVE_DAYS,
    COIN,
    DAY_MS,
    PAGE_SIZE_DEFAULT,
    PAGES,
    RECENT_DAYS,
    time_range,
)
from openprime.api.parameters.orders import EXCHANGE, PORTFOLIO_ID
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.desk.markups import MarkupKind
from openprime.model.vocabulary import Exchange

DATE_FORM = "%Y%m%d"
DAYS_AHEAD_MAX = 366

# How fine and how large a markup may be: basis points in hundredths, percent in ones.
_DECIMALS = {MarkupKind.ABSOLUTE: 2, MarkupKind.PERCENTAGE: 0}
_LARGEST = {MarkupKind.ABSOLUTE: Decimal(1_000), MarkupKind.PERCENTAGE: Decimal(10_000)}


class SubFee(msgspec.Struct, frozen=True):
    """A markup for one sub-portfolio, or for all; `from_ms` is 00:00 UTC of its first day."""

    exchange: Exchange
    instrument_type: InstrumentType
    kind: MarkupKind
    from_ms: int
    portfolio_id: int | None = None
    taker: Decimal | None = None
    maker: Decimal | None = None


def _all_given(raw: Raw, values: Values, now_ms: int) -> int | None:
    exchange = raw.get("exchange") or raw.get("exchangeType")
    rate = raw.get("chgTaker") or raw.get("chgMaker")
    given = exchange and raw.get("instType") and raw.get("chgType") and rate
    return None if given else 400009


def _rates_fit(raw: Raw, values: Values, now_ms: int) -> int | None:
    decimals, largest = _DECIMALS[values["kind"]], _LARGEST[values["kind"]]
    for name in ("taker", "maker"):
        rate = values.get(name)
        if rate is not None and (rate > largest or rate != round(rate, decimals)):
            return 400000
    return None


def _date(value: str) -> int | None:
    """yyyyMMdd as the ms at which that day begins in UTC."""
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        return None
    try:
        day = datetime.strptime(value, DATE_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) * 1000


def date_text(time_ms: int) -> str:
    """The UTC day of a moment, as yyyyMMdd."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime(DATE_FORM)


def _date_fits(raw: Raw, values: Values, now_ms: int) -> int | None:
    """Tomorrow where none is given; neither a day that is over nor one too far ahead."""
    today_ms = now_ms - now_ms % DAY_MS
    from_ms = values.setdefault("from_ms", today_ms + DAY_MS)
    return None if today_ms <= from_ms <= today_ms + DAYS_AHEAD_MAX * DAY_MS else 400000


SUB_FEE = Table(
    SubFee,
    PORTFOLIO_ID,
    Rule(_all_given, (400009,)),
    EXCHANGE,
    INSTRUMENT_TYPE,
    Field("kind", ("chgType",), readers.one_of(MarkupKind), 400000),
    Field("taker", ("chgTaker",), readers.amount_or_zero, 400000),
    Field("maker", ("chgMaker",), readers.amount_or_zero, 400000),
    Rule(_rates_fit, (400000,)),
    Field("from_ms", ("effDate",), _date, 400000),
    Rule(_date_fits, (400000,)),
)


class SubFees(msgspec.Struct, frozen=True):
    exchange: Exchange | None = None
    instrument_type: InstrumentType | None = None


SUB_FEES = Table(SubFees, EXCHANGE, INSTRUMENT_TYPE)


class Collections(msgspec.Struct, frozen=True):
    begin_ms: int
    end_ms: int
    exchange: Exchange | None = None
    instrument_type: InstrumentType | None = None
    coin: str | None = None
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT


COLLECTIONS = Table(
    Collections,
    EXCHANGE,
    INSTRUMENT_TYPE,
    *time_range(ARCHIVE_DAYS, RECENT_DAYS),
    *PAGES,
    COIN,
)
