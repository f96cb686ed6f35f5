"""A desk for algo orders: asked for in a line, followed by what they set off."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from openprime.desk import commands as c
from openprime.desk.algo_state import AlgoOrder, Trigger
from openprime.desk.events import AlgoChanged, OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, TaskKind
from openprime.model.venue import Accepted
from openprime.model.vocabulary import (
    AlgoType,
    ConditionType,
    OrderState,
    Side,
    TriggerLeg,
    WatchedPrice,
)
from tests.desk.kit import BTC_PERP, DeskKit

MARK, LAST = WatchedPrice.MARK_PRICE, WatchedPrice.LAST_PRICE
CONDITIONAL, TAKE, STOP = TriggerLeg.CONDITIONAL, TriggerLeg.TAKE_PROFIT, TriggerLeg.STOP_LOSS


def funded_kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.index("BTC", 60000)
    desk.mark(BTC_PERP, 60000)
    return desk


def trigger(price: object, order_price: object = 0, watched: WatchedPrice = MARK) -> Trigger:
    return Trigger(D(str(price)), watched, D(str(order_price)))


def ask(kit: DeskKit, **changes: Any) -> Outcome:
    """Place a conditional buy of 0.1 BTC at 61,000, but for the changes."""
    asked: dict[str, Any] = {
        "portfolio_id": kit.portfolio_id,
        "sym": BTC_PERP,
        "algo_type": AlgoType.TPSL,
        "provider": "ABEX",
        "side": Side.BUY,
        "quantity": D("0.1"),
        "condition": ConditionType.CONDITIONAL,
        "triggers": {CONDITIONAL: trigger(61000)},
    }
    return kit.do(c.PlaceAlgoOrder(**(asked | changes)))


def placed(kit: DeskKit, **changes: Any) -> AlgoOrder:
    outcome = ask(kit, **changes)
    assert outcome.refusal is None, outcome.refusal
    assert isinstance(outcome.reply, AlgoOrder)
    return kit.desk.state.algos[outcome.reply.algo_order_id]


def sub_orders(outcome: Outcome) -> list[Order]:
    """The orders that algo orders set off, as first told."""
    told = [e.order for e in outcome.events if isinstance(e, OrderChanged)]
    new = [order for order in told if order.algo_order_id and order.state is OrderState.NEW]
    return list({order.order_id: order for order in reversed(new)}.values())[::-1]


def last_word(outcome: Outcome) -> AlgoOrder:
    return [e.algo for e in outcome.events if isinstance(e, AlgoChanged)][-1]


def mark(kit: DeskKit, price: object) -> Outcome:
    return kit.do(c.SetPrices({BTC_PERP: D(str(price))}, {}))


def run_to(kit: DeskKit, time_ms: int) -> Outcome:
    kit.now_ms = time_ms - 1
    return kit.do(c.RunAgenda())


def slices_due(kit: DeskKit) -> list[int]:
    """When slices are due, in ms."""
    agenda = kit.desk.state.agenda
    return [due.time_ms for due in agenda if due.kind is TaskKind.RUN_SLICE]


def scheduled(kit: DeskKit, kind: AlgoType, quantity: str, minutes: int) -> AlgoOrder:
    start_ms = kit.now_ms + 1
    return placed(
        kit, algo_type=kind, condition=None, triggers={}, quantity=D(quantity),
        start_ms=start_ms, end_ms=start_ms + minutes * 60_000, interval_ms=60_000,
    )  # fmt: skip


def fill_all(kit: DeskKit, order: Order) -> Outcome:
    kit.report(Accepted(order.order_id))
    return kit.fill(kit.desk.state.orders[order.order_id], 60000, order.quantity)
