"""Planted bugs that clients would see are found by the simulator."""

import pytest

from tests.simulation.bugs import SEEN_BY_CLIENTS, Bug, hunt


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", SEEN_BY_CLIENTS, ids=lambda bug: bug.name)
def test_a_bug_that_clients_see_is_found(bug: Bug) -> None:
    outcome = hunt(bug)
    assert outcome.check in bug.checks, f"{outcome.check}: {outcome.found}"
