"""What an order of a liquidation costs: once, when it is over, and never more than is left."""

from decimal import Decimal as D

from openprime.desk.events import LiquidationReduced, Statement
from openprime.desk.margin import totals
from openprime.desk.outcome import Outcome
from openprime.model.venue import Accepted
from openprime.model.vocabulary import StatementType
from tests.desk.kit import BTC_PERP, DeskKit
from tests.desk.test_ladder import example_g, marked


def charged(outcome: Outcome) -> list[D]:
    rows = [event for event in outcome.events if isinstance(event, Statement)]
    return [row.delta for row in rows if row.statement_type is StatementType.LIQUIDATION_FEE]


def liquidating() -> tuple[DeskKit, int]:
    """Example G with the order of its first stage at the venue; its id."""
    kit = example_g()
    marked(kit, "57762.8")
    (order_id,) = kit.desk.state.orders
    kit.report(Accepted(order_id))
    return kit, order_id


def test_a_stage_that_fills_in_two_counts_both() -> None:
    kit, order_id = liquidating()
    order = kit.desk.state.orders[order_id]
    first = kit.fill(order, "57762.8", "0.5", done=False)
    begun_ms = kit.now_ms
    second = kit.fill(order, "57762.8", "1.5")
    (told,) = [e.reduced for e in second.events if isinstance(e, LiquidationReduced)]
    assert told.quantity == 2
    assert (told.created_at_ms, told.updated_at_ms) == (begun_ms, kit.now_ms)
    assert told.trading_fee == round(2 * D("57762.8") * D("0.00035"), 8)
    # What is left to fill may need the margin: the fee is taken when the order is over, and then
    # it is what is left, for that is less than the rate asks.
    assert charged(first) == []
    (fee,) = charged(second)
    assert fee == -told.liquidation_fee
    rate = kit.desk.reference.instruments[BTC_PERP].liquidation_fee_rate
    assert -2 * D("57762.8") * rate < fee
    assert totals(kit.account()).valid < D("0.1"), "all but what USDT's discount hid"


def test_where_nothing_is_left_nothing_is_charged() -> None:
    kit, order_id = liquidating()
    outcome = kit.fill(kit.desk.state.orders[order_id], 57000, 2)
    assert charged(outcome) == []
    (told,) = [e.reduced for e in outcome.events if isinstance(e, LiquidationReduced)]
    assert told.liquidation_fee == 0
