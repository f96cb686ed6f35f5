"""Binance's public routes, for futures (/fapi/v1) and spot (/api/v3)."""

from decimal import Decimal
from typing import Any

import msgspec

from openprime.api.market.reading import (
    DAY_MS,
    INTERVALS,
    INTERVALS_MS,
    Candle,
    ticker_of,
)
from openprime.api.venue_shapes.binance_rules import futures_rules, spot_rules
from openprime.api.venue_shapes.values import (
    BAD_REQUEST,
    Parameters,
    VenueError,
    VenueHandler,
    VenueSource,
    candle_rows,
    depth_levels,
    fixed,
    hours_of,
    listed,
    one_by_one,
    places_of,
    whole_number,
)
from openprime.model.instrument import Instrument
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import Business, Exchange, Side

SPOT_PLACES = 8
RATE_PLACES = 8
PERCENT_PLACES = 3
HOURS = 24
MONTH_MS = 30 * DAY_MS
FUNDING_INTEREST = "0.00010000"

UNKNOWN_SYMBOL = (-1121, "Invalid symbol.")
BAD_INTERVAL = (-1120, "Invalid interval.")
NO_SYMBOL = (
    -1102,
    "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
)


class BinanceMarket(msgspec.Struct, frozen=True):
    """What differs between futures and spot: default and largest numbers of rows."""

    business: Business
    depth_default: int
    depth_max: int
    candles_max: int

    def price(self, instrument: Instrument, value: Decimal) -> str:
        spot = self.business is Business.SPOT
        return fixed(value, SPOT_PLACES if spot else places_of(instrument.tick_size))

    def quantity(self, instrument: Instrument, value: Decimal) -> str:
        spot = self.business is Business.SPOT
        return fixed(value, SPOT_PLACES if spot else places_of(instrument.lot_size))


FUTURES = BinanceMarket(Business.PERP, depth_default=500, depth_max=1000, candles_max=1500)
SPOT = BinanceMarket(Business.SPOT, depth_default=100, depth_max=5000, candles_max=1000)
CANDLES_DEFAULT = 500


def refuse(error: tuple[int, str]) -> VenueError:
    """A refusal as Binance words it."""
    return VenueError(BAD_REQUEST, {"code": error[0], "msg": error[1]})


def all_of(source: VenueSource, market: BinanceMarket) -> dict[str, Instrument]:
    return listed(source, Exchange.BINANCE, market.business)


def one_of(source: VenueSource, market: BinanceMarket, parameters: Parameters) -> Instrument:
    """The instrument that `symbol` names."""
    symbol = parameters.get("symbol")
    if not symbol:
        raise refuse(NO_SYMBOL)
    instrument = all_of(source, market).get(str(symbol))
    if instrument is None:
        raise refuse(UNKNOWN_SYMBOL)
    return instrument


def _limit(parameters: Parameters, default: int, most: int) -> int:
    """How many rows are asked for; what is no number or too many is brought within bounds."""
    asked = whole_number(parameters, "limit")
    return default if not asked else min(asked, most)


# ---------------------------------------------------------------- routes of both markets


def ticker(market: BinanceMarket) -> VenueHandler:
    """ticker/24hr: one symbol, a list of symbols (spot), or all."""

    async def answer(source: VenueSource, parameters: Parameters) -> Any:
        if parameters.get("symbol"):
            return ticker_row(source, market, one_of(source, market, parameters))
        rows = all_of(source, market)
        if parameters.get("symbols") and market is SPOT:
            rows = _picked(rows, str(parameters["symbols"]))
        return await one_by_one(ticker_row(source, market, row) for row in rows.values())

    return answer


def _picked(rows: dict[str, Instrument], symbols: str) -> dict[str, Instrument]:
    try:
        names = msgspec.json.decode(symbols.encode(), type=list[str])
    except (ValueError, RecursionError):
        raise refuse((-1100, "Illegal characters found in parameter 'symbols'.")) from None
    if any(name not in rows for name in names):
        raise refuse(UNKNOWN_SYMBOL)
    return {name: rows[name] for name in names}


