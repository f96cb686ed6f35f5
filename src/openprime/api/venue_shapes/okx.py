"""OKX's public routes (/api/v5): the same market in OKX's envelope, every value a text."""

from decimal import Decimal
from typing import Any

from openprime.api.market.reading import DAY_MS, HOUR_MS, Candle, ticker_of
from openprime.api.venue_shapes.values import (
    BAD_REQUEST,
    OK,
    Parameters,
    VenueError,
    VenueHandler,
    VenueSource,
    candle_rows,
    depth_levels,
    hours_of,
    listed,
    one_by_one,
    whole_number,
)
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO, text
from openprime.model.vocabulary import Business, Exchange, Side

SWAP, SPOT = "SWAP", "SPOT"
BUSINESSES = {SWAP: Business.PERP, SPOT: Business.SPOT}

# What OKX calls our intervals. The "utc" forms begin their days at 00:00 UTC, as all of ours do.
BARS = {
    "1m": "1m",
    "3m": "3m",
    "5m": "5m",
    "15m": "15m",
    "30m": "30m",
    **{f"{hours}H": f"{hours}h" for hours in (1, 2, 4, 6, 12)},
    **{f"{hours}Hutc": f"{hours}h" for hours in (6, 12)},
    **{
        f"1{unit}{form}": f"1{ours}"
        for unit, ours in (("D", "d"), ("W", "w"), ("M", "M"))
        for form in ("", "utc")
    },
}
BAR_DEFAULT = "1m"
CANDLES_DEFAULT = 100
CANDLES_MAX = 300
DEPTH_MAX = 400
UTC8_MS = 8 * HOUR_MS

UNKNOWN_INSTRUMENT = "51001"
UNKNOWN_INSTRUMENT_TEXT = "Instrument ID doesn't exist."


def success(rows: list[Any]) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": rows}


def refuse(status: int, code: str, told: str) -> VenueError:
    """A refusal as OKX words it."""
    return VenueError(status, {"code": code, "msg": told, "data": []})


def bad_parameter(name: str) -> VenueError:
    return refuse(BAD_REQUEST, "51000", f"Parameter {name} error")


def instrument_type(instrument: Instrument) -> str:
    return SWAP if instrument.is_perp else SPOT


def all_of(source: VenueSource, parameters: Parameters) -> list[Instrument]:
    """The instruments of the type that `instType` names, or of both."""
    asked = parameters.get("instType") or ""
    # Margin pairs are the spot pairs; the other types are known and have nothing here.
    if asked and asked not in (SWAP, SPOT, "MARGIN", "FUTURES", "OPTION"):
        raise bad_parameter("instType")
    kinds = {"": (SWAP, SPOT), "MARGIN": (SPOT,)}.get(asked, (asked,))
    return [
        instrument
        for kind in kinds
        if kind in BUSINESSES
        for instrument in listed(source, Exchange.OKX, BUSINESSES[kind]).values()
    ]


def some_of(source: VenueSource, parameters: Parameters) -> list[Instrument]:
    """The one instrument that `instId` names, or all of `instType`."""
    if parameters.get("instId"):
        return [one_of(source, parameters)]
    return all_of(source, parameters)


def one_of(source: VenueSource, parameters: Parameters) -> Instrument:
    """The instrument that `instId` names."""
    name = parameters.get("instId")
    if not name:
        raise refuse(BAD_REQUEST, "50014", "Parameter instId can not be empty")
    for business in BUSINESSES.values():
        instrument = listed(source, Exchange.OKX, business).get(str(name))
        if instrument is not None:
            return instrument
    raise refuse(OK, UNKNOWN_INSTRUMENT, UNKNOWN_INSTRUMENT_TEXT)


def _perps(instruments: list[Instrument]) -> list[Instrument]:
    return [instrument for instrument in instruments if instrument.is_perp]


def _only_perp(instrument: Instrument) -> Instrument:
    if not instrument.is_perp:
        raise refuse(OK, UNKNOWN_INSTRUMENT, UNKNOWN_INSTRUMENT_TEXT)
    return instrument


# ---------------------------------------------------------------- market


def ticker(source: VenueSource, parameters: Parameters) -> Any:
    return success([_ticker_row(source, one_of(source, parameters))])


