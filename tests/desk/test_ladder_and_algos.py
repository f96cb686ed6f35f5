"""What the ladder does to algo orders: where every order goes, those of the exchange go too."""

from openprime.desk import commands as c
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import AlgoState, AlgoType, Exchange
from tests.desk.algo_kit import (
    CONDITIONAL,
    placed,
    run_to,
    scheduled,
    slices_due,
    sub_orders,
    trigger,
)
from tests.desk.kit import DeskKit
from tests.desk.test_ladder import example_g, marked

OKX_PERP = "OKX_PERP_BTC_USDT"


def test_those_of_the_exchange_end_and_what_is_ending_already_is_left_to_end() -> None:
    kit: DeskKit = example_g(settings=DeskSettings(broker_max_leverage=0))
    kit.mark(OKX_PERP, 60000)
    kit.cash("USDT", 100_000, Exchange.OKX)
    waiting = placed(kit, triggers={CONDITIONAL: trigger(70000)})
    elsewhere = placed(kit, sym=OKX_PERP, quantity=1, triggers={CONDITIONAL: trigger(70000)})
    working = scheduled(kit, AlgoType.TWAP, "0.004", 2)
    ending = scheduled(kit, AlgoType.TWAP, "0.004", 2)
    for _ in range(2):
        assert sub_orders(run_to(kit, slices_due(kit)[0]))
    kit.do(c.CancelAlgoOrder(kit.portfolio_id, ending.algo_order_id, ""))
    marked(kit, "57774.4")
    left = kit.desk.state.algos
    assert waiting.algo_order_id not in left
    assert left[elsewhere.algo_order_id].state is AlgoState.NEW
    assert left[working.algo_order_id].state is AlgoState.PENDING_CANCEL
    assert left[ending.algo_order_id].state is AlgoState.PENDING_CANCEL
