"""Planted bugs of durability and of replay are found by the simulator."""

import pytest

from tests.simulation.bugs import OF_THE_DISK, Bug, hunt


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", OF_THE_DISK, ids=lambda bug: bug.name)
def test_a_bug_of_the_disk_is_found(bug: Bug) -> None:
    outcome = hunt(bug)
    assert outcome.check in bug.checks, f"{outcome.check}: {outcome.found}"