def ticker_row(source: VenueSource, market: BinanceMarket, instrument: Instrument) -> Any:
    """The 24 hours of one symbol; zeros where it has not traded yet."""
    found = ticker_of(source.market, instrument.book_sym)
    now_ms = source.clock_ms()
    trade = source.market.last_trade(instrument.book_sym)

    def price(value: Decimal) -> str:
        return market.price(instrument, value)

    row = {
        "symbol": instrument.original_symbol,
        "priceChange": price(found.change),
        "priceChangePercent": fixed(found.change_ratio * 100, PERCENT_PLACES),
        "weightedAvgPrice": price(found.mean_price),
        "lastPrice": price(found.last),
        "lastQty": market.quantity(
            instrument, instrument.quantity(trade.quantity_lots) if trade else ZERO
        ),
        "openPrice": price(found.open),
        "highPrice": price(found.high),
        "lowPrice": price(found.low),
        "volume": market.quantity(instrument, found.volume_base),
        "quoteVolume": price(found.volume_quote),
        "openTime": now_ms - DAY_MS,
        "closeTime": now_ms,
        **_day_trades(source, instrument, now_ms),
    }
    if market is SPOT:
        row |= _spot_quote(source, market, instrument, found.open)
    return row


def _day_trades(source: VenueSource, instrument: Instrument, now_ms: int) -> dict[str, int]:
    """How many trades there were, and the ids that they end with; -1 where there were none."""
    hours = hours_of(source, instrument, HOURS)
    count = sum(hour.trade_count for hour in hours)
    trade = source.market.last_trade(instrument.book_sym)
    last_id = trade.trade_id if trade else -1
    first_id = max(last_id - count + 1, 0) if trade else -1
    return {"firstId": first_id, "lastId": last_id, "count": count}


def _spot_quote(
    source: VenueSource, market: BinanceMarket, instrument: Instrument, opened: Decimal
) -> dict[str, str]:
    nothing = (ZERO, ZERO)
    bid = next(iter(depth_levels(source, instrument, Side.BUY, 1)), nothing)
    ask = next(iter(depth_levels(source, instrument, Side.SELL, 1)), nothing)
    return {
        "prevClosePrice": market.price(instrument, opened),
        "bidPrice": market.price(instrument, bid[0]),
        "bidQty": market.quantity(instrument, bid[1]),
        "askPrice": market.price(instrument, ask[0]),
        "askQty": market.quantity(instrument, ask[1]),
    }


def depth(market: BinanceMarket) -> VenueHandler:
    """depth: the book, best levels first."""

    def answer(source: VenueSource, parameters: Parameters) -> Any:
        instrument = one_of(source, market, parameters)
        levels_max = _limit(parameters, market.depth_default, market.depth_max)
        book = source.market.books[instrument.book_sym]
        sides = [
            [
                [market.price(instrument, price), market.quantity(instrument, quantity)]
                for price, quantity in depth_levels(source, instrument, side, levels_max)
            ]
            for side in (Side.BUY, Side.SELL)
        ]
        times = {} if market is SPOT else {"E": source.clock_ms(), "T": book.time_ms}
        return {"lastUpdateId": book.update_id, **times, "bids": sides[0], "asks": sides[1]}

    return answer


def klines(market: BinanceMarket) -> VenueHandler:
    """klines: arrays of twelve, oldest first."""

    async def answer(source: VenueSource, parameters: Parameters) -> Any:
        instrument = one_of(source, market, parameters)
        interval = parameters.get("interval")
        if interval not in INTERVALS:
            raise refuse(BAD_INTERVAL)
        rows_max = _limit(parameters, CANDLES_DEFAULT, market.candles_max)
        start_ms = whole_number(parameters, "startTime")
        end_ms = whole_number(parameters, "endTime")
        if start_ms is not None:
            # From a start on the oldest rows are wanted, not the newest.
            last_ms = start_ms + rows_max * INTERVALS_MS.get(interval, MONTH_MS) - 1
            end_ms = last_ms if end_ms is None else min(last_ms, end_ms)

        def draw(row: Candle) -> Any | None:
            if start_ms is not None and row.open_ms < start_ms:
                return None
            return kline_row(market, instrument, row)

        return await candle_rows(source, instrument, interval, end_ms, rows_max, draw)

    return answer


