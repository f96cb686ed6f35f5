"""For how long the clients' own order ids are remembered, and how many of them."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.algo_state import Trigger
from openprime.desk.settings import DeskSettings
from openprime.model.venue import Cancelled
from openprime.model.vocabulary import (
    AlgoType,
    ConditionType,
    Side,
    TriggerLeg,
    WatchedPrice,
)
from tests.desk.kit import BTC_PERP, DeskKit

DAY_MS = 24 * 3_600_000


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.mark(BTC_PERP, 60000)
    return desk


def use(kit: DeskKit, name: str) -> None:
    """Place an order of a name and end it."""
    order = kit.rest(BTC_PERP, "BUY", "0.01", 59000, client_order_id=name)
    kit.report(Cancelled(order.order_id, requested=False))


def test_names_are_forgotten_when_their_time_is_over(kit: DeskKit) -> None:
    use(kit, "early")
    kit.now_ms += 3 * DAY_MS
    use(kit, "late")
    kit.now_ms += 5 * DAY_MS
    kit.mark(BTC_PERP, 60001)
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    assert list(portfolio.blocked_until_ms) == list(portfolio.client_order_ids) == ["late"]


def test_of_too_many_names_the_oldest_are_forgotten() -> None:
    kit = DeskKit(DeskSettings(client_order_ids_kept_max=2))
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    for name in ("a", "b", "c", "d"):
        use(kit, name)
    kit.now_ms += 60_000
    kit.mark(BTC_PERP, 60001)
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    assert list(portfolio.client_order_ids) == ["c", "d"]
    assert kit.code(kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="d")) == 401009
    assert kit.place(BTC_PERP, "BUY", "0.01", 59000, client_order_id="a").refusal is None


def test_the_names_of_algo_orders_are_forgotten_too(kit: DeskKit) -> None:
    triggers = {TriggerLeg.CONDITIONAL: Trigger(D(70000), WatchedPrice.MARK_PRICE, D(0))}
    ask = c.PlaceAlgoOrder(
        kit.portfolio_id, BTC_PERP, AlgoType.TPSL, "ABEX", Side.BUY, D("0.1"),
        client_order_id="mine", condition=ConditionType.CONDITIONAL, triggers=triggers,
    )  # fmt: skip
    for _ in range(2):
        assert kit.do(ask).refusal is None
        kit.do(c.CancelAlgoOrder(kit.portfolio_id, None, "mine"))
        assert kit.code(kit.do(ask)) == 406010
        kit.now_ms += 8 * DAY_MS
        kit.mark(BTC_PERP, 60000)
    portfolio = kit.desk.state.portfolios[kit.portfolio_id]
    assert portfolio.algo_client_ids == portfolio.algo_ids_blocked_until_ms == {}
