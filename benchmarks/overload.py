"""Twice as many orders as can be done: what is refused, who still gets an answer, and how soon all
is well again.

    python -m benchmarks.overload [--json] [--seconds S] [--times T]

The broker is `openprime up` on core 0, its clients on core 1. First the capacity is measured: the
orders filled a second over 64 private sockets with one under way on each. Then T times as many
come, by the clock and not by the replies, over 200 sockets, while two other clients go on: one
cancels its resting orders over a private socket of its own, one reads an order over REST, each 20
times a second. What is refused must be refused with 400011, and nothing else may fail.

Afterwards orders come one by one: `normal_again_s` is when the first of them is accepted as fast as
99 % were before the flood.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.crowd import Desk, Orders
from benchmarks.load import HANG_SECONDS
from benchmarks.machine import description
from benchmarks.orders_servers import LOAD_CORE, SERVER_CORE, Server, port_of, start_broker
from benchmarks.orders_trader import DISTANCES, ORDER_PATH, PRIVATE_PATH, Trader

SOCKETS = 200
CAPACITY_SOCKETS = 64
CAPACITY_SECONDS = 5.0
BESIDE_PER_SECOND = 20
NORMAL_SECONDS_MAX = 10.0
SUCCESS = b"200000"
REFUSED = b"400011"


class Replies:
    """What came back, by code."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.times_ms: list[float] = []

    def took(self, code: bytes, seconds: float) -> None:
        self.codes[code.decode()] += 1
        self.times_ms.append(1000 * seconds)

    def told(self) -> dict[str, Any]:
        times = sorted(self.times_ms) or [0.0]
        return {
            "replies": dict(self.codes),
            "p50_ms": round(statistics.median(times), 2),
            "p99_ms": round(times[int(len(times) * 0.99)], 2),
            "longest_ms": round(times[-1], 2),
        }


class Flood:
    """The sockets, and what is asked over them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.orders = Orders(server.ready["rest_url"])
        self.trader = Trader(server, DISTANCES["fill"])
        self.replies = Replies()
        self.desks: list[Desk] = []

    async def desk(self, replies: Replies | None = None) -> Desk:
        """One more private socket; without `replies` of its own its replies are the flood's."""
        took = self._took if replies is None else replies.took
        desk = Desk(took)
        await desk.open(port_of(self.server), PRIVATE_PATH, self.trader.login())
        return desk

    def _took(self, code: bytes, seconds: float) -> None:
        self.replies.took(code, seconds)

    async def capacity(self) -> float:
        """Orders a second with one under way on each socket."""
        self.replies = replies = Replies()
        begin = time.perf_counter()
        while time.perf_counter() - begin < CAPACITY_SECONDS:
            for desk in self.desks[:CAPACITY_SOCKETS]:
                if not desk.under_way:
                    desk.ask(self.orders.frame())
            await asyncio.sleep(0.0005)
        per_second = len(replies.times_ms) / (time.perf_counter() - begin)
        await self.drained()
        return per_second

    async def drained(self) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            for desk in self.desks:
                while desk.under_way:  # noqa: ASYNC110  # replies come by callback
                    await asyncio.sleep(0.001)

    async def pour(self, per_second: float, seconds: float) -> float:
        """Orders at a rate, whatever becomes of them; how many a second were really sent."""
        self.replies = Replies()
        begin, sent = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - begin) < seconds:
            for _ in range(int(elapsed * per_second) - sent):
                self.desks[sent % len(self.desks)].ask(self.orders.frame())
                sent += 1
            await asyncio.sleep(0.001)
        return sent / (time.perf_counter() - begin)

    async def normal_again(self, within_ms: float) -> float:
        """Seconds until an order is accepted in time."""
        begin = time.perf_counter()
        while (waited := time.perf_counter() - begin) < NORMAL_SECONDS_MAX:
            replies = Replies()
            desk = await self.desk(replies)
            desk.ask(self.orders.frame())
            while desk.under_way:  # noqa: ASYNC110  # replies come by callback
                await asyncio.sleep(0.001)
            waited = time.perf_counter() - begin
            desk.peer.transport.close()
            if replies.codes[SUCCESS.decode()] and replies.times_ms[0] <= within_ms:
                return waited
        return NORMAL_SECONDS_MAX