def kline_row(market: BinanceMarket, instrument: Instrument, row: Candle) -> Any:
    return [
        row.open_ms,
        *(market.price(instrument, value) for value in (row.open, row.high, row.low, row.close)),
        market.quantity(instrument, row.volume_base),
        row.end_ms - 1,
        market.price(instrument, row.volume_quote),
        row.trade_count,
        # Our candles do not tell who took: half is as good as any guess.
        market.quantity(instrument, row.volume_base / 2),
        market.price(instrument, row.volume_quote / 2),
        "0",
    ]


def server_time(source: VenueSource, parameters: Parameters) -> Any:
    return {"serverTime": source.clock_ms()}


def ping(source: VenueSource, parameters: Parameters) -> Any:
    return {}


# ---------------------------------------------------------------- futures alone


def open_interest(source: VenueSource, parameters: Parameters) -> Any:
    instrument = one_of(source, FUTURES, parameters)
    interest = source.market.open_interest(instrument.sym) or ZERO
    return {
        "openInterest": FUTURES.quantity(instrument, interest),
        "symbol": instrument.original_symbol,
        "time": source.clock_ms(),
    }


def premium_index(source: VenueSource, parameters: Parameters) -> Any:
    if parameters.get("symbol"):
        return _premium_row(source, one_of(source, FUTURES, parameters))
    return [_premium_row(source, instrument) for instrument in all_of(source, FUTURES).values()]


def _premium_row(source: VenueSource, instrument: Instrument) -> Any:
    mark = source.market.mark(instrument.sym) or ZERO
    index = source.market.index(instrument.base) or ZERO
    rate, _, settlement_ms = source.market.funding(instrument.sym) or (ZERO, 0, 0)
    return {
        "symbol": instrument.original_symbol,
        "markPrice": fixed(mark, RATE_PLACES),
        "indexPrice": fixed(index, RATE_PLACES),
        "estimatedSettlePrice": fixed(index, RATE_PLACES),
        "lastFundingRate": fixed(rate, RATE_PLACES),
        "interestRate": FUNDING_INTEREST,
        "nextFundingTime": settlement_ms,
        "time": source.clock_ms(),
    }


# ---------------------------------------------------------------- exchangeInfo


def exchange_info(market: BinanceMarket) -> VenueHandler:
    """exchangeInfo: the symbols with their filters."""
    row = futures_rules if market is FUTURES else spot_rules

    def answer(source: VenueSource, parameters: Parameters) -> Any:
        rows = all_of(source, market)
        if parameters.get("symbol"):
            instrument = one_of(source, market, parameters)
            rows = {instrument.original_symbol: instrument}
        return {
            "timezone": "UTC",
            "serverTime": source.clock_ms(),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [row(instrument) for instrument in rows.values()],
        }

    return answer


ROUTES: dict[str, VenueHandler] = {
    "/fapi/v1/ticker/24hr": ticker(FUTURES),
    "/fapi/v1/depth": depth(FUTURES),
    "/fapi/v1/klines": klines(FUTURES),
    "/fapi/v1/openInterest": open_interest,
    "/fapi/v1/premiumIndex": premium_index,
    "/fapi/v1/exchangeInfo": exchange_info(FUTURES),
    "/fapi/v1/time": server_time,
    "/fapi/v1/ping": ping,
    "/api/v3/ticker/24hr": ticker(SPOT),
    "/api/v3/depth": depth(SPOT),
    "/api/v3/klines": klines(SPOT),
    "/api/v3/exchangeInfo": exchange_info(SPOT),
    "/api/v3/time": server_time,
    "/api/v3/ping": ping,
}
