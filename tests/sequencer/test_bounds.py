"""So many commands wait for their turn and for the disk, and no more."""

import asyncio
from decimal import Decimal

import pytest

from openprime.desk.commands import (
    CancelAlgoOrder,
    CancelAlgoOrders,
    CancelOrder,
    CancelOrders,
    ClosePosition,
    Command,
    OperatorNote,
    PlaceOrder,
)
from openprime.errors import Refusal
from openprime.sequencer import SequencerSettings
from tests.sequencer.bench import REFUSED, Bench, run, turns
from tests.store.samples import BTC_PERP, PORTFOLIO, credit


def _place(client_order_id: str = "") -> PlaceOrder:
    return PlaceOrder(PORTFOLIO, BTC_PERP, *[None] * 3, *[Decimal(0)] * 3, client_order_id)  # type: ignore[misc, arg-type]


def test_too_many_waiting_commands_are_refused_cancels_last() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place()) for _ in range(3)]
        await turns()
        assert (await bench.sequencer.submit(_place())).refusal == Refusal(400011)
        cancel = CancelOrder(PORTFOLIO, 1, "")
        tasks.append(bench.submit(cancel))
        await turns()
        assert (await bench.sequencer.submit(cancel)).refusal == Refusal(400011)
        assert bench.sequencer.post(credit()).refusal is None, "what a venue says is fact"
        bench.disk.release()
        assert [task.refusal for task in await asyncio.gather(*tasks)] == [None] * 4
        assert (await bench.sequencer.submit(_place())).refusal is None

    run(test, settings=SequencerSettings(undurable_max=3, undurable_spare=1))


def test_writes_wait_in_line_and_cancels_go_past_it() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place()) for _ in range(7)]
        cancel = bench.submit(CancelOrder(PORTFOLIO, 1, ""))
        await turns()
        assert [type(command) for command in bench.quotes] == [PlaceOrder, PlaceOrder, CancelOrder]
        assert tasks[6].result().refusal == Refusal(400011)
        assert bench.sequencer.post(credit()).refusal is None
        assert not any(task.done() for task in (cancel, *tasks[:6]))
        bench.disk.release()
        outcomes = await asyncio.gather(cancel, *tasks[:6])
        assert [outcome.refusal for outcome in outcomes] == [None] * 7
        assert bench.desk.state.sequence == 8
        assert (await bench.sequencer.submit(_place())).refusal is None, "the line is empty again"

    run(test, settings=SequencerSettings(under_way_max=2, waiting_max=4))


def test_an_operator_goes_past_the_line() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place()) for _ in range(2)]
        note = OperatorNote("credit", "{}", "127.0.0.1")
        said = asyncio.ensure_future(bench.sequencer.submit(credit(), note=note))
        await turns()
        assert bench.quotes[1:] == [credit()]
        bench.disk.release()
        outcomes = await asyncio.gather(said, *tasks)
        assert [outcome.refusal for outcome in outcomes] == [None] * 3

    run(test, settings=SequencerSettings(under_way_max=1, waiting_max=1))


@pytest.mark.parametrize(
    ("cancel", "places"),
    [
        (CancelOrder(PORTFOLIO, None, "mine"), ["mine"]),
        (CancelOrder(PORTFOLIO, None, "other"), []),
        (CancelOrder(PORTFOLIO, 7, ""), []),
        (CancelOrder(PORTFOLIO + 1, None, "mine"), []),
        (CancelOrders(PORTFOLIO, None, None), ["mine", "next", "last"]),
        (CancelOrders(PORTFOLIO + 1, None, None), []),
        (CancelAlgoOrder(PORTFOLIO, None, "mine"), ["mine"]),
        (CancelAlgoOrders(PORTFOLIO, *[None] * 5), ["mine", "next", "last"]),
        (ClosePosition(PORTFOLIO, BTC_PERP, None), ["mine", "next", "last"]),
        (ClosePosition(PORTFOLIO + 1, BTC_PERP, None), []),
    ],
)
def test_a_cancel_does_not_go_past_what_it_was_sent_to_undo(
    cancel: Command, places: list[str]
) -> None:
    """`places`: the orders of those that wait which are placed before the cancel is applied."""

    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place(name)) for name in ("", "mine", "next", "last")]
        await turns()
        assert len(bench.quotes) == 1, "the others wait"
        tasks.append(bench.submit(cancel))
        await turns()
        tasks.append(bench.submit(_place("after")))
        bench.disk.release()
        outcomes = await asyncio.gather(*tasks)
        assert [outcome.refusal for outcome in outcomes] == [None] * 6
        before = bench.quotes[1 : bench.quotes.index(cancel)]
        assert [getattr(command, "client_order_id", "") for command in before] == places

    run(test, settings=SequencerSettings(under_way_max=1, waiting_max=5))


def test_the_line_moves_past_whoever_left_it() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [asyncio.ensure_future(bench.sequencer.submit(_place())) for _ in range(4)]
        await turns()
        tasks[1].cancel()
        await turns()
        bench.disk.release()
        await tasks[0]
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task.cancelled() for task in tasks] == [False, True, True, False]
        assert (await bench.sequencer.submit(_place())).refusal is None

    run(test, settings=SequencerSettings(under_way_max=1, waiting_max=4))


def test_a_refused_write_makes_room_too() -> None:
    async def test(bench: Bench) -> None:
        outcomes = await asyncio.gather(*(bench.submit(REFUSED) for _ in range(5)))
        assert all(outcome.refusal is not None for outcome in outcomes)
        assert bench.desk.state.sequence == 0

    run(test, settings=SequencerSettings(under_way_max=1, waiting_max=4))


def test_the_line_is_answered_when_the_sequencer_closes() -> None:
    async def test(bench: Bench) -> None:
        bench.disk.hold()
        tasks = [bench.submit(_place()) for _ in range(3)]
        await turns()
        closing = asyncio.ensure_future(bench.sequencer.close())
        await turns()
        bench.disk.release()
        await asyncio.gather(closing, *tasks)
        assert [task.result().refusal for task in tasks] == [None, *[Refusal(50001)] * 2]

    run(test, settings=SequencerSettings(under_way_max=1, waiting_max=4))
