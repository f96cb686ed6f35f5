"""What clients ask for of algo orders."""

from decimal import Decimal

import msgspec

from openprime.desk.algo_state import Trigger
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    AlgoType,
    ConditionType,
    Exchange,
    PositionSide,
    Side,
    TriggerLeg,
)


class PlaceAlgoOrder(msgspec.Struct, frozen=True, tag=True):
    """An algo order. Unused quantities and prices are 0, unused times too; times are in ms."""

    portfolio_id: int
    sym: str
    algo_type: AlgoType
    provider: str
    side: Side | None
    quantity: Decimal = ZERO
    limit_price: Decimal = ZERO
    client_order_id: str = ""
    reduce_only: bool = False
    position_side: PositionSide | None = None
    condition: ConditionType | None = None
    triggers: dict[TriggerLeg, Trigger] = {}
    start_ms: int = 0
    end_ms: int = 0
    interval_ms: int = 0


class ReplaceAlgoOrder(msgspec.Struct, frozen=True, tag=True):
    """New quantity or new triggers of a TPSL that waits; what is None or not named stays."""

    portfolio_id: int
    algo_order_id: int | None
    client_order_id: str
    quantity: Decimal | None
    triggers: dict[TriggerLeg, Trigger]


class CancelAlgoOrder(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    algo_order_id: int | None
    client_order_id: str


class CancelAlgoOrders(msgspec.Struct, frozen=True, tag=True):
    """Cancel the portfolio's algo orders that are of all that is named."""

    portfolio_id: int
    exchange: Exchange | None
    sym: str | None
    business: str | None
    algo_type: AlgoType | None
    condition: ConditionType | None


AlgoCommand = PlaceAlgoOrder | ReplaceAlgoOrder | CancelAlgoOrder | CancelAlgoOrders
