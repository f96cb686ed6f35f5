"""Frames a second from one book to 10, 100 and 1,000 market subscribers, and how old they are.

    python -m benchmarks.fanout [--json] [--seconds S] [--subscribers N ...]

The broker runs on core 0, its subscribers on core 1. The market is one symbol whose best prices
change as often as the benchmark says; everything between the change and the socket is the
broker's own: market, exchange, hub, frames. Each change is one BBO frame to each subscriber.

Two loads are offered. A flood of more frames than can be sent shows how many are:
`frames_per_second` by the clock, and `frames_per_core_second` by the processor time that the server
had, which changes less when the machine has other work to do. What cannot be sent in time is
conflated, by the market sockets' own rule. A calm load, of a tenth of the goal, shows the delay:
from the change of the book to the moment at which the subscriber has read the frame. It includes
the pull of the market every 10 ms.

The floor (fanout_server.py) is uvicorn with its own websocket protocol, sending the same bytes.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from benchmarks.fanout_server import LOTS_PER_UNIT, SYM, moment_us
from benchmarks.load import HANG_SECONDS, LOOPBACK, text_frame, upgrade_request
from benchmarks.machine import description
from benchmarks.orders_servers import LOAD_CORE, SERVER_CORE, Server

PATH = "/marketdata/v2/public?binary=false"
SUBSCRIBE = json.dumps({"event": "subscribe", "arg": [{"channel": "BBO", "sym": SYM}]}).encode()
GOAL_FRAMES_PER_SECOND = 100_000
FLOOD_FRAMES_PER_SECOND = 400_000
CALM_FRAMES_PER_SECOND = 10_000
# So many connections look at the moments in their frames.
SAMPLED = 10
SETTLE_SECONDS = 0.3
_MOMENT = b'"bidqty":"'


class Tally:
    """What all subscribers have read since it was last cleared."""

    def __init__(self) -> None:
        self.frames = 0
        self.delays_ms: list[float] = []

    def clear(self) -> None:
        self.frames = 0
        self.delays_ms = []


class Subscriber(asyncio.Protocol):
    """One connection. It counts frames, and where `sampled` looks how old they are."""

    def __init__(self, tally: Tally, port: int, sampled: bool) -> None:
        self._tally = tally
        self._port = port
        self._sampled = sampled
        self._buffer = b""
        self._upgraded = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is none by type
        self.transport.write(upgrade_request(PATH, self._port))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"the server hung up: {error}"))

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            self._upgraded = True
            self.transport.write(text_frame(SUBSCRIBE))
        self._buffer = self._count(data)
        if not self.ready.done() and self._tally.frames:
            self.ready.set_result(None)

    def _count(self, data: bytes) -> bytes:
        """Count the whole frames; the rest."""
        at, size = 0, len(data)
        while size - at >= 4:
            short = data[at + 1]
            body = at + 2 if short < 126 else at + 4
            end = body + (short if short < 126 else data[at + 2] << 8 | data[at + 3])
            if end > size:
                break
            self._tally.frames += 1
            if self._sampled:
                self._look(data, body, end)
            at = end
        return data[at:]

    def _look(self, data: bytes, begin: int, end: int) -> None:
        found = data.find(_MOMENT, begin, end)
        if found >= 0:
            found += len(_MOMENT)
            text = data[found : data.index(b'"', found)]
            delay_us = moment_us() - float(text) * LOTS_PER_UNIT
            # The first book says no moment.
            if delay_us < 1_000_000 * HANG_SECONDS:
                self._tally.delays_ms.append(delay_us / 1000)


class Trial(NamedTuple):
    """What one load gave."""

    frames_per_second: float
    frames_per_core_second: float
    p50_ms: float
    p99_ms: float


async def connect(tally: Tally, port: int, subscribers: int) -> list[Subscriber]:
    loop = asyncio.get_running_loop()
    stride = max(subscribers // SAMPLED, 1)
    opened = []
    for index in range(subscribers):
        sampled = (index + 1) % stride == 0
        tally.clear()
        _, subscriber = await loop.create_connection(
            lambda sampled=sampled: Subscriber(tally, port, sampled), LOOPBACK, port
        )
        await asyncio.wait_for(subscriber.ready, HANG_SECONDS)
        opened.append(subscriber)
    return opened


async def trial(server: Server, tally: Tally, subscribers: int, offered: float, s: float) -> Trial:
    """Offer so many frames a second and see what arrives."""
    server.tell(f"{offered / subscribers}")
    await asyncio.sleep(SETTLE_SECONDS)
    loop = asyncio.get_running_loop()
    tally.clear()
    gc.collect()
    begin, core_before = loop.time(), server.core_seconds()
    await asyncio.sleep(s)
    frames, delays = tally.frames, sorted(tally.delays_ms)
    seconds, core = loop.time() - begin, server.core_seconds() - core_before
    server.tell("0")
    # What still waits leaves before the next trial.
    while tally.frames:
        tally.clear()
        await asyncio.sleep(SETTLE_SECONDS)
    if not delays or not core:
        raise SystemExit(f"expected frames at {offered:.0f} a second, found {frames}")
    p50_ms, p99_ms = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    return Trial(frames / seconds, frames / core, p50_ms, p99_ms)


async def both(server: Server, subscribers: int, seconds: float) -> dict[str, float]:
    """The flood and the calm."""
    tally = Tally()
    opened = await connect(tally, server.ready, subscribers)
    calm = await trial(server, tally, subscribers, CALM_FRAMES_PER_SECOND, seconds)
    flood = await trial(server, tally, subscribers, FLOOD_FRAMES_PER_SECOND, seconds)
    for subscriber in opened:
        subscriber.transport.close()
    return {
        "frames_per_second": round(flood.frames_per_second),
        "frames_per_core_second": round(flood.frames_per_core_second),
        "flood_p50_ms": round(flood.p50_ms, 2),
        "p50_ms": round(calm.p50_ms, 2),
        "p99_ms": round(calm.p99_ms, 2),
    }


def start(name: str, folder: Path) -> Server:
    ready_file = folder / f"{name}.json"
    command = ["benchmarks.fanout_server", name, str(ready_file)]
    return Server(command, ready_file, folder / f"{name}.log", told=True)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The benchmark's one object."""
    os.sched_setaffinity(0, {LOAD_CORE if (os.cpu_count() or 1) > 1 else SERVER_CORE})
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for subscribers in arguments.subscribers:
            found = {}
            for kind in ("floor", "broker"):
                server = start(kind, Path(name))
                try:
                    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                        work = both(server, subscribers, arguments.seconds)
                        found[kind] = runner.run(work)
                finally:
                    server.stop()
                    (Path(name) / f"{kind}.json").unlink()
            floor = {f"floor_{name}": value for name, value in found["floor"].items()}
            compared = "frames_per_core_second"
            ratio = found["broker"][compared] / found["floor"][compared]
            rows.append(
                {"subscribers": subscribers, **found["broker"], **floor, "ratio": round(ratio, 2)}
            )
    return {
        "benchmark": "fanout",
        **description(),
        "load_average": os.getloadavg()[0],
        "seconds": arguments.seconds,
        "fanout": rows,
        "goal_frames_per_second": GOAL_FRAMES_PER_SECOND,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[10, 100, 1000])
    arguments = parser.parse_args()
    result = measure(arguments)
    if not arguments.json:
        for row in result["fanout"]:
            print(
                f"{row['subscribers']} subscribers: {row['frames_per_core_second']:,} frames a "
                f"second of a core, {row['ratio']} of the floor; calm: delay {row['p50_ms']} ms, "
                f"p99 {row['p99_ms']} ms",
                file=sys.stderr,
            )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