async def tickers(source: VenueSource, parameters: Parameters) -> Any:
    if not parameters.get("instType"):
        raise refuse(BAD_REQUEST, "50014", "Parameter instType can not be empty")
    instruments = all_of(source, parameters)
    return success(await one_by_one(_ticker_row(source, each) for each in instruments))


def _ticker_row(source: VenueSource, instrument: Instrument) -> dict[str, str]:
    found = ticker_of(source.market, instrument.book_sym)
    trade = source.market.last_trade(instrument.book_sym)
    nothing = (ZERO, ZERO)
    bid = next(iter(depth_levels(source, instrument, Side.BUY, 1)), nothing)
    ask = next(iter(depth_levels(source, instrument, Side.SELL, 1)), nothing)
    now_ms = source.clock_ms()
    units = found.volume_base
    # A swap's volume is in contracts and its currency volume in base; a pair's in base and quote.
    currency = units * instrument.contract_size
    if not instrument.is_perp:
        currency = found.volume_quote
    return {
        "instType": instrument_type(instrument),
        "instId": instrument.original_symbol,
        "last": text(found.last),
        "lastSz": text(instrument.quantity(trade.quantity_lots) if trade else ZERO),
        "askPx": text(ask[0]),
        "askSz": text(ask[1]),
        "bidPx": text(bid[0]),
        "bidSz": text(bid[1]),
        "open24h": text(found.open),
        "high24h": text(found.high),
        "low24h": text(found.low),
        "volCcy24h": text(currency),
        "vol24h": text(units),
        "sodUtc0": text(_day_open(source, instrument, now_ms - now_ms % DAY_MS)),
        "sodUtc8": text(_day_open(source, instrument, now_ms - (now_ms + UTC8_MS) % DAY_MS)),
        "ts": str(now_ms),
    }


