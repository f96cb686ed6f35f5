"""An hour of steady load: does anything grow, slow down, or break?

    python -m benchmarks.soak [--json] [--minutes M]

The broker is `openprime up` as anybody starts it, on core 0; its clients are on core 1: 200 private
sockets, of which 10 also hear the pushes of what all do, 500 market subscribers on ten symbols, and
one that subscribes to all of it and then reads nothing. First the capacity is measured with all of
them connected: filled orders a second with 64 under way, in the slowest of three spells, for what a
machine cannot do at all times is not its capacity. Then orders come at 70 % of it, by the clock and
not by the replies, from all private sockets in turn. At the end the capacity is measured again.

What is compared is the first and the last tenth of the time: reply times and the server's memory.
An order that has to wait because so many are under way counts as asked when it was due. The short
form is `--minutes 10`.

Where the machine slows down by a third, 70 % of what it could is all that it can, and reply times
grow without end. So beside them stands, for each tenth, how much of their cores the server and the
clients used, and how long a piece of plain Python took on the clients' core.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.crowd import SYMS, Desk, Orders, Peer, join, join_deaf, subscription
from benchmarks.machine import description
from benchmarks.orders_servers import LOAD_CORE, SERVER_CORE, Server, port_of, start_broker
from benchmarks.orders_trader import DISTANCES, PRIVATE_PATH, Trader

MARKET_PATH = "/marketdata/v2/public"
PRIVATE_SOCKETS = 200
LISTENING = 10
SUBSCRIBERS = 500
CAPACITY_UNDER_WAY = 64
CAPACITY_SPELLS = 3
SPELL_SECONDS = 20.0
UNDER_WAY_MAX = 200
QUIET_SECONDS = 2.0
SHARE_OF_CAPACITY = 0.7
TENTHS = 10
# A tenth must have looks enough to tell how it was.
MINUTES_MIN = 0.5
LOOK_SECONDS = 5.0
DEAF_SECONDS_MAX = 30.0
SUCCESS = b"200000"
# What a broker remembers is bounded. The widest bound, of client order ids, is made narrow, so that
# memory stands still within minutes if it ever does.
CONFIG = "[desk]\nclient_order_ids_kept_max = 20000\n"


def yardstick_us() -> float:
    """How long a fixed piece of Python takes: the machine's speed at this moment."""
    begin = time.perf_counter()
    sum(number * number for number in range(2_000))
    return 1e6 * (time.perf_counter() - begin)


class Tally:
    """Replies by tenth, and what went wrong."""

    def __init__(self) -> None:
        self.tenth = 0
        self.times_ms = [array("f") for _ in range(TENTHS)]
        self.memory_kb: list[list[int]] = [[] for _ in range(TENTHS)]
        # Moments, and the processor time of the server and the clients then, in seconds.
        self.core: list[list[tuple[float, float, float]]] = [[] for _ in range(TENTHS)]
        self.yardstick_us: list[list[float]] = [[] for _ in range(TENTHS)]
        self.errors: Counter[str] = Counter()

    def took(self, code: bytes, seconds: float) -> None:
        self.times_ms[self.tenth].append(1000 * seconds)
        if code != SUCCESS:
            self.errors[code.decode()] += 1

    def p99_ms(self, tenth: int) -> float:
        times = sorted(self.times_ms[tenth])
        return round(times[int(len(times) * 0.99)], 2) if times else 0.0

    def look(self, server: Server) -> None:
        """Note how the server and the machine are."""
        self.memory_kb[self.tenth].append(server.memory_kb())
        used = (time.perf_counter(), server.core_seconds(), time.process_time())
        self.core[self.tenth].append(used)
        self.yardstick_us[self.tenth].append(yardstick_us())

    def shares_of_cores(self, tenth: int) -> tuple[float, float]:
        """How much of its core the server used, and how much of theirs the clients."""
        (begin, *before), *_, (end, *after) = self.core[tenth]
        server, clients = (
            round((used - used_before) / (end - begin), 2)
            for used_before, used in zip(before, after, strict=True)
        )
        return server, clients

    def machine_us(self, tenth: int) -> float:
        return round(statistics.median(self.yardstick_us[tenth]), 1)

    def memory_mb(self, tenth: int) -> float:
        samples = self.memory_kb[tenth]
        return round(sum(samples) / len(samples) / 1024, 1) if samples else 0.0


