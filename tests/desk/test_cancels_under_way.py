"""Orders that the broker wants gone: asked for once, and not again of a venue that refused."""

from decimal import Decimal as D

from openprime.desk import commands as c
from openprime.model.venue import CancelOrder as VenueCancel
from openprime.model.venue import CancelRefused
from openprime.model.vocabulary import OrderAction
from tests.desk.kit import BTC_PERP, DeskKit
from tests.desk.test_ladder import example_g, marked


def test_closing_a_portfolio_asks_for_the_end_of_what_is_not_ending_already() -> None:
    kit = DeskKit()
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    user_id = next(iter(kit.desk.state.users))
    second = kit.do(c.CreatePortfolio(user_id, "Second01")).reply
    assert isinstance(second, int)
    kit.do(c.Credit(second, kit.account().exchange, "USDT", D(100_000)))
    kit.portfolio_id = second
    ending, other = (kit.rest(BTC_PERP, "BUY", "0.01", price) for price in (59000, 58000))
    kit.do(c.CancelOrder(second, ending.order_id, ""))
    outcome = kit.do(c.ClosePortfolio(second, True))
    assert outcome.refusal is None
    assert outcome.requests == [VenueCancel(other.order_id, BTC_PERP)]


def test_the_ladder_asks_a_venue_once_that_refused_to_cancel() -> None:
    kit = example_g()
    order = kit.rest(BTC_PERP, "BUY", "0.5", 57000)
    outcome = marked(kit, "57797.6")
    assert outcome.requests == [VenueCancel(order.order_id, BTC_PERP)]
    kit.report(CancelRefused(order.order_id, 401019))
    assert order.action is OrderAction.CANCEL_FAILED
    assert marked(kit, "57797.5").requests == []
    assert order.order_id in kit.desk.state.orders
