"""The points beneath the broker's face at which the operator's faults are met: the way to the venue
and back, the journal's disk, the process itself.

Each point is there while a fault of its kind stands; else the broker is as it would be without.
"""

import asyncio
from typing import TYPE_CHECKING

from openprime.api.faults import Armed, FaultBoard, Told
from openprime.desk.commands import ArmFault, Command, DisarmFaults, ResumeOrders
from openprime.desk.state import State
from openprime.desk.switches import OF_ONE_PROCESS, FaultKind
from openprime.model.venue import ReportFate, VenueReport
from openprime.sequencer import Sequencer
from openprime.store import Batch
from openprime.store.errors import StoreError
from openprime.venues.disturbed import Disturbance, DisturbedLine
from openprime.venues.gateway import VenueGateway

if TYPE_CHECKING:  # The broker is opened with what stands at a start.
    from openprime.server.broker import Broker

# What a disk says that fails by a fault.
FAILURES = {
    "full": "no space left on it, as a fault of the operator has it",
    "failed": "a write that failed, as a fault of the operator has it",
}


class FaultPoints:
    """Puts the points in place, and takes them away, as the board has it."""

    def __init__(self, broker: "Broker", board: FaultBoard) -> None:
        self._broker = broker
        self._board = board
        self._keep_whole = broker.sequencer.keep
        self._line = DisturbedLine(broker.take_reports, self._come_late, self._disturbance)
        board.move_venue(broker.move_venue)
        board.watch(FaultKind.VENUE_DOWN, self._cut_venue)
        board.watch(FaultKind.VENUE_REPORTS, self._disturb_line)
        board.watch(FaultKind.DISK_FAIL, self._look_at_commits)
        board.watch(FaultKind.PROCESS_CRASH, self._look_at_commits)
        board.watch(FaultKind.PROCESS_CRASH, self._crash_now, how="now")

    # -- the venue

    def _disturb_line(self, stands: bool) -> None:
        self._broker.gateway.report_to(self._line.take if stands else self._broker.take_reports)

    def _come_late(self, reports: list[VenueReport]) -> None:
        """A late message comes: as any other, it does not where the way is cut by then."""
        self._broker.gateway.hear_late(reports, self._broker.take_reports)

    def _disturbance(self, reports: list[VenueReport]) -> Disturbance | None:
        orders = self._broker.desk.state.orders
        known = [orders[report.order_id] for report in reports if report.order_id in orders]
        told = [Told(portfolio_id=order.portfolio_id, sym=order.sym) for order in known]
        met = self._board.strike(FaultKind.VENUE_REPORTS, *told)
        if met is None:
            return None
        fate = ReportFate(met.fault.how) if met.fault.how else None
        return Disturbance(fate, met.fault.latency_ms, met.draw)

    def _cut_venue(self, down: bool) -> None:
        gateway = self._broker.gateway
        if down:
            gateway.cut()
        elif gateway.is_cut:
            # Not now: this may be in the midst of a command.
            asyncio.get_running_loop().call_soon(self._mend_venue)

    def _mend_venue(self) -> None:
        """The venue is back: hear what it said meanwhile, and tell it of every order again."""
        if not self._board.has(FaultKind.VENUE_DOWN):
            self._broker.gateway.mend()
            self._broker.sequencer.post(ResumeOrders())

    # -- the disk and the process

    def _look_at_commits(self, stands: bool) -> None:
        beset = any(map(self._board.has, OF_ONE_PROCESS))
        self._broker.sequencer.keep = self._keep if beset else self._keep_whole

    def _keep(self, batch: Batch) -> asyncio.Future[None]:
        commands = [envelope.command for envelope in batch.envelopes]
        # The operator can always arm and take away.
        if any(isinstance(command, ArmFault | DisarmFaults) for command in commands):
            return self._keep_whole(batch)
        return asyncio.ensure_future(self._keep_ill(batch, [_told(each) for each in commands]))

    async def _keep_ill(self, batch: Batch, told: list[Told]) -> None:
        """Keep a batch, such as the faults let it be kept."""
        if self._crashes("before_commit", told):
            self._broker.die()
        disk = self._board.strike(FaultKind.DISK_FAIL, *told)
        if disk is not None:
            await _bear(disk)
        await self._keep_whole(batch)
        if self._crashes("after_commit", told):
            self._broker.die()

    def _crash_now(self, stands: bool) -> None:
        if stands and self._crashes("now", []):
            self._broker.die()

    def _crashes(self, when: str, told: list[Told]) -> bool:
        return self._board.strike(FaultKind.PROCESS_CRASH, *told, how=when) is not None


def _told(command: Command) -> Told:
    """What a command says of itself."""
    portfolio_id, sym = getattr(command, "portfolio_id", 0), getattr(command, "sym", "")
    return Told(portfolio_id=portfolio_id, sym=sym)


async def _bear(disk: Armed) -> None:
    """Wait for a slow disk, or raise what a failing one raises."""
    failure = FAILURES.get(disk.fault.how)
    if failure is None:
        await asyncio.sleep(disk.fault.latency_ms / 1000)
        return
    raise StoreError(expected="a disk that takes a commit", found=failure, remedy="start again")


async def begin_under_faults(
    state: State, sequencer: Sequencer, gateway: VenueGateway, now_ms: int
) -> None:
    """What stands at a start: what would end this process too is taken away for good, before it can
    be met; a venue that is down stays down.
    """
    for fault in list(state.faults.values()):
        if fault.kind in OF_ONE_PROCESS:
            await sequencer.submit(DisarmFaults(fault.fault_id))
        elif fault.kind is FaultKind.VENUE_DOWN and fault.stands(now_ms):
            gateway.cut()
