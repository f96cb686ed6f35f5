"""Which algo order a client means, and which it may still change."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.outcome import Outcome
from openprime.desk.state import TaskKind
from openprime.desk.triggers import symbols_followed
from openprime.model.vocabulary import AlgoType
from tests.desk.algo_kit import CONDITIONAL, LAST, funded_kit, mark, placed, scheduled, trigger
from tests.desk.kit import BTC_PERP, DeskKit


@pytest.fixture
def kit() -> DeskKit:
    return funded_kit()


def cancel(kit: DeskKit, algo_order_id: int | None, name: str = "") -> Outcome:
    return kit.do(c.CancelAlgoOrder(kit.portfolio_id, algo_order_id, name))


def replace(kit: DeskKit, algo_order_id: int | None, name: str = "") -> Outcome:
    triggers = {CONDITIONAL: trigger(62000)}
    command = c.ReplaceAlgoOrder(kit.portfolio_id, algo_order_id, name, None, triggers)
    return kit.do(command)


def test_it_is_found_by_its_client_s_id_alone(kit: DeskKit) -> None:
    algo = placed(kit, client_order_id="mine")
    assert replace(kit, None, "mine").refusal is None
    assert algo.triggers[CONDITIONAL].price == D(62000)
    assert cancel(kit, None, "mine").refusal is None
    assert kit.desk.state.algos == {}


def test_both_ids_must_agree(kit: DeskKit) -> None:
    mine = placed(kit, client_order_id="mine")
    other = placed(kit)
    for ask in (cancel, replace):
        assert kit.code(ask(kit, other.algo_order_id, "mine")) == 401018
        assert kit.code(ask(kit, None, "nobody")) == 401018
    assert cancel(kit, mine.algo_order_id, "mine").refusal is None


def test_a_name_outlives_its_algo_order_which_has_ended(kit: DeskKit) -> None:
    placed(kit, client_order_id="mine")
    cancel(kit, None, "mine")
    assert kit.code(cancel(kit, None, "mine")) == 401117


def test_what_has_been_set_off_or_follows_a_clock_cannot_be_changed(kit: DeskKit) -> None:
    fired = placed(kit)
    mark(kit, 61000)
    assert kit.code(replace(kit, fired.algo_order_id)) == 401019
    clocked = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    assert kit.code(replace(kit, clocked.algo_order_id)) == 401019


def test_no_two_algo_orders_answer_to_one_id(kit: DeskKit) -> None:
    first = placed(kit)
    kit.now_ms += 1
    foreseen = str(first.algo_order_id + 3 * 10_000)
    named = placed(kit, client_order_id=foreseen)
    third = placed(kit)
    assert third.client_order_id == str(third.algo_order_id) != foreseen
    names = kit.desk.state.portfolios[kit.portfolio_id].algo_client_ids
    assert names[foreseen] == named.algo_order_id


def test_of_two_that_are_due_at_once_one_is_called_off_and_the_other_is_not(kit: DeskKit) -> None:
    first = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    kit.now_ms -= 1
    second = scheduled(kit, AlgoType.TWAP, "0.1", 3)
    cancel(kit, second.algo_order_id)
    due = [(task.kind, task.subject) for task in kit.desk.state.agenda]
    assert due == [(TaskKind.RUN_SLICE, first.algo_order_id)]


def test_volumes_are_kept_for_as_long_as_a_vwap_of_the_symbol_needs_them(kit: DeskKit) -> None:
    first = scheduled(kit, AlgoType.VWAP, "0.8", 4)
    second = scheduled(kit, AlgoType.VWAP, "0.8", 4)
    cancel(kit, first.algo_order_id)
    assert symbols_followed(kit.desk.state) == [BTC_PERP]
    cancel(kit, second.algo_order_id)
    assert symbols_followed(kit.desk.state) == []


def test_trades_are_followed_for_triggers_of_the_last_price_too(kit: DeskKit) -> None:
    placed(kit)
    assert symbols_followed(kit.desk.state) == []
    placed(kit, triggers={CONDITIONAL: trigger(61000, watched=LAST)})
    scheduled(kit, AlgoType.VWAP, "0.8", 4)
    assert symbols_followed(kit.desk.state) == [BTC_PERP]
