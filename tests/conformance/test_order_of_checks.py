"""Requests that break two rules at once get the code of the one that is found first (errors 4).

The pairs are generated: every two breaches of a route's chain that can stand together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from openprime.errors import message
from tests.api.kit import NOW_MS, Answer
from tests.conformance import steps
from tests.conformance.chains import CHAINS, Breach, Chain
from tests.conformance.scene import Scene, SceneBroker, Step

PAIRS_AT_LEAST = 3000
PAIRS_OF_A_ROUTE_AT_LEAST = 30
HOUR_MS = 3_600_000
TIMES = {"further": -2, "past": -1, "soon": 1, "later": 2}
COSTLY = ("working", "position")


@pytest.fixture(scope="module")
def broker() -> Iterator[SceneBroker]:
    made = SceneBroker()
    yield made
    made.close()


each_chain = pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)


def steps_of(chain: Chain, breaches: Iterable[Breach]) -> tuple[Step, ...]:
    """The state that breaches need, else the chain's own; who has no money has no orders."""
    asked = {step.facet: step for breach in breaches for step in breach.steps}
    own = {step.facet: step for step in chain.steps}
    if asked.get("funds") is steps.unfunded:
        own = {facet: step for facet, step in own.items() if facet not in COSTLY}
    wanted = {"funds": steps.rich} | own | asked
    return tuple(sorted(wanted.values(), key=lambda step: step.place))


class Stage:
    """The scene that is on: made anew only where another state is wanted, for what is refused
    changes nothing.
    """

    def __init__(self, broker: SceneBroker) -> None:
        self._broker = broker
        self._steps: tuple[Step, ...] | None = None
        self.scene: Scene | None = None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *failure: object) -> None:
        self.clear()

    def show(self, wanted: tuple[Step, ...]) -> Scene:
        if self.scene is None or wanted != self._steps:
            self.clear()
            self.scene, self._steps = Scene(self._broker), wanted
            named = {name: str(NOW_MS + hours * HOUR_MS) for name, hours in TIMES.items()}
            self.scene.named |= named | {"theirs": str(self._broker.main_id)}
            self.scene.named["mine"] = "1000000000000001"
            for step in wanted:
                step.act(self.scene)
        return self.scene

    def clear(self) -> None:
        if self.scene is not None:
            self.scene.end()
            self.scene = None


def ask(stage: Stage, chain: Chain, *breaches: Breach) -> Answer:
    changes = {name: value for breach in breaches for name, value in breach.changes.items()}
    parameters = {**chain.sound, **changes}
    sent = {name: value for name, value in parameters.items() if value is not None}
    return stage.show(steps_of(chain, breaches)).ask(chain.method, chain.path, sent)


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