class Beside:
    """The clients that go on during the flood."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._resting: list[str] = []
        self.cancels = Replies()
        self.reads = Replies()
        self._desk: Desk

    async def prepare(self, count: int) -> None:
        """Orders that rest, to be cancelled later."""
        orders = self._flood.orders
        placed = Replies()
        self._desk = await self._flood.desk(placed)
        for _ in range(count):
            self._desk.ask(orders.frame(crossing=False))
            self._resting.append(f"crowd-{orders.made}")
            while self._desk.under_way:  # noqa: ASYNC110  # replies come by callback
                await asyncio.sleep(0.001)
        if placed.codes[SUCCESS.decode()] != count:
            raise SystemExit(f"expected {count} resting orders, found {dict(placed.codes)}")
        self._desk.peer.transport.close()
        self._desk = await self._flood.desk(self.cancels)

    async def run(self) -> None:
        """Cancel and read, until cancelled."""
        await asyncio.gather(self._cancel(), self._read())

    async def _cancel(self) -> None:
        for number in self._resting:
            asked = {"id": number, "action": "cancel_order", "args": {"clientOrderId": number}}
            self._desk.ask(json.dumps(asked, separators=(",", ":")).encode())
            await asyncio.sleep(1 / BESIDE_PER_SECOND)

    async def _read(self) -> None:
        """Look at the order that is cancelled last of all."""
        trader, number = self._flood.trader, self._resting[-1]
        base = self._flood.server.ready["rest_url"]
        while True:
            nonce = str(int(time.time()))
            request = urllib.request.Request(
                f"{base}{ORDER_PATH}?clientOrderId={number}",
                headers={
                    "X-MBX-APIKEY": trader.access_key,
                    "nonce": nonce,
                    "signature": trader.sign(f"clientOrderId={number}&{nonce}"),
                },
            )
            begin = time.perf_counter()
            code = await asyncio.to_thread(_code_of, request)
            self.reads.took(code, time.perf_counter() - begin)
            await asyncio.sleep(1 / BESIDE_PER_SECOND)


def _code_of(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
        return str(json.load(answer)["code"]).encode()


async def overload(server: Server, seconds: float, times: float) -> dict[str, Any]:
    flood = Flood(server)
    await asyncio.to_thread(flood.orders.look)
    for _ in range(SOCKETS):
        flood.desks.append(await flood.desk())
    beside = Beside(flood)
    await beside.prepare(int(seconds * BESIDE_PER_SECOND))
    capacity = await flood.capacity()
    usual = flood.replies.told()
    going_on = asyncio.create_task(beside.run())
    offered = await flood.pour(times * capacity, seconds)
    going_on.cancel()
    again = await flood.normal_again(usual["p99_ms"])
    await flood.drained()
    codes = flood.replies.codes
    done, refused = codes.pop(SUCCESS.decode(), 0), codes.pop(REFUSED.decode(), 0)
    return {
        "capacity_per_second": round(capacity),
        "usual": usual,
        "offered_per_second": round(offered),
        "accepted_per_second": round(done / seconds),
        "refused_with_400011_per_second": round(refused / seconds),
        "other_codes": dict(codes),
        "p99_ms_of_replies": flood.replies.told()["p99_ms"],
        "cancels": beside.cancels.told(),
        "reads": beside.reads.told(),
        "normal_again_s": round(again, 3),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The benchmark's one object."""
    os.sched_setaffinity(0, {LOAD_CORE if (os.cpu_count() or 1) > 1 else SERVER_CORE})
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        server = start_broker(Path(name), [])
        try:
            before = os.getloadavg()[0]
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                found = runner.run(overload(server, arguments.seconds, arguments.times))
        finally:
            server.stop()
    return {
        "benchmark": "overload",
        **description(),
        "times_capacity": arguments.times,
        "seconds": arguments.seconds,
        "load_average_before": before,
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--seconds", type=float, default=10.0, help="of the flood")
    parser.add_argument("--times", type=float, default=2.0, help="the capacity")
    parser.add_argument("--folder", help="where the data folder is made: the disk that is measured")
    arguments = parser.parse_args()
    result = measure(arguments)
    if not arguments.json:
        print(
            f"{result['offered_per_second']:,} orders/s offered, "
            f"{result['accepted_per_second']:,} accepted, "
            f"{result['refused_with_400011_per_second']:,} refused, cancels p99 "
            f"{result['cancels']['p99_ms']} ms, reads p99 {result['reads']['p99_ms']} ms, "
            f"normal again after {result['normal_again_s']} s",
            file=sys.stderr,
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
