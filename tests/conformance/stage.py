"""What a breach needs, and the scene that is on."""

from __future__ import annotations

from collections.abc import Iterable

from tests.api.kit import NOW_MS, Json
from tests.conformance import steps
from tests.conformance.chains import Breach, Chain
from tests.conformance.scene import Scene, SceneBroker, Step

HOUR_MS = 3_600_000
TIMES = {"further": -2, "past": -1, "soon": 1, "later": 2}
COSTLY = ("working", "position")


def sent(chain: Chain, *breaches: Breach) -> Json:
    """The parameters of a chain's sound request with the changes of breaches."""
    changes = {name: value for breach in breaches for name, value in breach.changes.items()}
    parameters = {**chain.sound, **changes}
    return {name: value for name, value in parameters.items() if value is not None}


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
