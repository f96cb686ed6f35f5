"""The routes that tell rules and prices (rest-trading 6, rest-admin 3 and 12)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.maintenance import window_row
from openprime.api.parameters.account import SymFilter
from openprime.api.parameters.table import NoParameters
from openprime.api.services import Services
from openprime.api.wire.positions import tier_row
from openprime.desk.desk import Desk
from openprime.desk.switches import ServiceType, Window
from openprime.desk.views import position_tiers_view
from openprime.errors import Refusal
from openprime.model.instrument import Instrument
from openprime.model.numbers import AMOUNT_PLACES, round_half_up, text
from openprime.model.reference import Reference

DEFAULT_DISCOUNT = "0.1000"
TIER_FIELDS = ("tier", "minSize", "maxSize", "mmRate", "maxLeverage")
UNKNOWN_COIN = Refusal(401035)
NO_PERP = Refusal(401041)


# -- symbols


def symbol_row(instrument: Instrument) -> wire.Row:
    """The rules of a symbol, in the venue's own texts."""
    return {**instrument.wire_texts, "state": "live" if instrument.live else "suspend"}


async def symbols(services: Services, caller: Caller, asked: SymFilter) -> wire.Row | Refusal:
    """GET sym/info: symbol to row."""
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal
    instruments = services.reference.instruments
    chosen = [instruments[asked.sym]] if asked.sym else instruments.values()
    return {instrument.sym: symbol_row(instrument) for instrument in chosen}


async def brackets(services: Services, caller: Caller, asked: SymFilter) -> wire.Row | Refusal:
    """GET positionBracket: symbol to brackets; a symbol that is no PERP has none."""
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal

    def render(desk: Desk) -> wire.Row:
        return {
            sym: [tier_row(tier) for tier in position_tiers_view(desk, sym)]
            for sym in services.reference.position_tiers
            if asked.sym in (None, sym)
        }

    return await services.read(render)


# -- prices


async def mark_prices(
    services: Services, caller: Caller | None, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET market/markPrice; of a symbol that is no PERP the index price (resolutions 74)."""
    refusal = services.sym_refusal(asked.sym)
    if refusal is not None:
        return refusal
    instruments = services.reference.instruments
    if asked.sym is not None:
        chosen = [instruments[asked.sym]]
    else:
        chosen = [i for i in instruments.values() if i.is_perp and i.live]
    now_ms = services.clock_ms()
    prices = [(i.sym, _price(services, i)) for i in chosen]
    return [
        {
            "publicChannelTypeEnum": "MARK_PRICE",
            "sym": sym,
            "markPrice": text(price),
            "time": now_ms,
        }
        for sym, price in prices
        if price is not None
    ]


def _price(services: Services, instrument: Instrument) -> Decimal | None:
    market = services.market
    return market.mark(instrument.sym) if instrument.is_perp else market.index(instrument.base)


async def funding_rate(
    services: Services, caller: Caller | None, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET market/fundingRate: the running rate and the coming settlement."""
    sym = asked.sym or ""
    refusal = services.sym_refusal(sym)
    if refusal is not None:
        return refusal
    if not services.reference.instruments[sym].is_perp:
        return NO_PERP
    funding = services.market.funding(sym)
    if funding is None:
        return []
    rate, rate_time_ms, settlement_ms = funding
    return [
        {
            "sym": sym,
            "fundingRate": text(round_half_up(rate, AMOUNT_PLACES)),
            "fundingTime": str(rate_time_ms),
            "nextFundingTime": str(settlement_ms),
        }
    ]


# -- coins


def _discounts(reference: Reference, coin: str | None) -> list[wire.Row] | Refusal:
    coins = reference.coins()
    if coin is not None and coin not in coins:
        return UNKNOWN_COIN
    return [
        {"coin": name, "discount": reference.discount_texts.get(name, DEFAULT_DISCOUNT)}
        for name in coins
        if coin in (None, name)
    ]


async def discounts(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET coin/discount: rows."""
    return _discounts(services.reference, asked.coin)


async def discounts_by_coin(
    services: Services, caller: Caller, asked: SymFilter
) -> wire.Row | Refusal:
    """GET coin/discount_detail: coin to row."""
    rows = _discounts(services.reference, asked.coin)
    return rows if isinstance(rows, Refusal) else {row["coin"]: row for row in rows}


def _loan_rows(rows: Mapping[str, wire.Row], asked: SymFilter) -> Sequence[wire.Row] | Refusal:
    """The coins' rows that a filter lets through; 401035 for a coin that has none there."""
    exchange, coin = asked.exchange, asked.coin
    chosen = [row for row in rows.values() if exchange in (None, row["exchangeType"])]
    if coin is None:
        return chosen
    return [row for row in chosen if row["coin"] == coin] or UNKNOWN_COIN


async def loan_tiers(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET loan/info: one row a tier."""
    rows = _loan_rows(services.reference.loan_rows, asked)
    if isinstance(rows, Refusal):
        return rows
    return [
        {"exchangeType": row["exchangeType"], "coin": row["coin"], **_tier(tier)}
        for row in rows
        for tier in row["tiers"]
    ]


async def loan_tiers_by_coin(
    services: Services, caller: Caller, asked: SymFilter
) -> wire.Row | Refusal:
    """GET loan/info_detail: the coin's margin market to its tiers (resolutions 139)."""
    rows = _loan_rows(services.reference.loan_rows, asked)
    if isinstance(rows, Refusal):
        return rows
    return {
        margin_market(row): {
            **row,
            "tiers": [_tier(tier) for tier in row["tiers"]],
        }
        for row in rows
    }


def margin_market(row: wire.Row) -> str:
    """The name under which maps tell of a coin that is lent, USDT itself too (resolutions 139)."""
    return f"{row['exchangeType']}_MARGIN_{row['coin']}_USDT"


def _tier(row: wire.Row) -> wire.Row:
    """A tier of debt without what a venue tells beyond the API's fields."""
    return {key: row[key] for key in TIER_FIELDS}


# -- the system


async def system_status(services: Services, caller: Caller, asked: NoParameters) -> list[wire.Row]:
    """GET system/status: the maintenance windows that run or are to come."""
    now_ms = services.clock_ms()
    broken = services.sequencer.broken
    if broken is not None:
        failure = Window(0, ServiceType.TRADE, now_ms, now_ms, broken)
        return [window_row(failure, now_ms)]

    def render(desk: Desk) -> list[wire.Row]:
        windows = desk.state.windows.values()
        return [window_row(window, now_ms) for window in windows if window.end_ms > now_ms]

    return await services.read(render)
