"""The catalogue through the private socket: its four actions answer as their routes do.

On a served broker every natural cause that a route of the four has comes over the socket; in one
process every code that the rows of the four can give is compared with the answer over REST.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from openprime.api.endpoints import ENDPOINTS
from openprime.api.private.dialect import ORDERS
from openprime.errors import message
from tests.api.kit import Answer as RestAnswer
from tests.api.socket_kit import Json, Peer, login_frame, private_socket
from tests.conformance import cases
from tests.conformance.answers import check
from tests.conformance.chains import (
    AT_THE_DOOR,
    CANCEL,
    CANCEL_ALL,
    PLACE,
    PLACE_SPOT,
    REPLACE,
    Breach,
    Chain,
)
from tests.conformance.registry import NATURAL, Case
from tests.conformance.scene import Scene, SceneBroker
from tests.conformance.stage import Stage, sent, steps_of
from tests.conformance.trader import PRIVATE, SocketTrader
from tests.conformance.world import World
from tests.served import ServedBroker

assert cases
ACTIONS = {row: action for action, row in ORDERS.actions.items()}
SURFACES = [f"{method} {path}" for method, path in ACTIONS]
TWINS = [case for case in NATURAL.values() if case.surface in SURFACES]
CHAINS = (PLACE, PLACE_SPOT, REPLACE, CANCEL, CANCEL_ALL)

# What happens to a caller who was let in.
ONCE_INSIDE = "user"


# ---------------------------------------------------------------- a served broker


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    def no_limits() -> World:
        raise AssertionError("no action needs a broker with limits")

    served = ServedBroker(tmp_path_factory.mktemp("twin")).start()
    made = World(served, no_limits, SocketTrader)
    yield made
    made.close()


@pytest.mark.parametrize("case", TWINS, ids=lambda case: str(case.code))
def test_a_natural_cause_over_the_socket(world: World, case: Case) -> None:
    answer = case.provoke(world)
    assert answer.surface == f"WS {PRIVATE}"
    check(answer, case.code, case.arguments)


# ---------------------------------------------------------------- one process


@pytest.fixture(scope="module")
def broker() -> Iterator[SceneBroker]:
    made = SceneBroker()
    yield made
    made.close()


def over_the_socket(stage: Stage, chain: Chain, breach: Breach) -> Json:
    """The answer to an action, by a caller who was let in before the door was shut."""
    wanted = steps_of(chain, [breach])
    scene = stage.show(tuple(step for step in wanted if step.facet != ONCE_INSIDE))
    later = [step for step in wanted if step.facet == ONCE_INSIDE]
    broker = scene.broker
    socket = private_socket(broker)
    peer = broker.runner.run(_logged_in(scene, socket))
    for step in later:
        step.act(scene)
    frame = {
        "id": "twin-1",
        "action": ACTIONS[chain.method, chain.path],
        "args": scene.filled(sent(chain, breach)),
    }
    answer: Json = broker.runner.run(_answered(peer, frame))
    broker.sequencer.observers.remove(socket.push.observe)
    return answer


async def _logged_in(scene: Scene, socket: Any) -> Peer:
    peer = Peer(socket)
    await peer.opened()
    answer = await peer.ask(login_frame(scene.broker, scene.key, onlyTrade="true"))
    assert answer["code"] == 0, answer
    return peer


async def _answered(peer: Peer, frame: Json) -> Any:
    answer = await peer.ask(frame)
    await peer.leave()
    return answer


def over_rest(stage: Stage, chain: Chain, breach: Breach) -> RestAnswer:
    stage.clear()
    scene = stage.show(steps_of(chain, [breach]))
    return scene.ask(chain.method, chain.path, sent(chain, breach))


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_every_code_of_the_action(broker: SceneBroker, chain: Chain) -> None:
    action = ACTIONS[chain.method, chain.path]
    with Stage(broker) as stage:
        for breach in chain.breaches:
            if breach.code in AT_THE_DOOR:
                continue
            stage.clear()
            frame = over_the_socket(stage, chain, breach)
            told = message(breach.code, breach.arguments)
            assert frame == {
                "id": "twin-1", "event": action, "code": breach.code, "msg": told, "data": None,
            }  # fmt: skip
            rest = over_rest(stage, chain, breach).json
            assert (rest["code"], rest["message"]) == (frame["code"], frame["msg"])


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: " ".join(row))
def test_no_code_of_a_row_is_left_out(row: tuple[str, str]) -> None:
    endpoint = ENDPOINTS[row]
    shown = {b.code for c in CHAINS if (c.method, c.path) == row for b in c.breaches}
    assert {*endpoint.table.codes, *endpoint.codes} - shown == set()
