"""The lines of a capture: as the venue prints them, and the messages that they become."""

import msgspec

from openprime.market.events import MarketTrade

# A futures trade that is not MARKET (INSURANCE_FUND, ADL) did not happen on the book.
BOOK_TRADE = "MARKET"


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

Levels = list[tuple[int, int]]
Rows = list[tuple[str, str]]


class Depth(msgspec.Struct, gc=False):
    s: str
    first_id: int = msgspec.field(name="U")
    u: int
    E: int
    b: Rows
    a: Rows
    T: int = 0
    pu: int | None = None


class ScaledDepth(msgspec.Struct, gc=False):
    s: str
    first_id: int = msgspec.field(name="U")
    u: int
    E: int
    b: Levels
    a: Levels
    T: int = 0
    pu: int | None = None


class Trade(msgspec.Struct, gc=False):
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool
    X: str = BOOK_TRADE


class Best(msgspec.Struct, gc=False):
    s: str
    u: int
    b: str
    B: str
    a: str
    A: str


class Snapshot(msgspec.Struct, gc=False):
    lastUpdateId: int
    bids: Rows
    asks: Rows
    T: int = 0


class DepthLine(msgspec.Struct, gc=False):
    data: Depth


class ScaledDepthLine(msgspec.Struct, gc=False):
    data: ScaledDepth


class TradeLine(msgspec.Struct, gc=False):
    data: Trade


class BestLine(msgspec.Struct, gc=False):
    data: Best


class AnyLine(msgspec.Struct, gc=False):
    stream: str | None = None
    lastUpdateId: int | None = None


decode_depth = msgspec.json.Decoder(DepthLine).decode
# Not strict: an int may be printed as a text, and as a decimal that is whole.
decode_scaled_depth = msgspec.json.Decoder(ScaledDepthLine, strict=False).decode
decode_trade = msgspec.json.Decoder(TradeLine).decode
decode_best = msgspec.json.Decoder(BestLine).decode
decode_snapshot = msgspec.json.Decoder(Snapshot).decode
decode_any = msgspec.json.Decoder(AnyLine).decode
