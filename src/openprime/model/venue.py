"""What the desk and a trading venue say to each other, and nothing else.

The desk speaks in requests, a venue in reports; both count in ticks and lots of the instrument.
A request is told by order id, so telling it twice is harmless: a venue that already knows the
order answers with its present state.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.model.vocabulary import Liquidity, OrderType, Side, TimeInForce


class NewOrder(msgspec.Struct, frozen=True, tag=True):
    """Ask the venue to work an order.

    `price_ticks` is the limit; for a MARKET order the furthest price it may walk to.
    `quantity_lots` is what is left to fill. A market buy by amount has `quantity_lots` 0 and
    `quote_budget`, the quote coin that may be spent before fees.
    `owner` is the portfolio: orders of one owner never trade with each other.
    `resumed` says that the order was resting before a restart: it is no taker and may not be
    refused for crossing. `executed_lots` is what it filled before: replacements count in totals.
    """

    order_id: int
    sym: str
    owner: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: int
    quantity_lots: int
    quote_budget: Decimal | None = None
    resumed: bool = False
    executed_lots: int = 0


class CancelOrder(msgspec.Struct, frozen=True, tag=True):
    order_id: int
    sym: str


class ReplaceOrder(msgspec.Struct, frozen=True, tag=True):
    """Change price and total quantity. `quantity_lots` is the new total, fills included."""

    order_id: int
    sym: str
    price_ticks: int
    quantity_lots: int


VenueRequest = NewOrder | CancelOrder | ReplaceOrder


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """The order is at the venue. It rests, unless fills or an end follow."""

    order_id: int


class Filled(msgspec.Struct, frozen=True, tag=True):
    """A trade of the order. `done` is true where the venue holds nothing more of it."""

    order_id: int
    trade_id: int
    price_ticks: int
    quantity_lots: int
    liquidity: Liquidity
    done: bool


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    """The order ended with a remainder. `requested` where a cancel request asked for it."""

    order_id: int
    requested: bool
    reason: str = ""


class Rejected(msgspec.Struct, frozen=True, tag=True):
    """The venue refused the order; `code` is a catalogue code (401052, 400010)."""

    order_id: int
    code: int


class Replaced(msgspec.Struct, frozen=True, tag=True):
    """The change is done; price and total as they now stand."""

    order_id: int
    price_ticks: int
    quantity_lots: int


class CancelRefused(msgspec.Struct, frozen=True, tag=True):
    """The venue does not hold the order (it was filled or ended)."""

    order_id: int
    code: int


class ReplaceRefused(msgspec.Struct, frozen=True, tag=True):
    """The change was refused; the order stands as it was."""

    order_id: int
    code: int


class ReportFate(StrEnum):
    """What can become of a message of reports on its way from a venue: it may be lost, come late or
    twice, and its reports each twice, one by one, or in another order.
    """

    LOST = "lost"
    LATE = "late"
    DOUBLED = "doubled"
    REPEATED = "repeated"
    SPLIT = "split"
    REORDERED = "reordered"


VenueReport = Accepted | Filled | Cancelled | Rejected | Replaced | CancelRefused | ReplaceRefused
