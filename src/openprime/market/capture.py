"""Captures of Binance's public streams: from gzip lines to messages in ticks and lots.

A line is `<receive time, ns> <JSON>`, the JSON either a combined-stream envelope
`{"stream","data"}` or one REST depth snapshot. Of the streams, depth and trade are read,
bookTicker on request only, and any other stream of the symbol is passed over.

The file is read in pieces and each line's kind is told by its first bytes, so that a message
that is not wanted costs no JSON. Nearly all of the rest is depth levels, and those are scaled
before they are decoded: with an exponent put behind each number ("0.014" becomes "0.014e3") the
decoder itself makes whole ticks and lots of them, and refuses what is not whole. A message that
it refuses, or whose text is not laid out as expected, goes the slow way, through Decimal; it is
the slow way that says what is wrong.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

import msgspec

from openprime.market.capture_lines import (
    BOOK_TRADE,
    BestMessage,
    Depth,
    DepthMessage,
    Levels,
    Message,
    Rows,
    ScaledDepth,
    SnapshotMessage,
    decode_any,
    decode_best,
    decode_depth,
    decode_scaled_depth,
    decode_snapshot,
    decode_trade,
)
from openprime.market.events import MarketTrade
from openprime.model.instrument import Instrument

CHUNK_BYTES = 1 << 20
# Nanoseconds since 1970 have 19 digits from 2001 to 2286, and a blank follows.
RECEIVE_TIME_BYTES = 20
LINE_BYTES_MAX = 1 << 26

NUMBERS_REMEMBERED_MAX = 1 << 16

# How often `","` stands in a depth message beside its levels: after stream, event and symbol.
TEXT_ENDS = 3

SHOWN_TEXT_MAX = 60


class RecordingError(Exception):
    """A recording that cannot be played. The text is one line: where, expected, found."""


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
        self._ticks = _counter(instrument.tick_size, "a price", exact=True)
        self._lots = _counter(instrument.lot_size, "a quantity", exact=False)
        self._tick_exponent = _exponent(instrument.tick_size)
        self._lot_exponent = _exponent(instrument.lot_size)
        self._scaled_symbol = self.venue_symbol + (self._tick_exponent or b"").decode()
        self._prefix = f'{{"stream":"{self.venue_symbol.lower()}@'.encode()

    def messages(self, *, with_best: bool = False) -> Iterator[Message]:
        """Snapshots, depth updates and trades in the order of the files.

        Raises RecordingError where a file cannot be read.
        """
        passed_over = () if with_best else (self._prefix + b"bookTicker",)
        trade, depth = self._prefix + b"trade", self._prefix + b"depth"
        for path in self.paths:
            before = 0
            lines: list[bytes] = []
            line = b""
            try:
                for lines in _pieces(path):
                    for line in lines:
                        if line.startswith(passed_over, RECEIVE_TIME_BYTES):
                            continue
                        message: Message | None
                        if line.startswith(trade, RECEIVE_TIME_BYTES):
                            message = self._trade(line[RECEIVE_TIME_BYTES:])
                        elif line.startswith(depth, RECEIVE_TIME_BYTES):
                            message = self._depth(line[RECEIVE_TIME_BYTES:])
                        else:
                            message = self._other(line)
                        if message is not None:
                            yield message
                    before += len(lines)
                    lines = []
            except _UnexpectedError as error:
                where = f"{path}, line {_number(before, lines, line)}"
                raise RecordingError(
                    f"{where}: expected {error.expected}, found {error.found}"
                ) from error
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                where = f"{path}, line {_number(before, lines, line)}"
                raise RecordingError(
                    f"{where}: expected a message of Binance's public streams, "
                    f"found {_reason(error)}"
                ) from error
            except (EOFError, OSError, zlib.error) as error:
                raise _unreadable(path, before, error) from error

    def _other(self, line: bytes) -> Message | None:
        """A snapshot, a stream that is passed over, or a line that does not belong here."""
        start = line.find(b" ") + 1
        if not line[:start].strip().isdigit():
            raise _UnexpectedError("<receive time in ns> <JSON>", _quoted(line))
        text = line[start:]
        head = decode_any(text)
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
        scaled = self._scaled(text)
        if scaled is not None:
            return self._depth_message(scaled, scaled.b, scaled.a)
        data = decode_depth(text).data
        self._check_symbol(data.s)
        return self._depth_message(data, self._levels(data.b), self._levels(data.a))

    def _depth_message(self, data: Depth | ScaledDepth, bids: Levels, asks: Levels) -> DepthMessage:
        if self.instrument.is_perp and data.pu is None:
            raise _UnexpectedError("a futures depth message with pu", "one without (spot)")
        return DepthMessage(data.first_id, data.u, data.pu, data.T or data.E, bids, asks)

    def _scaled(self, text: bytes) -> ScaledDepth | None:
        """A depth message decoded straight to ticks and lots, or None where that fails."""
        if self._tick_exponent is None or self._lot_exponent is None or b'"-' in text:
            return None
        scaled = text.replace(b'","', self._tick_exponent + b'","')
        scaled = scaled.replace(b'"]', self._lot_exponent + b'"]')
        try:
            data = decode_scaled_depth(scaled).data
        except msgspec.ValidationError:
            return None
        # Every level must have got both exponents, and the texts one each, or this text is
        # laid out in another way than the replacements above suppose.
        levels = len(data.b) + len(data.a)
        added = len(self._tick_exponent) * (levels + TEXT_ENDS) + len(self._lot_exponent) * levels
        if len(scaled) - len(text) != added or data.s != self._scaled_symbol:
            return None
        return data

    def _trade(self, text: bytes) -> MarketTrade | None:
        data = decode_trade(text).data
        if data.s != self.venue_symbol:
            self._check_symbol(data.s)
        ticks = self._ticks(data.p)
        lots = self._lots(data.q)
        if data.X != BOOK_TRADE or not lots:
            return None
        return MarketTrade(self.instrument.book_sym, data.T, data.t, ticks, lots, data.m)

    def _best(self, text: bytes) -> BestMessage:
        data = decode_best(text).data
        self._check_symbol(data.s)
        bid, ask = self._levels([(data.b, data.B), (data.a, data.A)])
        return BestMessage(data.u, bid, ask)

    def _snapshot(self, text: bytes) -> SnapshotMessage:
        data = decode_snapshot(text)
        return SnapshotMessage(
            data.lastUpdateId, data.T, self._levels(data.bids), self._levels(data.asks)
        )

    def _levels(self, rows: Rows) -> Levels:
        return [(self._ticks(price), self._lots(quantity)) for price, quantity in rows]

    def _check_symbol(self, symbol: str) -> None:
        if symbol != self.venue_symbol:
            raise _UnexpectedError(f"messages of {self.venue_symbol}", f'"{_short(symbol)}"')


def _counter(size: Decimal, what: str, *, exact: bool) -> Callable[[str], int]:
    """The function from a printed number to how many whole steps of `size` it is."""
    expected = f"{what} in ticks of {size:f}" if exact else what

    @lru_cache(NUMBERS_REMEMBERED_MAX)
    def count(text: str) -> int:
        try:
            steps = Decimal(text) / size
            whole = int(steps)
        except (InvalidOperation, ValueError, OverflowError):
            raise _UnexpectedError(expected, f'"{_short(text)}"') from None
        if steps < 0 or (exact and whole != steps):
            raise _UnexpectedError(expected, f'"{_short(text)}"')
        return whole

    return count


def _exponent(size: Decimal) -> bytes | None:
    """What makes a printed number one of steps: b"e3" for 0.001; None for sizes such as 0.5."""
    normal = size.normalize()
    if normal.as_tuple().digits != (1,):
        return None
    return f"e{-int(normal.as_tuple().exponent)}".encode()


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


def _number(before: int, lines: list[bytes], line: bytes) -> int:
    """The number of a line that cannot be read; an equal one before it would have been told."""
    return before + lines.index(line) + 1 if line in lines else before


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
