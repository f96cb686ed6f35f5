"""Planted bugs of the sockets' lines are found by the simulator."""

import pytest

from tests.simulation.bugs import Bug, hunt
from tests.simulation.bugs.lines import ON_THE_LINE


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", ON_THE_LINE, ids=lambda bug: bug.name)
def test_a_bug_of_the_lines_is_found(bug: Bug) -> None:
    outcome = hunt(bug)
    assert outcome.check in bug.checks, f"{outcome.check}: {outcome.found}"
