"""Streams of the older public sockets: flat pictures, and books that tell the trades as well."""

from typing import Any

import msgspec

from openprime.api.market.channels import BOOK_DEPTHS, View
from openprime.api.market.frames import Frame
from openprime.api.market.reading import ticker_of
from openprime.api.market.streams import BookStream, Levels, StateStream
from openprime.market.events import MarketTrade
from openprime.model.instrument import Instrument
from openprime.model.numbers import text
from openprime.model.vocabulary import MARGIN, PERP, Exchange

NS_PER_MS = 1_000_000
NORMAL_STATE = "0"

# Trades of one book frame; of more only the first are told.
TRADES_MAX = 200

_PERP_NAMES = {Exchange.BINANCE: "BINANCE_USDM", Exchange.OKX: "OKX_SWAP"}


def number(printed: str) -> msgspec.Raw:
    """A plain decimal as a JSON number, every digit as it stands."""
    return msgspec.Raw(printed.encode())


def exchange_name(instrument: Instrument) -> str:
    """The market of an exchange as these sockets name it: MARGIN trades on SPOT."""
    if instrument.business is PERP:
        return _PERP_NAMES.get(instrument.exchange, f"{instrument.exchange}_PERP")
    business = "SPOT" if instrument.business is MARGIN else instrument.business
    return f"{instrument.exchange}_{business}"


class FlatStream(StateStream):
    """Pictures of the present that are frames as they stand."""

    def _frame(self, data: Any) -> Frame:
        return Frame(data)


class TradedBook(BookStream):
    """A book whose frames also carry the trades since the last one."""

    def __init__(self, view: View) -> None:
        arg = {"channel": "ORDER_BOOK", "instId": view.instrument.sym}
        super().__init__(arg, view.book, BOOK_DEPTHS[0], view.printer, view.clock_ms())
        self._view = view
        self._trades: list[MarketTrade] = []

    def take(self, trade: MarketTrade) -> None:
        if len(self._trades) < TRADES_MAX:
            self._trades.append(trade)

    def _has_more(self) -> bool:
        return bool(self._trades)

    def _told_trades(self, previous_seq: int) -> list[MarketTrade]:
        """The trades of an update, which are then told; a first picture has none."""
        if not previous_seq:
            return []
        told, self._trades = self._trades, []
        return told

    def _stamps(self) -> dict[str, int]:
        return {
            "localTs": self._view.clock_ms() * NS_PER_MS,
            "exchangeTs": self._time_ms * NS_PER_MS,
            "seqNum": self._seq,
        }

    def _totals(self) -> tuple[str, str, str]:
        """Last price, and what was traded within 24 hours: value and quantity."""
        ticker = ticker_of(self._view.market, self._view.instrument.book_sym)
        return text(ticker.last), text(ticker.volume_quote), text(ticker.volume_base)


class TextBook(TradedBook):
    """The second edition: all levels first, then those that changed."""

    def _frame(self, previous_seq: int, bids: Levels, asks: Levels) -> Frame:
        last, value, quantity = self._totals()
        printer = self._printer
        data = self._stamps() | {
            "type": "update" if previous_seq else "snapshot",
            "preseqNum": previous_seq,
            "ltp": last,
            "ttv": value,
            "ttq": quantity,
            "state": NORMAL_STATE,
            "bids": printer.levels(bids),
            "asks": printer.levels(asks),
            "trades": [
                (
                    printer.price(trade.price_ticks),
                    printer.quantity(trade.quantity_lots),
                    "1" if trade.buyer_is_maker else "0",
                    str(trade.time_ms * NS_PER_MS),
                )
                for trade in self._told_trades(previous_seq)
            ],
        }
        return Frame({"arg": self.arg, "data": data})


class NumberBook(TradedBook):
    """The first edition: all levels in every frame."""

    def _frame(self, previous_seq: int, bids: Levels, asks: Levels) -> Frame:
        last, value, quantity = map(number, self._totals())
        instrument = self._view.instrument
        return Frame(
            self._stamps()
            | {
                "instId": instrument.sym,
                "publicChannelTypeEnum": "ORDER_BOOK",
                "ltp": last,
                "ttv": value,
                "ttq": quantity,
                "symbol": instrument.original_symbol,
                "bookId": 0,
                "exchange": exchange_name(instrument),
                "tradingState": "NORMAL",
                "levelsBids": self._numbers(list(self._bids.items())),
                "levelsAsks": self._numbers(list(self._asks.items())),
                "updates": [
                    self._number_level(trade.price_ticks, trade.quantity_lots)
                    | {
                        "side": "SELL" if trade.buyer_is_maker else "BUY",
                        "type": "TRADE",
                        "level": 0,
                    }
                    for trade in self._told_trades(previous_seq)
                ],
            }
        )

    def _numbers(self, levels: Levels) -> list[dict[str, Any]]:
        return [self._number_level(ticks, lots) for ticks, lots in levels]

    def _number_level(self, ticks: int, lots: int) -> dict[str, Any]:
        printer = self._printer
        return {"price": number(printer.price(ticks)), "qty": number(printer.quantity(lots))}
