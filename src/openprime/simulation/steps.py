"""What a step can be: one row a kind, with how often it comes.

To let something else happen, write a function and give it a row.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from openprime.simulation import faults, operators
from openprime.simulation.calls import episode, params_of
from openprime.simulation.disk import Ill
from openprime.simulation.frames import frame_for
from openprime.simulation.people import Client
from openprime.simulation.sockets import ACTIONS, PRIVATE, PRIVATE_ALGO, Listener
from openprime.simulation.values import Asker

if TYPE_CHECKING:
    from openprime.simulation.simulation import Simulation

SOCKETS_MAX = 16
BURST = 12
# More actions than may be under way on one socket.
ACTIONS_AT_ONCE = 70
# The answer is as long: some of them are more than any line holds.
LONG_ASKING = {"id": 3000 * "i", "action": "subscribe", "args": {}}
LONG_ASKINGS_MAX = 30
UNREAD_SECONDS = (15.0, 45.0)


class Step(msgspec.Struct, frozen=True):
    """A kind of step. `varies`: some seeds have more of it and some none."""

    weight: float
    take: Callable[["Simulation", random.Random], None]
    varies: bool = True


def _call(sim: "Simulation", draw: random.Random) -> None:
    asker = sim.acting.asker(draw)
    route = draw.choices(sim.routes, sim.route_weights)[0]
    params = params_of(route, asker)
    sim.acting.begin(sim.acting.ask(asker.client, route, params, draw.choice((1, 2, 4))))


def _burst(sim: "Simulation", draw: random.Random) -> None:
    """Many ask at once, some of them on sockets."""
    for _ in range(BURST):
        draw.choice((_call, _call, _act))(sim, draw)


def _episode(sim: "Simulation", draw: random.Random) -> None:
    """One client opens a position, protects it with reduce-only orders, and closes it again."""
    asker = sim.acting.asker(draw)
    sim.acting.begin(_play(sim, asker))


async def _play(sim: "Simulation", asker: Asker) -> None:
    for route, params in episode(asker):
        await sim.acting.ask(asker.client, route, params, 1)


def _operate(sim: "Simulation", draw: random.Random) -> None:
    asker = sim.acting.asker(draw)
    rows, weights = operators.rows()
    row = draw.choices(rows, weights)[0]
    members = operators.body_of(row, asker)
    sim.acting.begin(sim.acting.operate_later((row.method, row.path), members, asker.client))


def _connect(sim: "Simulation", draw: random.Random) -> None:
    if len(sim.acting.listeners) >= SOCKETS_MAX:
        return
    path = draw.choice((PRIVATE, PRIVATE, PRIVATE_ALGO, *sim.host.app.sockets))
    _open(sim, draw.choice(sim.acting.people.clients), path)


def _open(sim: "Simulation", client: Client, path: str) -> None:
    listener = Listener(sim.host, client, path, sim.acting.promises, sim.acting.on_frame)
    sim.acting.listeners.append(listener)
    if path in ACTIONS:
        listener.login()


def _act(sim: "Simulation", draw: random.Random) -> None:
    """An action over a private socket, or any frame over another."""
    if not sim.acting.listeners:
        return
    listener = draw.choice(sim.acting.listeners)
    actions = ACTIONS.get(listener.path)
    if actions is None or draw.random() < 0.02:
        listener.peer.say(frame_for(listener.path, draw))
        return
    asker = sim.acting.asker(draw)
    asker.client = listener.client
    for _ in range(ACTIONS_AT_ONCE if draw.random() < 0.04 else 1):
        action = draw.choice(list(actions))
        route = actions[action]
        params = params_of(route, asker)
        params.pop("portfolioId", None)
        listener.act(action, route, params)


def _disturb_socket(sim: "Simulation", draw: random.Random) -> None:
    if not sim.acting.listeners:
        return
    listener = draw.choice(sim.acting.listeners)
    kind = draw.random()
    if kind < 0.5:
        listener.stall(not listener.stalled)
    elif kind < 0.6:
        listener.peer.babble()
    else:
        listener.peer.vanish()
        sim.acting.listeners.remove(listener)
        if draw.random() < 0.5:
            _open(sim, listener.client, listener.path)


def _read_nothing(sim: "Simulation", draw: random.Random) -> None:
    """A client asks for much and takes none of it, for about as long as a broker waits."""
    listening = [each for each in sim.acting.listeners if each.open and each.path in ACTIONS]
    if not listening:
        return
    listener = draw.choice(listening)
    listener.stall(True)
    for _ in range(draw.randint(1, LONG_ASKINGS_MAX)):
        listener.peer.say(LONG_ASKING)
    sim.pass_time(draw.uniform(*UNREAD_SECONDS))
    listener.stall(False)


def _arming(rows: tuple[faults.Row, ...]) -> Callable[["Simulation", random.Random], None]:
    """Arm a fault as operators do."""

    def arm(sim: "Simulation", draw: random.Random) -> None:
        acting = sim.acting
        members = faults.drawn(draw, rows)
        acting.begin(acting.operate_later(operators.ARM, members, acting.people.clients[0]))

    return arm


def _fail_disk(sim: "Simulation", draw: random.Random) -> None:
    """One of the next writes or syncs fails, or there is no space left."""
    machine = sim.host.machine
    ill = draw.choice((Ill.FULL, Ill.SHORT_WRITE, Ill.FAILED_WRITE, Ill.FAILED_SYNC))
    sim.say(f"disk {ill}")
    sim.count(f"disk {ill}")
    if ill is Ill.FULL:
        machine.full = machine.failed = True
    else:
        machine.fail("sync" if ill is Ill.FAILED_SYNC else "write", draw.randint(1, 20), ill)


def _stop_at_disk(sim: "Simulation", draw: random.Random) -> None:
    """The process ends at one of the next writes or syncs: before, within or after it."""
    sim.power_lost = draw.random() < 0.6
    sim.host.machine.stop_after(draw)
    _burst(sim, draw)


def _stop_at_await(sim: "Simulation", draw: random.Random) -> None:
    """The process ends between two of the next callbacks of the loop."""
    sim.power_lost = draw.random() < 0.5
    sim.callbacks_left = draw.randrange(200)
    _burst(sim, draw)


def _restart(sim: "Simulation", draw: random.Random) -> None:
    if sim.host.broker.sequencer.broken is None:
        sim.restart()


def _jump(sim: "Simulation", draw: random.Random) -> None:
    """The machine's clock is set, ahead or back."""
    jump_ms = draw.choice((-5000, -800, -1, 1, 900, 30_000))
    sim.host.jump_ms += jump_ms
    sim.say(f"clock jumps {jump_ms} ms")


STEPS: dict[str, Step] = {
    "call": Step(100, _call, varies=False),
    "burst": Step(2, _burst),
    "episode": Step(4, _episode),
    "operator": Step(6, _operate),
    "connect": Step(6, _connect),
    "action": Step(12, _act),
    "socket disturbed": Step(2, _disturb_socket),
    "nothing read": Step(0.2, _read_nothing),
    "fault at the venue": Step(3, _arming(faults.AT_THE_VENUE)),
    "fault on the way": Step(1.5, _arming(faults.ON_THE_WAY)),
    "fault of sockets": Step(0.5, _arming(faults.OF_SOCKETS)),
    "fault of the disk": Step(0.3, _arming(faults.OF_THE_DISK)),
    "fault of the process": Step(0.2, _arming(faults.OF_THE_PROCESS)),
    "disk fails": Step(0.3, _fail_disk),
    "stop at disk": Step(0.4, _stop_at_disk),
    "stop at await": Step(0.4, _stop_at_await),
    "restart": Step(0.2, _restart),
    "clock jumps": Step(0.5, _jump),
}
