"""What a feed says of a market, in ticks and lots of the instrument whose book it is."""

import msgspec


class DepthSnapshot(msgspec.Struct, frozen=True):
    """The whole displayed book. Levels are (price_ticks, quantity_lots), best first."""

    sym: str
    time_ms: int
    update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class DepthChange(msgspec.Struct, frozen=True):
    """New quantities of some levels; 0 lots removes a level.

    `update_id` is the id of the book after the change. A feed hands out changes in order and
    without gaps; after a gap of its source it says a DepthSnapshot first.
    """

    sym: str
    time_ms: int
    update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class MarketTrade(msgspec.Struct, frozen=True):
    """A trade of the market. `buyer_is_maker`: a seller hit a resting bid."""

    sym: str
    time_ms: int
    trade_id: int
    price_ticks: int
    quantity_lots: int
    buyer_is_maker: bool


MarketEvent = DepthSnapshot | DepthChange | MarketTrade
