"""Frames of the market socket: encoded once, compressed once, sent to all.

A frame is asked for as text by some subscribers and as gzip bytes by the others. Both forms are
made when first asked for, so a symbol that is only read as text is never compressed.
"""

import zlib
from decimal import Decimal
from typing import Any

import msgspec

from openprime.api.sockets.outgoing import Outgoing
from openprime.model.instrument import Instrument

# Window and memory of the compressor: small, since a frame is, and setting it up is the cost.
GZIP_WINDOW_BITS = 16 + 12
GZIP_MEMORY_LEVEL = 5
GZIP_LEVEL = 1

_encode = msgspec.json.Encoder().encode


def gzip_bytes(data: bytes) -> bytes:
    """`data` as one gzip member."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL)
    return packer.compress(data) + packer.flush()


class Frame:
    """One frame to clients, as text and as gzip."""

    __slots__ = ("_binary", "_text", "body")

    def __init__(self, content: Any) -> None:
        self.body = _encode(content)
        self._text: Outgoing | None = None
        self._binary: Outgoing | None = None

    @property
    def text(self) -> Outgoing:
        if self._text is None:
            self._text = Outgoing(self.body)
        return self._text

    @property
    def binary(self) -> Outgoing:
        if self._binary is None:
            self._binary = Outgoing(gzip_bytes(self.body), binary=True)
        return self._binary


class StepText:
    """Prints whole steps (ticks, lots) as plain decimals without trailing zeros, and fast.

    The same texts as `numbers.text(step * count)`, from integers alone: books are printed by the
    hundred levels, four times a second.
    """

    __slots__ = ("_multiplier", "_places", "_seen")

    # So many distinct prices are remembered; beyond that the memory starts anew.
    SEEN_MAX = 20_000

    def __init__(self, step: Decimal) -> None:
        _sign, digits, exponent = step.normalize().as_tuple()
        if not isinstance(exponent, int):
            raise ValueError(f"expected a finite step, was {step}")
        self._places = max(-exponent, 0)
        self._multiplier = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
        self._seen: dict[int, str] = {}

    def __call__(self, count: int) -> str:
        """The text of `count` steps; `count` is at or above 0."""
        seen = self._seen.get(count)
        if seen is None:
            if len(self._seen) >= self.SEEN_MAX:
                self._seen.clear()
            seen = self._seen[count] = self._print(count * self._multiplier)
        return seen

    def _print(self, units: int) -> str:
        if not self._places:
            return str(units)
        digits = str(units).rjust(self._places + 1, "0")
        whole, part = digits[: -self._places], digits[-self._places :].rstrip("0")
        return f"{whole}.{part}" if part else whole


class Printer:
    """How one instrument's prices and quantities are printed."""

    __slots__ = ("price", "quantity")

    def __init__(self, instrument: Instrument) -> None:
        self.price = StepText(instrument.tick_size)
        self.quantity = StepText(instrument.lot_size)

    def levels(self, levels: list[tuple[int, int]]) -> list[tuple[str, str]]:
        """Book levels as (price, quantity) texts."""
        price, quantity = self.price, self.quantity
        return [(price(ticks), quantity(lots)) for ticks, lots in levels]
