"""Captures of Binance's public streams: from gzip lines to messages in ticks and lots.

A line is `<receive time, ns> <JSON>`, the JSON either a combined-stream envelope
`{"stream","data"}` or one REST depth snapshot. Of the streams, depth and trade are read,
bookTicker on request only, and any other stream of the symbol is passed over.

The file is read in pieces and each line's kind is told by its first bytes, so that a message
that is not wanted costs no JSON. Prices and quantities repeat a great deal: their counts of
ticks and lots are looked up by text, and exact decimal arithmetic is done for new texts only.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from openprime.market.events import MarketTrade
from openprime.model.instrument import Instrument

CHUNK_BYTES = 1 << 20
# Nanoseconds since 1970 have 19 digits from 2001 to 2286, and a blank follows.
RECEIVE_TIME_BYTES = 20
LINE_BYTES_MAX = 1 << 26
MEMO_ENTRIES_MAX = 200_000
SHOWN_TEXT_MAX = 60

# A futures trade that is not MARKET (INSURANCE_FUND, ADL) did not happen on the book.
BOOK_TRADE = "MARKET"


class RecordingError(Exception):
    """A recording that cannot be played. The text is one line: where, expected, found."""


class SnapshotMessage(msgspec.Struct, frozen=True):
    """A REST depth snapshot. `time_ms` is 0 where the venue gives none (spot)."""

    update_id: int
    time_ms: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class DepthMessage(msgspec.Struct, frozen=True):
    """A depth update over the venue's ids first_id..last_id. `previous_id` is futures' `pu`."""

    first_id: int
    last_id: int
    previous_id: int | None
    time_ms: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class BestMessage(msgspec.Struct, frozen=True):
    """A bookTicker: best levels as (price_ticks, lots) after the venue's id `update_id`."""

    update_id: int
    bid: tuple[int, int]
    ask: tuple[int, int]


Message = SnapshotMessage | DepthMessage | MarketTrade | BestMessage

_Rows = list[tuple[str, str]]


class _Depth(msgspec.Struct, gc=False):
    s: str
    first_id: int = msgspec.field(name="U")
    u: int
    E: int
    b: _Rows
    a: _Rows
    T: int = 0
    pu: int | None = None


class _Trade(msgspec.Struct, gc=False):
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    X: str = BOOK_TRADE


class _Best(msgspec.Struct, gc=False):
    s: str
    u: int
    b: str
    B: str
    a: str
    A: str


class _Snapshot(msgspec.Struct, gc=False):
    lastUpdateId: int
    bids: _Rows
    asks: _Rows
    T: int = 0


class _DepthLine(msgspec.Struct, gc=False):
    data: _Depth


class _TradeLine(msgspec.Struct, gc=False):
    data: _Trade


class _BestLine(msgspec.Struct, gc=False):
    data: _Best


class _AnyLine(msgspec.Struct, gc=False):
    stream: str | None = None
    lastUpdateId: int | None = None


_decode_depth = msgspec.json.Decoder(_DepthLine).decode
_decode_trade = msgspec.json.Decoder(_TradeLine).decode
_decode_best = msgspec.json.Decoder(_BestLine).decode
_decode_snapshot = msgspec.json.Decoder(_Snapshot).decode
_decode_any = msgspec.json.Decoder(_AnyLine).decode


