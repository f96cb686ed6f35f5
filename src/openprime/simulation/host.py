"""The broker as it is served, started and stopped on one machine."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from openprime.api.asgi import Application
from openprime.desk.desk import Desk
from openprime.desk.settings import DeskSettings
from openprime.desk.switches import Fault, FaultKind
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.server.assembly import assemble
from openprime.server.broker import Broker
from openprime.server.config import FileConfig, Limits, Replay, ServerConfig, VenueSettings
from openprime.server.sockets import Sockets
from openprime.simulation.draws import Draws
from openprime.simulation.ground import Machine
from openprime.simulation.lives import Lives
from openprime.simulation.loop import Ended, VirtualLoop
from openprime.simulation.port import Port
from openprime.simulation.rules import shallow_fit, small_reference
from openprime.simulation.tape import put_tape
from openprime.simulation.venue import VenueWitness
from openprime.simulation.violated import Violated
from openprime.simulation.witness import Witness, difference
from openprime.store.errors import StoreError

BEGIN_MS = 1_790_000_000_000
# How many of the seeds have a recorded market beside the synthetic one.
RECORDED_SHARE = 0.3
STOP_SECONDS_MAX = 600.0


class _Broker(Broker):
    """The broker, on a machine that it dies with, and looked on by witnesses."""

    host: "Host"

    def die(self) -> None:
        self.host.machine.disk.stop()

    def _build_market(self, desk: Desk) -> None:
        # The first moment at which there is a sequencer, and nothing has come to it yet.
        self.host.recovered(desk, self.sequencer)
        super()._build_market(desk)
        self.host.venue.watch(self.gateway.exchange)

    def _market_fit(self) -> Any:
        return shallow_fit()


class Host:
    """Starts the broker, stops it, lets it crash. `loop` is the present process's."""

    def __init__(
        self,
        draws: Draws,
        say: Callable[[str], None],
        on_struck: Callable[[Fault], None],
        limits: Limits,
        replays: tuple[Replay, ...] = (),
    ) -> None:
        self.machine = Machine(draws)
        self.reference = small_reference()
        self.witness = Witness(self.reference)
        self.lives = Lives()
        self.venue = VenueWitness()
        self.jump_ms = 0
        self.starts = 0
        self.loop: VirtualLoop
        self.broker: Broker
        self.app: Application
        self.sockets: Sockets
        self.port: Port
        self.up = False
        self.opened = False
        folder = self.machine.folder
        if not replays and draws.stream("tape").random() < RECORDED_SHARE:
            replays = (put_tape(folder),)
        self._config = _config(draws, folder, limits, replays)
        choose = draws.stream("sequencing")
        self._sequencing = SequencerSettings(
            undurable_max=choose.choice((20, 1000, 10_000)),
            undurable_spare=10,
            snapshot_every=choose.choice((50, 300, 100_000)),
            journal_kept=choose.choice((0, 200, 1_000_000)),
            under_way_max=choose.choice((1, 4, 64)),
            waiting_max=choose.choice((4, 512)),
        )
        self._executor_delay = draws.stream("executor")
        self._lines = draws.stream("lines")
        self._say = say
        self._on_struck = on_struck
        self._passed_s = 0.0

    # -- time

    @property
    def time_s(self) -> float:
        """Seconds since the simulation began, over all starts."""
        return self._passed_s + (self.loop.time() if self.starts else 0.0)

    def wall_ms(self) -> int:
        """The world's time as this machine's clock tells it, jumps and all."""
        return BEGIN_MS + int(self.time_s * 1000) + self.jump_ms

    def _job_s(self) -> float:
        """How long the disk keeps a job: mostly little, now and then long."""
        draw = self._executor_delay
        return draw.uniform(0.0001, 0.003) if draw.random() < 0.97 else draw.uniform(0.01, 0.3)

    # -- starting and stopping

    def start(self) -> None:
        """Start the broker: recovery, as at every start. Violated where it refuses."""
        self._new_loop()
        broker = _Broker(
            self._config,
            self.wall_ms,
            self.machine.ground,
            self.reference,
            self._sequencing,
        )
        broker.host = self
        self.broker = broker
        self.opened = False
        try:
            self.loop.run_until_complete(broker.open())
            self.opened = True
        except StoreError as error:
            if self.machine.disk.stopped:
                raise Ended from error
            raise Violated("starts", str(error)) from error
        if broker.sequencer.broken is not None:
            raise Violated("starts", broker.sequencer.broken)
        self.loop.run_until_complete(self._serve(broker))
        self.up = True

    def try_start(self) -> bool:
        """Start at a disk that may stop meanwhile: whether it did not."""
        try:
            self.start()
        except Ended:
            self.crash(power_lost=True)
            return False
        return True

    def _new_loop(self) -> None:
        if self.starts:
            self._passed_s += self.loop.time()
        self.loop = VirtualLoop(self._job_s, self._uncaught, self._has_ended)  # type: ignore[abstract]
        self.starts += 1

    def recovered(self, desk: Desk, sequencer: Sequencer) -> None:
        """The desk has come to the end of the journal: compare it with what was promised."""
        witness = self.witness
        if desk.state.sequence < witness.told:
            short = f"{witness.told} was told of, recovery comes to {desk.state.sequence}"
            raise Violated("what was told is durable", short)
        witness.forget_lost(desk.state.sequence)
        found = difference(desk, witness.desk_at(desk.state.sequence))
        if found:
            raise Violated("recovery gives the same books", found)
        witness.watch(sequencer)
        self.lives.begin(desk.state)
        sequencer.observers.append(self.lives.observe)

    async def _serve(self, broker: Broker) -> None:
        self.app, self.sockets = assemble(broker, self.loop.time)
        self.app.services.faults.on_struck = self._struck
        self.port = Port(self.loop, self.app, self._lines)
        broker.run(self._market_stopped)

    def _struck(self, fault: Fault) -> None:
        """A fault that operators armed was met."""
        self._on_struck(fault)
        if fault.kind is FaultKind.SOCKET_DROP:
            self.port.dropped_at_s = self.loop.time()

    def stop(self) -> None:
        """Stop as an operator does, unless the process ends on its way."""
        self.up = False
        stopping = self.loop.create_task(self._stop())
        try:
            self.loop.run_until(stopping.done, STOP_SECONDS_MAX)
        except Ended:
            self.crash(power_lost=True)
            return
        error = stopping.exception()
        if error is not None:
            raise Violated("stops", repr(error)) from error
        self.loop.abandon()
        self.machine.restart(power_lost=False)

    async def _stop(self) -> None:
        await self.sockets.close_all("the server stops")
        await self.port.close()
        await self.broker.close()

    def crash(self, power_lost: bool) -> None:
        """End the process where it stands. What it wrote stays; without power, what it synced."""
        self.up = False
        self.machine.disk.stop()
        self.loop.abandon()
        if self.opened:
            self.broker.gateway.close()
            self.broker.store.close()
        self.machine.restart(power_lost)

    def rest(self, seconds: float) -> None:
        """Let time pass with no broker running."""
        self._passed_s += seconds

    def _has_ended(self) -> bool:
        return self.machine.disk.stopped

    def _uncaught(self, message: str, error: BaseException | None) -> None:
        if isinstance(error, Violated):
            raise error
        raise Violated("nothing uncaught", f"{message}: {error!r}")

    def _market_stopped(self, reason: str) -> None:
        if not self.machine.disk.stopped and self.up:
            raise Violated("the market goes on", reason)


def _config(
    draws: Draws, folder: Path, limits: Limits, replays: tuple[Replay, ...]
) -> ServerConfig:
    """What a broker is started with: each seed has its own delays and distances."""
    choose = draws.stream("config")
    desk = DeskSettings(
        transfer_delay_ms=choose.choice((0, 0, 300)),
        network_confirm_ms=choose.choice((0, 100, 2000)),
    )
    request_ms, report_ms = choose.choice(((0, 0), (0, 0), (0, 0), (2, 1), (40, 0), (0, 25)))
    return ServerConfig(
        data=folder,
        seed=choose.randrange(2**31),
        speed=Decimal(1),
        limits=limits,
        replays=replays,
        file=FileConfig(desk=desk, venue=VenueSettings(request_ms, report_ms)),
    )
