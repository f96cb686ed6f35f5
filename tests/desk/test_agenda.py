"""What is due is done in turn, so much by one command and the rest by the next."""

import pytest

from openprime.desk import commands as c
from openprime.model.vocabulary import AlgoType
from tests.desk.algo_kit import funded_kit, scheduled, slices_due, sub_orders


def test_one_command_does_so_many_tasks_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openprime.desk.tasks.TASKS_MAX", 2)
    kit = funded_kit()
    algo = scheduled(kit, AlgoType.TWAP, "0.1", 5)
    assert algo.schedule is not None
    kit.now_ms = algo.schedule.start_ms + 4 * 60_000
    found = []
    while slices_due(kit)[0] <= kit.now_ms + 1:
        found.append([order.created_at_ms for order in sub_orders(kit.do(c.RunAgenda()))])
    begin_ms = algo.schedule.start_ms
    times = [begin_ms + n * 60_000 for n in range(5)]
    assert found == [times[:2], times[2:4], times[4:]]