class _UnexpectedError(Exception):
    """What was expected, what was found; the reader adds the place."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


class _Steps:
    """Decimal texts to whole steps of `size`, memoised in `known`.

    Callers look a text up in `known` themselves and ask `count` where it is missing; the memo
    is a plain dict, for a look-up in one is twice as fast as in a subclass with __missing__.
    """

    def __init__(self, size: Decimal, expected: str, *, exact: bool) -> None:
        self.known: dict[str, int] = {}
        self._size = size
        # Most steps are a power of ten: multiplying by ten thousand is five times as fast as
        # dividing by 0.0001, and as exact.
        inverse = 1 / size
        self._per_unit = inverse if inverse == inverse.to_integral_value() else None
        self._expected = expected
        self._exact = exact

    def count(self, text: str) -> int:
        try:
            value = Decimal(text)
            count = value / self._size if self._per_unit is None else value * self._per_unit
            whole = int(count)
        except (InvalidOperation, ValueError, OverflowError):
            raise _UnexpectedError(self._expected, f'"{_short(text)}"') from None
        if count < 0 or (self._exact and whole != count):
            raise _UnexpectedError(self._expected, f'"{_short(text)}"')
        if len(self.known) >= MEMO_ENTRIES_MAX:
            self.known.clear()
        self.known[text] = whole
        return whole


class Capture:
    """The messages of one symbol, from one or several files read as one stream."""

    def __init__(self, paths: Sequence[Path], instrument: Instrument) -> None:
        """Nothing is read yet.

        A price off the tick is an error: it says that the file is of another instrument. A
        quantity off the lot is cut down to whole lots, for real books hold a few old orders
        with finer quantities, and no client can trade the dust; what is under one lot counts
        as nothing.
        """
        self.paths = tuple(paths)
        self.instrument = instrument
        self.venue_symbol = f"{instrument.base}{instrument.quote}"
        self._prices = _Steps(
            instrument.tick_size,
            f"a price in ticks of {instrument.tick_size:f}",
            exact=True,
        )
        self._quantities = _Steps(instrument.lot_size, "a quantity", exact=False)
        self._prefix = f'{{"stream":"{self.venue_symbol.lower()}@'.encode()

    def messages(self, *, with_best: bool = False) -> Iterator[Message]:
        """Snapshots, depth updates and trades in the order of the files.

        Raises RecordingError where a file cannot be read.
        """
        passed_over = () if with_best else (self._prefix + b"bookTicker",)
        for path in self.paths:
            number = 0
            try:
                for line in _lines(path):
                    number += 1
                    if line.startswith(passed_over, RECEIVE_TIME_BYTES):
                        continue
                    message = self._message(line)
                    if message is not None:
                        yield message
            except _UnexpectedError as error:
                where = f"{path}, line {number}"
                raise RecordingError(
                    f"{where}: expected {error.expected}, found {error.found}"
                ) from error
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise RecordingError(
                    f"{path}, line {number}: expected a message of Binance's public streams, "
                    f"found {_reason(error)}"
                ) from error
            except (EOFError, OSError, zlib.error) as error:
                raise _unreadable(path, number, error) from error

    def _message(self, line: bytes) -> Message | None:
        start = line.find(b" ") + 1
        if line.startswith(self._prefix, start):
            kind = start + len(self._prefix)
            if line.startswith(b"trade", kind):
                return self._trade(line[start:])
            if line.startswith(b"depth", kind):
                return self._depth(line[start:])
        return self._other(line, start)

    def _other(self, line: bytes, start: int) -> Message | None:
        """A snapshot, a stream that is passed over, or a line that does not belong here."""
        if not line[:start].strip().isdigit():
            raise _UnexpectedError("<receive time in ns> <JSON>", _quoted(line))
        text = line[start:]
        head = _decode_any(text)
        if head.lastUpdateId is not None:
            return self._snapshot(text)
        if head.stream is None:
            raise _UnexpectedError('an object with "stream" or "lastUpdateId"', _quoted(text))
        symbol, _, channel = head.stream.partition("@")
        if symbol.upper() != self.venue_symbol:
            raise _UnexpectedError(f"streams of {self.venue_symbol}", f'"{_short(head.stream)}"')
        if channel == "trade":
            return self._trade(text)
        if channel == "bookTicker":
            return self._best(text)
        return self._depth(text) if channel.startswith("depth") else None

    def _depth(self, text: bytes) -> DepthMessage:
        data = _decode_depth(text).data
        self._check_symbol(data.s)
        if self.instrument.is_perp and data.pu is None:
            raise _UnexpectedError("a futures depth message with pu", "one without (spot)")
        return DepthMessage(
            first_id=data.first_id,
            last_id=data.u,
            previous_id=data.pu,
            time_ms=data.T or data.E,
            bids=self._levels(data.b),
            asks=self._levels(data.a),
        )

    def _trade(self, text: bytes) -> MarketTrade | None:
        data = _decode_trade(text).data
        self._check_symbol(data.s)
        lots = self._lots(data.q)
        if data.X != BOOK_TRADE or not lots:
            return None
        return MarketTrade(
            sym=self.instrument.book_sym,
            time_ms=data.T,
            trade_id=data.t,
            price_ticks=self._ticks(data.p),
            quantity_lots=lots,
            buyer_is_maker=data.m,
        )

    def _best(self, text: bytes) -> BestMessage:
        data = _decode_best(text).data
        return BestMessage(
            update_id=data.u,
            bid=(self._ticks(data.b), self._lots(data.B)),
            ask=(self._ticks(data.a), self._lots(data.A)),
        )

    def _snapshot(self, text: bytes) -> SnapshotMessage:
        data = _decode_snapshot(text)
        return SnapshotMessage(
            update_id=data.lastUpdateId,
            time_ms=data.T,
            bids=self._levels(data.bids),
            asks=self._levels(data.asks),
        )

    def _levels(self, rows: _Rows) -> list[tuple[int, int]]:
        ticks = self._prices.known
        lots = self._quantities.known
        levels: list[tuple[int, int]] = []
        for price, quantity in rows:
            try:
                levels.append((ticks[price], lots[quantity]))
            except KeyError:
                levels.append((self._ticks(price), self._lots(quantity)))
        return levels

    def _ticks(self, price: str) -> int:
        ticks = self._prices.known.get(price)
        return self._prices.count(price) if ticks is None else ticks

    def _lots(self, quantity: str) -> int:
        lots = self._quantities.known.get(quantity)
        return self._quantities.count(quantity) if lots is None else lots

    def _check_symbol(self, symbol: str) -> None:
        if symbol != self.venue_symbol:
            raise _UnexpectedError(f"messages of {self.venue_symbol}", f'"{_short(symbol)}"')


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a gzip file without their ends; the last one may lack its newline."""
    rest = b""
    with gzip.open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            lines = chunk.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop()
            if len(rest) > LINE_BYTES_MAX:
                raise _UnexpectedError("lines", f"{len(rest)} bytes without a line end")
            yield from lines
    if rest:
        yield rest


def _unreadable(path: Path, number: int, error: Exception) -> RecordingError:
    if isinstance(error, FileNotFoundError):
        return RecordingError(f"{path}: expected a gzip file, found no file")
    if isinstance(error, gzip.BadGzipFile) and "Not a gzipped file" in str(error) and not number:
        return RecordingError(f"{path}: expected a gzip file, found another kind of file")
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        return RecordingError(f"{path}: expected a readable file, found: {error.strerror}")
    return RecordingError(
        f"{path}, after line {number}: expected gzip data to the file's end, "
        f"found it {'cut off' if isinstance(error, EOFError) else 'damaged'}"
    )


def _reason(error: Exception) -> str:
    """The decoder's own words as the end of a sentence."""
    text = str(error)
    return text[:1].lower() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT_MAX else text[:SHOWN_TEXT_MAX] + "..."


def _quoted(line: bytes) -> str:
    """The beginning of a line, made safe to print on one line."""
    return ascii(_short(line.decode("utf-8", "replace")))
