"""Algo orders as data: triggers to wait for, schedules to follow (rest-trading 7)."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    AlgoState,
    AlgoType,
    ConditionType,
    Exchange,
    PositionSide,
    Side,
    TriggerLeg,
    WatchedPrice,
)


class Trigger(msgspec.Struct, frozen=True):
    """A price to wait for, and the price of the order it sets off (0: a MARKET order)."""

    price: Decimal
    watched: WatchedPrice
    order_price: Decimal


class Attached(msgspec.Struct, frozen=True):
    """The take profit and the stop loss that an order brought along; at least one of them."""

    take_profit: Trigger | None
    stop_loss: Trigger | None


class Armed(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A trigger in wait. `key` sorts those of one list so that the first fires first: the price
    itself where it is waited for from below, its negative where from above.
    """

    key: Decimal
    algo_order_id: int
    leg: TriggerLeg


class Watch(msgspec.Struct):
    """Who waits for one price of one symbol: from below and from above, next to fire first."""

    rising: list[Armed] = []
    falling: list[Armed] = []


class Schedule(msgspec.Struct):
    """When a TWAP or VWAP trades, in ms: `next_ms` is the moment that is on the agenda.
    `volume_seen` is what of the symbol's volume was known at the slice before, `volume_begun` at
    the start.
    """

    start_ms: int
    end_ms: int
    interval_ms: int
    slices: int
    slices_left: int
    volume_begun: Decimal = ZERO
    volume_seen: Decimal = ZERO
    next_ms: int = 0


class SubOrder(msgspec.Struct, array_like=True):
    """What of an order that an algo set off is counted already; quantities as in the order."""

    quantity: Decimal
    executed_quantity: Decimal = ZERO
    executed_amount: Decimal = ZERO


class AlgoOrder(msgspec.Struct):
    """One algo order. `quantity` is 0 where all of a position is meant; `side` None until the
    position says it. `working` are its orders at the venue, `sub_order_ids` all that it ever had;
    `fired` is the trigger that was reached.
    """

    algo_order_id: int
    client_order_id: str
    portfolio_id: int
    exchange: Exchange
    sym: str
    algo_type: AlgoType
    provider: str
    condition: ConditionType | None
    side: Side | None
    position_side: PositionSide
    quantity: Decimal
    limit_price: Decimal
    reduce_only: bool
    created_at_ms: int
    updated_at_ms: int
    triggers: dict[TriggerLeg, Trigger] = {}
    schedule: Schedule | None = None
    attached_order_id: int = 0
    state: AlgoState = AlgoState.NEW
    reason: str = ""
    reason_code: int = 0
    executed_quantity: Decimal = ZERO
    executed_amount: Decimal = ZERO
    sub_order_ids: list[int] = []
    working: dict[int, SubOrder] = {}
    fired: TriggerLeg | None = None

    @property
    def remaining(self) -> Decimal:
        """What is neither filled nor at the venue."""
        at_work = sum(
            (sub.quantity - sub.executed_quantity for sub in self.working.values()), start=ZERO
        )
        return self.quantity - self.executed_quantity - at_work


def copy_of_algo(algo: AlgoOrder) -> AlgoOrder:
    """An algo order as it is now, apart from what becomes of it."""
    return _decode(_encode(algo))


_encode: Callable[[AlgoOrder], bytes] = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], AlgoOrder] = msgspec.msgpack.Decoder(AlgoOrder).decode
