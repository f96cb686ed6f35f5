"""The fault points beneath the face: what stands at a start, and what each does to a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openprime.api.faults import FaultBoard
from openprime.desk.commands import ArmFault, Credit, DisarmFaults, ResumeOrders
from openprime.desk.outcome import Outcome
from openprime.desk.switches import FaultKind, FaultMatch
from openprime.errors import Refusal
from openprime.model.vocabulary import Exchange
from openprime.server.broker import Broker
from openprime.server.config import ServerConfig
from openprime.server.fault_points import FaultPoints

ANY = FaultMatch()


class _Mortal(Broker):
    """Counts its deaths, and goes on after each as a process would not."""

    deaths = 0

    def die(self) -> None:
        self.deaths += 1


class Stage:
    """An open broker with its fault points."""

    def __init__(self, folder: Path | None = None) -> None:
        self.broker = _Mortal(ServerConfig(data=folder))
        self.board: FaultBoard

    async def open(self) -> None:
        await self.broker.open()
        faults = lambda: self.broker.desk.state.faults  # noqa: E731
        self.board = FaultBoard(faults, self.broker.clock_ms)
        self.broker.sequencer.observers.append(lambda e, o: self.board.observe(e.command))
        FaultPoints(self.broker, self.board)

    async def arm(
        self,
        kind: FaultKind,
        how: str = "",
        ms: int = 0,
        match: FaultMatch = ANY,
        **more: Any,
    ) -> int:
        terms = {"count": 1, "ttl_ms": 0, "chance": None, "seed": 0} | more
        armed = ArmFault(kind, match, 0, (), ms, how=how, **terms)
        outcome = await self.broker.sequencer.submit(armed)
        assert outcome.refusal is None
        return int(outcome.reply)

    async def credit(self, amount: int = 1) -> Outcome:
        portfolio_id = next(iter(self.broker.desk.state.portfolios))
        command = Credit(portfolio_id, Exchange.BINANCE, "USDT", Decimal(amount))
        return await self.broker.sequencer.submit(command)


def on_stage(test: Callable[[Stage], Awaitable[None]], folder: Path | None = None) -> None:
    async def play() -> None:
        stage = Stage(folder)
        await stage.open()
        await test(stage)
        await stage.broker.close()

    asyncio.run(play())


def test_where_nothing_stands_nothing_is_in_the_way() -> None:
    async def test(stage: Stage) -> None:
        sequencer, gateway = stage.broker.sequencer, stage.broker.gateway
        before = sequencer.keep, gateway._reports.deliver, gateway._requests.deliver
        for kind in (*FaultKind,):
            await stage.arm(kind, how="slow" if kind is FaultKind.DISK_FAIL else "")
        assert sequencer.keep != before[0]
        assert gateway._reports.deliver != before[1]
        assert gateway._requests.deliver != before[2]
        await sequencer.submit(DisarmFaults(None))
        await asyncio.sleep(0)
        assert (sequencer.keep, gateway._reports.deliver, gateway._requests.deliver) == before

    on_stage(test)


@pytest.mark.parametrize(("how", "found"), [("full", "no space left on it"), ("failed", "a write")])
def test_a_disk_that_fails_halts_the_journal(tmp_path: Path, how: str, found: str) -> None:
    async def test(stage: Stage) -> None:
        await stage.arm(FaultKind.DISK_FAIL, how)
        sequence = stage.broker.store.last_sequence
        assert (await stage.credit()).refusal == Refusal(50001)
        assert found in (stage.broker.sequencer.broken or "")
        assert stage.broker.store.last_sequence == sequence
        await stage.broker.sequencer.settled()
        assert stage.broker.desk.state.sequence == sequence

    on_stage(test, tmp_path)


def test_a_disk_is_slow_for_the_commits_of_a_portfolio() -> None:
    async def test(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        portfolio_id = next(iter(stage.broker.desk.state.portfolios))
        await stage.arm(FaultKind.DISK_FAIL, "slow", 80, FaultMatch(portfolio_id=7), count=0)
        began_s = loop.time()
        assert (await stage.credit()).refusal is None
        fast_s = loop.time() - began_s
        await stage.arm(FaultKind.DISK_FAIL, "slow", 80, FaultMatch(portfolio_id=portfolio_id))
        began_s = loop.time()
        assert (await stage.credit()).refusal is None
        assert loop.time() - began_s >= 0.08 > fast_s

    on_stage(test)


def test_the_process_dies_before_after_and_at_once() -> None:
    async def test(stage: Stage) -> None:
        broker = stage.broker
        kept: list[int] = []
        die = broker.die
        broker.die = lambda: (kept.append(broker.store.last_sequence), die())  # type: ignore
        for when in ("before_commit", "after_commit"):
            await stage.arm(FaultKind.PROCESS_CRASH, when)
            sequence = broker.store.last_sequence
            await stage.credit()
            assert kept.pop() == sequence + (when == "after_commit")
        assert broker.deaths == 2
        await stage.arm(FaultKind.PROCESS_CRASH, "now")
        assert broker.deaths == 3

    on_stage(test)


def test_the_operator_can_always_arm_and_take_away() -> None:
    async def test(stage: Stage) -> None:
        fault_id = await stage.arm(FaultKind.DISK_FAIL, "full", count=0)
        await stage.arm(FaultKind.PROCESS_CRASH, "before_commit", count=0)
        for taken in (fault_id, None):
            assert (await stage.broker.sequencer.submit(DisarmFaults(taken))).refusal is None
        assert (await stage.credit()).refusal is None
        assert stage.broker.deaths == 0

    on_stage(test)


def test_a_venue_that_is_back_is_told_of_every_order_once() -> None:
    async def test(stage: Stage) -> None:
        heard: list[type] = []
        stage.broker.sequencer.observers.append(lambda e, o: heard.append(type(e.command)))
        fault_id = await stage.arm(FaultKind.VENUE_DOWN)
        await stage.broker.sequencer.submit(DisarmFaults(fault_id))
        again = await stage.arm(FaultKind.VENUE_DOWN)
        await stage.broker.sequencer.submit(DisarmFaults(again))
        await asyncio.sleep(0)
        assert heard.count(ResumeOrders) == 2
        assert not stage.broker.gateway.is_cut

    on_stage(test)


def test_what_stands_at_a_start(tmp_path: Path) -> None:
    """What would end this process too is taken away for good; a venue that is down stays down."""

    async def lives() -> None:
        first = Stage(tmp_path)
        await first.broker.open()
        for kind, how in (
            (FaultKind.PROCESS_CRASH, "before_commit"),
            (FaultKind.PROCESS_CRASH, "now"),
            (FaultKind.DISK_FAIL, "full"),
            (FaultKind.VENUE_DOWN, ""),
            (FaultKind.REQUEST_LOST, ""),
        ):
            await first.arm(kind, how)
        await first.broker.close()
        for _ in range(2):
            later = Stage(tmp_path)
            await later.open()
            kinds = [fault.kind for fault in later.broker.desk.state.faults.values()]
            assert kinds == [FaultKind.VENUE_DOWN, FaultKind.REQUEST_LOST]
            assert (later.broker.deaths, later.broker.sequencer.broken) == (0, None)
            assert later.broker.gateway.is_cut
            assert (await later.credit()).refusal is None
            await later.broker.close()

    asyncio.run(lives())


def test_a_venue_that_was_down_until_a_start_is_not(tmp_path: Path) -> None:
    async def lives() -> None:
        first = Stage(tmp_path)
        await first.broker.open()
        await first.arm(FaultKind.VENUE_DOWN, ttl_ms=1)
        await first.broker.close()
        later = Stage(tmp_path)
        await asyncio.sleep(0.002)
        await later.open()
        assert not later.broker.gateway.is_cut
        await later.broker.close()

    asyncio.run(lives())
