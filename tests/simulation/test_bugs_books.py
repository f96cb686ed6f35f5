"""Planted bugs in the books are found by the simulator."""

import pytest

from tests.simulation.bugs import OF_THE_BOOKS, Bug, hunt


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", OF_THE_BOOKS, ids=lambda bug: bug.name)
def test_a_bug_in_the_books_is_found(bug: Bug) -> None:
    outcome = hunt(bug)
    assert outcome.check in bug.checks, f"{outcome.check}: {outcome.found}"
