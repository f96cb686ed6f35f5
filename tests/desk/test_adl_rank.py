"""Who would be deleveraged sooner, as it is shown: one of five parts of the side in profit."""

from openprime.desk import commands as c
from openprime.desk.deleveraging import adl_rank, adl_score
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import OrderAction
from tests.desk.kit import BTC_PERP, DeskKit
from tests.desk.test_ladder import example_g, marked
from tests.desk.test_liquidation import account_of, agenda, counterparty

ETH_PERP = "BINANCE_PERP_ETH_USDT"


def test_the_side_in_profit_is_split_in_five() -> None:
    kit = DeskKit()
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", 100_000)
    mine = kit.hold(BTC_PERP, 1, 59000)
    richer = [counterparty(kit, 200_000 + 1000 * n, 1, 59000) for n in range(4)]
    at_a_loss = counterparty(kit, 100_000, 1, 61000)
    other_side = counterparty(kit, 100_000, -1, 61000)
    turn = kit.desk.turn
    assert adl_rank(turn, kit.account(), mine) == 5
    assert [adl_rank(turn, account_of(kit, each), each) for each in richer] == [4, 3, 2, 1]
    assert adl_rank(turn, account_of(kit, at_a_loss), at_a_loss) == 1
    assert adl_rank(turn, account_of(kit, other_side), other_side) == 5


def test_who_is_worth_nothing_has_no_score() -> None:
    kit = DeskKit()
    kit.mark(BTC_PERP, 60000)
    kit.cash("USDT", -5_000)
    position = kit.hold(BTC_PERP, 1, 59000)
    assert adl_score(kit.desk.turn, kit.account(), position) == 0


def test_only_orders_of_the_symbol_that_still_work_are_asked_to_end() -> None:
    settings = DeskSettings(broker_max_leverage=0, house_max_notional=0)  # type: ignore[arg-type]
    kit = example_g(settings=settings)
    kit.mark(ETH_PERP, 2600)
    winner = counterparty(kit, 500_000, -5, 60000)
    own, kit.portfolio_id = kit.portfolio_id, winner.portfolio_id
    ending, working = (kit.rest(BTC_PERP, "SELL", "0.1", price) for price in (61000, 62000))
    elsewhere = kit.rest(ETH_PERP, "BUY", 1, 2500)
    kit.do(c.CancelOrder(kit.portfolio_id, ending.order_id, ""))
    kit.portfolio_id = own
    marked(kit, "57751.2")
    asked = [request.order_id for request in agenda(kit).requests]
    assert asked == [working.order_id]
    assert elsewhere.action is not OrderAction.CANCEL_PENDING
