"""A commit fails while answers wait for it: nobody is told of what was never kept."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from openprime.desk.commands import ArmFault, Command, Credit, FreezeKey
from openprime.desk.desk import Desk
from openprime.desk.switches import FaultKind, FaultMatch
from openprime.model.vocabulary import Exchange
from openprime.store import Batch, StoreError
from openprime.store.snapshots import decode_state
from tests.api.kit import REFERENCE, Answer, Broker, base_order, query_of, refuses, signed_text
from tests.api.socket_kit import in_loop, logged_in, private_socket
from tests.api.test_overload import called, turns

READS = """
    /api/v1/trading/account /api/v1/trading/portfolio/assets /api/v1/trading/orders
    /api/v1/trading/position /api/v1/trading/userFeeRate /api/v1/trading/history/orders
    /api/v1/trading/rapidxLoan/loan/info /api/v1/trading/rapidxLoan/loan/maxLoan
    /api/v1/algo/openOrders /api/v1/algo/history/orders /api/v1/trading/executions
""".split()


class Doomed:
    """The next commit of a broker does not end until the test lets it, or this is left."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        kept = broker.state_bytes()
        broker.sequencer.rebuild = lambda: Desk(REFERENCE, state=decode_state(kept))
        self._commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        broker.sequencer.keep = self._keep

    def __enter__(self) -> Doomed:
        return self

    def __exit__(self, *raised: object) -> None:
        if not self._commit.done():
            self.fail()

    def _keep(self, batch: Batch) -> asyncio.Future[None]:
        return self._commit

    def does(self, command: Command) -> None:
        """A command is applied, and will never be kept."""
        assert self.broker.sequencer.post(command).refusal is None

    def succeed(self) -> None:
        self._commit.set_result(None)

    def fail(self) -> None:
        self._commit.set_exception(StoreError(expected="a disk", found="none", remedy="buy one"))


def read(broker: Broker, path: str) -> asyncio.Task[Answer]:
    """A request that is on its way."""
    headers = broker.headers(signed_text({}, broker.nonce))
    return asyncio.ensure_future(
        broker._send("GET", path, headers, query_of({}), b"", client="127.0.0.1")
    )


@pytest.mark.parametrize("path", READS)
@in_loop
async def test_a_read_that_waited_tells_what_was_kept(broker: Broker, path: str) -> None:
    before = (await read(broker, path)).json
    assert before["code"] == 200000, before
    with Doomed(broker) as doomed:
        doomed.does(Credit(broker.main_id, Exchange.BINANCE, "USDT", Decimal(777)))
        placed = called(broker, "POST", base_order())
        await turns()
        assert len(broker.state.orders) == 1
        reading = read(broker, path)
        await turns()
        assert not reading.done()
        doomed.fail()
        assert (await reading).json == before
        refuses(await placed, 50001)


@pytest.mark.parametrize("kept", [True, False])
@in_loop
async def test_a_refusal_waits_for_what_it_goes_by(broker: Broker, kept: bool) -> None:
    """A key that is frozen is refused once the freeze is kept, and not where it never will be."""
    socket = private_socket(broker)
    peer = await logged_in(broker, socket, onlyTrade=True)
    with Doomed(broker) as doomed:
        doomed.does(FreezeKey(broker.key, True))
        reading = read(broker, READS[0])
        peer.say({"id": "1", "action": "place_order", "args": base_order()})
        await turns()
        assert not reading.done()
        assert peer.from_server.empty()
        if kept:
            doomed.succeed()
            refuses(await reading, 100041)
            assert await peer.ended() == (1008, "key changed")
        else:
            doomed.fail()
            refuses(await reading, 50001)
            assert int((await peer.hear())["code"]) == 50001
            assert (await read(broker, READS[0])).json["code"] == 200000, "nobody remembers it"


@in_loop
async def test_a_fault_whose_arming_was_never_kept_meets_nobody(broker: Broker) -> None:
    with Doomed(broker) as doomed:
        doomed.does(ArmFault(FaultKind.FORCE_CODE, FaultMatch(), 400012, (), 0, 0, 0, None, 0))
        assert broker.services.faults.armed
        await turns()
        doomed.fail()
        await turns()
        await broker.sequencer.settled()
    assert not broker.services.faults.armed
    assert (await read(broker, READS[0])).json["code"] == 200000