def _day_open(source: VenueSource, instrument: Instrument, day_ms: int) -> Decimal:
    """The price at which a day began: that of its first hour, or of the first known one since."""
    rows = hours_of(source, instrument, (source.clock_ms() - day_ms) // HOUR_MS + 1)
    return next((row.open for row in rows if row.open_ms >= day_ms), ZERO)


def books(source: VenueSource, parameters: Parameters) -> Any:
    instrument = one_of(source, parameters)
    levels_max = min(whole_number(parameters, "sz") or 1, DEPTH_MAX)
    sides = {
        name: [
            [text(price), text(quantity), "0", "1"]
            for price, quantity in depth_levels(source, instrument, side, levels_max)
        ]
        for name, side in (("asks", Side.SELL), ("bids", Side.BUY))
    }
    book = source.market.books[instrument.book_sym]
    return success([{**sides, "ts": str(book.time_ms), "seqId": book.update_id}])


async def candles(source: VenueSource, parameters: Parameters) -> Any:
    """candles and history-candles: newest first; `after` asks for older, `before` for newer."""
    instrument = one_of(source, parameters)
    interval = BARS.get(str(parameters.get("bar") or BAR_DEFAULT))
    if interval is None:
        raise bad_parameter("bar")
    rows_max = min(whole_number(parameters, "limit") or CANDLES_DEFAULT, CANDLES_MAX)
    after_ms = whole_number(parameters, "after")
    before_ms = whole_number(parameters, "before")
    end_ms = None if after_ms is None else after_ms - 1

    def draw(row: Candle) -> list[str] | None:
        if before_ms is not None and row.open_ms <= before_ms:
            return None
        return _candle_row(source, instrument, row)

    rows = await candle_rows(source, instrument, interval, end_ms, rows_max, draw)
    return success(rows[::-1])


def _candle_row(source: VenueSource, instrument: Instrument, row: Candle) -> list[str]:
    base = row.volume_base * instrument.contract_size
    closed = row.end_ms <= source.clock_ms()
    return [
        str(row.open_ms),
        text(row.open),
        text(row.high),
        text(row.low),
        text(row.close),
        text(row.volume_base),
        text(base if instrument.is_perp else row.volume_quote),
        text(row.volume_quote),
        "1" if closed else "0",
    ]


# ---------------------------------------------------------------- public


def open_interest(source: VenueSource, parameters: Parameters) -> Any:
    now = str(source.clock_ms())
    rows = []
    for instrument in _perps(some_of(source, parameters)):
        contracts = source.market.open_interest(instrument.sym) or ZERO
        base = contracts * instrument.contract_size
        mark = source.market.mark(instrument.sym) or ZERO
        rows.append(
            {
                "instType": SWAP,
                "instId": instrument.original_symbol,
                "oi": text(contracts),
                "oiCcy": text(base),
                "oiUsd": text(base * mark),
                "ts": now,
            }
        )
    return success(rows)


def funding_rate(source: VenueSource, parameters: Parameters) -> Any:
    if parameters.get("instId") == "ANY":
        instruments = _perps(all_of(source, parameters))
    else:
        instruments = [_only_perp(one_of(source, parameters))]
    return success([_funding_row(source, instrument) for instrument in instruments])


def _funding_row(source: VenueSource, instrument: Instrument) -> dict[str, str]:
    rate, moment_ms, settlement_ms = source.market.funding(instrument.sym) or (ZERO, 0, 0)
    return {
        "instType": SWAP,
        "instId": instrument.original_symbol,
        "method": "current_period",
        "fundingRate": text(rate),
        "nextFundingRate": "",
        "fundingTime": str(settlement_ms),
        "nextFundingTime": str(settlement_ms + UTC8_MS),
        "minFundingRate": "",
        "maxFundingRate": "",
        "settState": "settled",
        "settFundingRate": "",
        "premium": "",
        "ts": str(moment_ms),
    }


def mark_price(source: VenueSource, parameters: Parameters) -> Any:
    now = str(source.clock_ms())
    return success(
        [
            {
                "instType": instrument_type(instrument),
                "instId": instrument.original_symbol,
                "markPx": text(_mark(source, instrument)),
                "ts": now,
            }
            for instrument in some_of(source, parameters)
        ]
    )


def _mark(source: VenueSource, instrument: Instrument) -> Decimal:
    market = source.market
    if instrument.is_perp:
        return market.mark(instrument.sym) or ZERO
    return market.index(instrument.base) or ZERO


def instruments(source: VenueSource, parameters: Parameters) -> Any:
    if not parameters.get("instType"):
        raise refuse(BAD_REQUEST, "50014", "Parameter instType can not be empty")
    rows = all_of(source, parameters)
    if parameters.get("instId"):
        rows = [one_of(source, parameters)]
    return success([_rules(instrument) for instrument in rows])


def _rules(instrument: Instrument) -> dict[str, str]:
    perp = instrument.is_perp
    largest = text(instrument.max_limit_size)
    return {
        "instType": instrument_type(instrument),
        "instId": instrument.original_symbol,
        "uly": f"{instrument.base}-{instrument.quote}" if perp else "",
        "instFamily": f"{instrument.base}-{instrument.quote}" if perp else "",
        "baseCcy": "" if perp else instrument.base,
        "quoteCcy": "" if perp else instrument.quote,
        "settleCcy": instrument.quote if perp else "",
        "ctVal": text(instrument.contract_size) if perp else "",
        "ctMult": "1" if perp else "",
        "ctValCcy": instrument.base if perp else "",
        "ctType": "linear" if perp else "",
        "tickSz": text(instrument.tick_size),
        "lotSz": text(instrument.lot_size),
        "minSz": text(instrument.min_size),
        "maxLmtSz": largest,
        "maxMktSz": text(instrument.max_market_size),
        "lever": str(instrument.safe_leverage),
        "state": "live",
    }


def server_time(source: VenueSource, parameters: Parameters) -> Any:
    return success([{"ts": str(source.clock_ms())}])


ROUTES: dict[str, VenueHandler] = {
    "/api/v5/market/ticker": ticker,
    "/api/v5/market/tickers": tickers,
    "/api/v5/market/books": books,
    "/api/v5/market/candles": candles,
    "/api/v5/market/history-candles": candles,
    "/api/v5/public/open-interest": open_interest,
    "/api/v5/public/funding-rate": funding_rate,
    "/api/v5/public/mark-price": mark_price,
    "/api/v5/public/instruments": instruments,
    "/api/v5/public/time": server_time,
}
