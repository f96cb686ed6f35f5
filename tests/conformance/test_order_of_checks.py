"""Requests that break two rules at once get the code of the one that is found first (errors 4).

The pairs are generated: every two breaches of a route's chain that can stand together.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openprime.errors import message
from tests.api.kit import Answer
from tests.conformance.chains import CHAINS, Breach, Chain
from tests.conformance.scene import SceneBroker
from tests.conformance.stage import Stage, sent, steps_of

PAIRS_AT_LEAST = 7000
PAIRS_OF_A_ROUTE_AT_LEAST = 70


@pytest.fixture(scope="module")
def broker() -> Iterator[SceneBroker]:
    made = SceneBroker()
    yield made
    made.close()


each_chain = pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)


def ask(stage: Stage, chain: Chain, *breaches: Breach) -> Answer:
    scene = stage.show(steps_of(chain, breaches))
    return scene.ask(chain.method, chain.path, sent(chain, *breaches))


def wrong(answer: Answer, expected: Breach, other: Breach | None) -> str:
    """What is wrong with an answer; nothing where it is the first breach's."""
    told = message(expected.code, expected.arguments)
    whole = {"code": expected.code, "message": told, "data": {}}
    if (answer.json, answer.status) == (whole, 200):
        return ""
    return f"{expected} with {other}: found {answer.json}"


@each_chain
def test_what_is_sound_is_taken(broker: SceneBroker, chain: Chain) -> None:
    with Stage(broker) as stage:
        assert ask(stage, chain).json["code"] in (200, 200000)


@each_chain
def test_each_breach_alone(broker: SceneBroker, chain: Chain) -> None:
    with Stage(broker) as stage:
        found = [wrong(ask(stage, chain, breach), breach, None) for breach in chain.breaches]
    assert list(filter(None, found)) == []


@each_chain
def test_the_first_of_two_breaches_wins(broker: SceneBroker, chain: Chain) -> None:
    pairs = sorted(chain.pairs(), key=lambda pair: [s.place for s in steps_of(chain, pair)])
    with Stage(broker) as stage:
        found = [wrong(ask(stage, chain, *pair), *pair) for pair in pairs]
    assert list(filter(None, found)) == []


def test_there_are_many_pairs() -> None:
    counts = {chain.name: len(list(chain.pairs())) for chain in CHAINS}
    assert sum(counts.values()) >= PAIRS_AT_LEAST, counts
    assert min(counts.values()) >= PAIRS_OF_A_ROUTE_AT_LEAST, counts