class Soak:
    """The clients and their load."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tally = Tally()
        self.orders = Orders(server.ready["rest_url"])
        self.desks: list[Desk] = []
        self.market: list[Peer] = []
        self.deaf: Peer
        self._next = 0

    async def connect(self) -> None:
        port = port_of(self.server)
        trader = Trader(self.server, DISTANCES["fill"])
        for number in range(SUBSCRIBERS):
            path = MARKET_PATH + ("?binary=false" if number % 2 else "")
            peer = await join(port, path)
            syms = [SYMS[number % len(SYMS)]]
            peer.say(subscription("BBO", "TRADE", "ORDER_BOOK", syms=syms))
            self.market.append(peer)
        asked = subscription("BBO", "TRADE", "ORDER_BOOK", level=200)
        self.deaf = await join_deaf(port, MARKET_PATH + "?binary=false", asked)
        # These last, for a private socket that says nothing for 35 s is closed.
        for number in range(PRIVATE_SOCKETS):
            desk = Desk(self._took)
            await desk.open(port, PRIVATE_PATH, trader.login(only_trade=number >= LISTENING))
            self.desks.append(desk)

    def _took(self, code: bytes, seconds: float) -> None:
        self.tally.took(code, seconds)

    @property
    def under_way(self) -> int:
        return sum(desk.under_way for desk in self.desks)

    def ask(self, due_at: float | None = None) -> None:
        """One more order, from the socket whose turn it is."""
        self.desks[self._next % len(self.desks)].ask(self.orders.frame(), due_at)
        self._next += 1

    async def capacity(self) -> float:
        """Orders a second with so many always under way, in the slowest spell."""
        slowest = min([await self._spell() for _ in range(CAPACITY_SPELLS)])
        if not slowest:
            raise SystemExit("expected replies from the server, found a spell without one")
        return slowest

    async def _spell(self) -> float:
        kept, self.tally = self.tally, Tally()
        begin = time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < SPELL_SECONDS:
            for _ in range(CAPACITY_UNDER_WAY - self.under_way):
                self.ask()
            await asyncio.sleep(0.001)
        per_second = len(self.tally.times_ms[0]) / elapsed
        # What is still under way belongs to the spell.
        await asyncio.sleep(QUIET_SECONDS)
        kept.errors.update(self.tally.errors)
        self.tally = kept
        return per_second

    async def run(self, per_second: float, seconds: float) -> None:
        """Orders at a rate."""
        begin = time.perf_counter()
        sent = 0
        next_look, next_memory = begin, begin
        looking: asyncio.Task[None] | None = None
        while (elapsed := time.perf_counter() - begin) < seconds:
            self.tally.tenth = min(int(TENTHS * elapsed / seconds), TENTHS - 1)
            due = int(elapsed * per_second) - sent
            for _ in range(min(due, UNDER_WAY_MAX - self.under_way)):
                self.ask(begin + sent / per_second)
                sent += 1
            now = begin + elapsed
            if now >= next_memory:
                next_memory = now + 1
                self.tally.look(self.server)
            if now >= next_look:
                next_look = now + LOOK_SECONDS
                looking = asyncio.create_task(asyncio.to_thread(self.orders.look))
            await asyncio.sleep(0.002)
        if looking is not None:
            await looking
        await asyncio.sleep(QUIET_SECONDS)

    async def fate_of_the_deaf(self) -> str:
        """What became of the client that reads nothing, as it finds when it reads again."""
        self.deaf.transport.resume_reading()
        frames, begin = -1, time.perf_counter()
        while time.perf_counter() - begin < DEAF_SECONDS_MAX and not self.deaf.gone:
            if self.deaf.frames == frames:
                break
            frames = self.deaf.frames
            await asyncio.sleep(1)
        if not self.deaf.gone:
            return "conflated"
        return f"dropped with {self.deaf.closed}" if self.deaf.closed else "cut off"


async def soak(server: Server, minutes: float) -> dict[str, Any]:
    clients = Soak(server)
    await asyncio.to_thread(clients.orders.look)
    await clients.connect()
    capacity = await clients.capacity()
    rate = SHARE_OF_CAPACITY * capacity
    heard_before = [peer.frames for peer in clients.market]
    await clients.run(rate, 60 * minutes)
    tally, unanswered = clients.tally, clients.under_way
    heard = [
        peer.frames - before for peer, before in zip(clients.market, heard_before, strict=True)
    ]
    capacity_after = await clients.capacity()
    fate = await clients.fate_of_the_deaf()
    shares = [tally.shares_of_cores(tenth) for tenth in range(TENTHS)]
    first, last = tally.p99_ms(0), tally.p99_ms(TENTHS - 1)
    return {
        "capacity_per_second": round(capacity),
        "capacity_afterwards_per_second": round(capacity_after),
        "offered_per_second": round(rate),
        "orders": sum(map(len, tally.times_ms)),
        "unanswered": unanswered,
        "errors": tally.errors,
        "p99_ms_first_tenth": first,
        "p99_ms_last_tenth": last,
        "p99_ms_by_tenth": [tally.p99_ms(tenth) for tenth in range(TENTHS)],
        "memory_mb_first_tenth": tally.memory_mb(0),
        "memory_mb_last_tenth": tally.memory_mb(TENTHS - 1),
        "memory_mb_by_tenth": [tally.memory_mb(tenth) for tenth in range(TENTHS)],
        "share_of_core_by_tenth": [server for server, _ in shares],
        "share_of_clients_core_by_tenth": [used for _, used in shares],
        "yardstick_us_by_tenth": [tally.machine_us(tenth) for tenth in range(TENTHS)],
        "private_sockets_lost": sum(desk.peer.gone for desk in clients.desks),
        "subscribers_lost": sum(peer.gone for peer in clients.market),
        "fewest_frames_a_second_of_a_subscriber": round(min(heard) / (60 * minutes), 2),
        "frames_a_second_to_subscribers": round(sum(heard) / (60 * minutes)),
        "slow_reader": fate,
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The benchmark's one object."""
    os.sched_setaffinity(0, {LOAD_CORE if (os.cpu_count() or 1) > 1 else SERVER_CORE})
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        config = Path(name) / "soak.toml"
        config.write_text(CONFIG)
        server = start_broker(Path(name), ["--config", str(config)])
        try:
            before = os.getloadavg()[0]
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                found = runner.run(soak(server, arguments.minutes))
        finally:
            server.stop()
    return {
        "benchmark": "soak",
        **description(),
        "minutes": arguments.minutes,
        "private_sockets": PRIVATE_SOCKETS,
        "market_subscribers": SUBSCRIBERS,
        "load_average_before": before,
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", help="where the data folder is made: the disk that is measured")
    arguments = parser.parse_args()
    if arguments.minutes < MINUTES_MIN:
        parser.error(f"expected at least {MINUTES_MIN} minutes, found {arguments.minutes}")
    result = measure(arguments)
    if not arguments.json:
        print(
            f"{result['orders']:,} orders at {result['offered_per_second']:,} a second, "
            f"errors {result['errors']}, p99 {result['p99_ms_first_tenth']} then "
            f"{result['p99_ms_last_tenth']} ms, memory {result['memory_mb_first_tenth']} then "
            f"{result['memory_mb_last_tenth']} MB, slow reader {result['slow_reader']}",
            file=sys.stderr,
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
