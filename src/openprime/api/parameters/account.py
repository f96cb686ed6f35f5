"""The parameters of position, leverage, account and reference routes (errors 4, resolutions 61)."""

from enum import StrEnum

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.history import COIN, PAGES, ListQuery
from openprime.api.parameters.orders import (
    EXCHANGE,
    PORTFOLIO_ID,
    POSITION_SIDE,
    SYM,
    SYM_REQUIRED,
)
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.model.vocabulary import Exchange, PositionMode, PositionSide

SYMS_MAX = 20
PORTFOLIOS_MAX = 20


class SymFilter(msgspec.Struct, frozen=True):
    """The filters of rows that belong to an exchange, a symbol or a coin."""

    portfolio_id: int | None = None
    exchange: Exchange | None = None
    sym: str | None = None
    coin: str | None = None


POSITIONS = Table(SymFilter, PORTFOLIO_ID, EXCHANGE, SYM)
ACCOUNTS = Table(SymFilter, PORTFOLIO_ID, EXCHANGE)
SYMS = Table(SymFilter, SYM)
SYM_NEEDED = Table(SymFilter, SYM_REQUIRED)
COINS = Table(SymFilter, COIN)
LOANS = Table(SymFilter, EXCHANGE, COIN)
RANKS = Table(SymFilter, PORTFOLIO_ID, SYM)


class Close(msgspec.Struct, frozen=True):
    sym: str
    portfolio_id: int | None = None
    position_side: PositionSide | None = None


CLOSE = Table(Close, PORTFOLIO_ID, SYM_REQUIRED, POSITION_SIDE)


class CloseMany(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    close_all: bool = False
    syms: tuple[str, ...] = ()
    position_side: PositionSide | None = None
    exchange: Exchange | None = None


def _something_to_close(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if values.get("close_all") or values.get("syms") else 400009


def _few_syms(raw: Raw, values: Values, now_ms: int) -> int | None:
    """At most so many are sent, equal ones counted as well; each is closed once."""
    if not values.get("close_all"):
        if len(values["syms"]) > SYMS_MAX:
            return 400000
        values["syms"] = tuple(dict.fromkeys(values["syms"]))
    return None


CLOSE_MANY = Table(
    CloseMany,
    PORTFOLIO_ID,
    Field("close_all", ("closeAllPos",), readers.boolean, 400000),
    Field("syms", ("symList",), readers.names, is_list=True),
    Rule(_something_to_close, (400009,)),
    Rule(_few_syms, (400000,)),
    POSITION_SIDE,
    EXCHANGE,
)


class Leverage(msgspec.Struct, frozen=True):
    sym: str
    leverage: int
    portfolio_id: int | None = None


def all_given(*fields: Field) -> Rule:
    """400009 where one of the parameters is missing, before any is read."""

    def test(raw: Raw, values: Values, now_ms: int) -> int | None:
        given = all(any(raw.get(name) for name in field.wire) for field in fields)
        return None if given else 400009

    return Rule(test, (400009,))


LEVERAGE_VALUE = Field("leverage", ("leverage",), readers.whole, 401033)
LEVERAGE = Table(Leverage, PORTFOLIO_ID, all_given(SYM, LEVERAGE_VALUE), SYM, LEVERAGE_VALUE)


class CoinLeverage(msgspec.Struct, frozen=True):
    exchange: Exchange
    coin: str
    leverage: int
    portfolio_id: int | None = None


COIN_LEVERAGE = Table(
    CoinLeverage,
    PORTFOLIO_ID,
    all_given(EXCHANGE, COIN, LEVERAGE_VALUE),
    EXCHANGE,
    LEVERAGE_VALUE,
    COIN,
)
COIN_LEVERAGES = Table(ListQuery, PORTFOLIO_ID, EXCHANGE, COIN, *PAGES)


class Mode(msgspec.Struct, frozen=True):
    exchange: Exchange
    mode: PositionMode
    portfolio_id: int | None = None


POSITION_MODE = Field("mode", ("positionMode",), readers.one_of(PositionMode), 400000)
MODE = Table(Mode, PORTFOLIO_ID, all_given(EXCHANGE, POSITION_MODE), EXCHANGE, POSITION_MODE)


class InstrumentType(StrEnum):
    SPOT = "SPOT"
    PERP = "PERP"


INSTRUMENT_TYPE = Field("instrument_type", ("instType",), readers.one_of(InstrumentType), 400000)


class BrokerFees(msgspec.Struct, frozen=True):
    portfolios: tuple[str, ...] = ()
    exchange: Exchange | None = None
    instrument_type: InstrumentType | None = None


def _portfolio_names_fit(raw: Raw, values: Values, now_ms: int) -> int | None:
    names = values.get("portfolios", ())
    if len(names) > PORTFOLIOS_MAX:
        return 400000
    return None if all(map(readers.portfolio_id, names)) else 401000


BROKER_FEES = Table(
    BrokerFees,
    Field("portfolios", ("portfolioIds", "portfolios", "portfolio"), readers.names, is_list=True),
    Rule(_portfolio_names_fit, (400000, 401000)),
    EXCHANGE,
    INSTRUMENT_TYPE,
)
