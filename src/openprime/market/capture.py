"""Captures of Binance's public streams: from gzip lines to messages in ticks and lots.

A line is `<receive time, ns> <JSON>`, the JSON either a combined-stream envelope
`{"stream","data"}` or one REST depth snapshot. Of the streams, depth and trade are read,
bookTicker on request only, and any other stream of the symbol is passed over.

The file is read in pieces and each line's kind is told by its first bytes, so that a message
that is not wanted costs no JSON. Prices and quantities are decoded to floats in C, scaled, and
at once become whole ticks and lots. That is exact, not nearly so: ticks / ticks_per_unit is the
double nearest to the printed price if and only if the printed price is that many ticks. (A memo
from texts to counts was as fast on a quiet machine and slower on a busy one, Decimal four times
as slow.)
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from openprime.market.events import MarketTrade
from openprime.model.instrument import Instrument
from openprime.model.numbers import steps

CHUNK_BYTES = 1 << 20
# Nanoseconds since 1970 have 19 digits from 2001 to 2286, and a blank follows.
RECEIVE_TIME_BYTES = 20
LINE_BYTES_MAX = 1 << 26

# A product of doubles may fall short of the whole number it stands for by far less than this,
# as long as a quantity is under 10^12 lots.
LOTS_SLACK = 0.001
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

_Rows = list[tuple[float, float]]


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
    p: float
    q: float
    T: int
    m: bool
    X: str = BOOK_TRADE


class _Best(msgspec.Struct, gc=False):
    s: str
    u: int
    b: float
    B: float
    a: float
    A: float


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


# Not strict, since Binance prints its decimals as texts.
_decode_depth = msgspec.json.Decoder(_DepthLine, strict=False).decode
_decode_trade = msgspec.json.Decoder(_TradeLine, strict=False).decode
_decode_best = msgspec.json.Decoder(_BestLine, strict=False).decode
_decode_snapshot = msgspec.json.Decoder(_Snapshot, strict=False).decode
_decode_any = msgspec.json.Decoder(_AnyLine).decode


class _UnexpectedError(Exception):
    """What was expected, what was found; the reader adds the place."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found


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
        self._ticks_per_unit = float(1 / instrument.tick_size)
        self._lots_per_unit = float(1 / instrument.lot_size)
        self._prefix = f'{{"stream":"{self.venue_symbol.lower()}@'.encode()

    def messages(self, *, with_best: bool = False) -> Iterator[Message]:
        """Snapshots, depth updates and trades in the order of the files.

        Raises RecordingError where a file cannot be read.
        """
        passed_over = () if with_best else (self._prefix + b"bookTicker",)
        for path in self.paths:
            number = 0
            try:
                for lines in _pieces(path):
                    for line in lines:
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
        self._check_signs(text)
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
        self._check_signs(text)
        ((ticks, lots),) = self._levels([(data.p, data.q)])
        if data.X != BOOK_TRADE or not lots:
            return None
        return MarketTrade(self.instrument.book_sym, data.T, data.t, ticks, lots, data.m)

    def _best(self, text: bytes) -> BestMessage:
        data = _decode_best(text).data
        self._check_symbol(data.s)
        bid, ask = self._levels([(data.b, data.B), (data.a, data.A)])
        return BestMessage(data.u, bid, ask)

    def _snapshot(self, text: bytes) -> SnapshotMessage:
        data = _decode_snapshot(text)
        self._check_signs(text)
        return SnapshotMessage(
            update_id=data.lastUpdateId,
            time_ms=data.T,
            bids=self._levels(data.bids),
            asks=self._levels(data.asks),
        )

    def _levels(self, rows: _Rows) -> list[tuple[int, int]]:
        """Rows of (price, quantity) as (ticks, lots). The one inner loop of a replay."""
        ticks_per_unit = self._ticks_per_unit
        lots_per_unit = self._lots_per_unit
        levels: list[tuple[int, int]] = []
        for price, quantity in rows:
            ticks = round(price * ticks_per_unit)
            if ticks / ticks_per_unit != price:
                ticks = self._exact_ticks(price)
            levels.append((ticks, int(quantity * lots_per_unit + LOTS_SLACK)))
        return levels

    def _exact_ticks(self, price: float) -> int:
        """The slow way, for steps such as 5, whose inverse is no double, and for errors."""
        tick_size = self.instrument.tick_size
        ticks = steps(Decimal(repr(price)), tick_size)
        if ticks is None:
            raise _UnexpectedError(f"a price in ticks of {tick_size:f}", f'"{price!r}"')
        return ticks

    def _check_signs(self, text: bytes) -> None:
        if b'"-' in text:
            raise _UnexpectedError("prices and quantities of 0 or more", "a negative one")

    def _check_symbol(self, symbol: str) -> None:
        if symbol != self.venue_symbol:
            raise _UnexpectedError(f"messages of {self.venue_symbol}", f'"{_short(symbol)}"')


def _pieces(path: Path) -> Iterator[list[bytes]]:
    """The lines of a gzip file, many at a time; the last one may lack its newline."""
    rest = b""
    with gzip.open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            lines = chunk.split(b"\n")
            lines[0] = rest + lines[0]
            rest = lines.pop()
            if len(rest) > LINE_BYTES_MAX:
                raise _UnexpectedError("lines", f"{len(rest)} bytes without a line end")
            yield lines
    if rest:
        yield [rest]


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
