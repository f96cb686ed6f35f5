"""The two servers of the fan-out benchmark: the broker over a market that says one thing, and its
floor.

    python -m benchmarks.fanout_server broker|floor READY_FILE

Both say the best prices of one symbol as often as they are told to: each line on their standard
input is a number of changes a second. The best bid's quantity is the moment of the change, by the
machine's monotonic clock, so that whoever reads the frame knows how old it is.

The floor is uvicorn with its own websocket protocol, under an application that sends the same
bytes to everybody.
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from benchmarks.load import LOOPBACK
from openprime.api.sockets.server import SERVER_SETTINGS
from openprime.market.events import DepthChange, DepthSnapshot, MarketEvent
from openprime.server.config import ServerConfig
from openprime.server.pump import EVENTS_PER_PULL, PULL_INTERVAL_SECONDS
from openprime.server.serving import Serving

SYM = "BINANCE_PERP_BTC_USDT"
BID_TICKS, ASK_TICKS = 600_000, 600_001
# One lot of the symbol is 0.001, so a microsecond is a thousandth in the text.
LOTS_PER_UNIT = 1000
# What stands still too long is not caught up with.
BEHIND_SECONDS_MAX = 0.2

_encode = msgspec.json.Encoder().encode


def moment_us() -> int:
    """Microseconds of a clock that all processes of the machine share."""
    return time.monotonic_ns() // 1000


class Beat:
    """How many changes are due, at a rate that another process sets."""

    def __init__(self) -> None:
        self._per_second = 0.0
        self._done_at = time.monotonic()

    def listen(self) -> None:
        """Take rates from the standard input."""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def _read(self) -> None:
        line = sys.stdin.readline()
        if not line:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            return
        self._per_second = float(line)
        self._done_at = time.monotonic()

    def due(self, most: int) -> int:
        """Changes due now, at most so many."""
        if not self._per_second:
            return 0
        now = time.monotonic()
        behind_s = max(BEHIND_SECONDS_MAX, 2 / self._per_second)
        self._done_at = max(self._done_at, now - behind_s)
        count = min(int((now - self._done_at) * self._per_second), most)
        self._done_at += count / self._per_second
        return count


class BestPrices:
    """A feed of one symbol whose best quantities change."""

    syms = (SYM,)

    def __init__(self, beat: Beat) -> None:
        self._beat = beat
        self._update_id = 0

    def pull(self, now_ms: int, limit: int = EVENTS_PER_PULL) -> list[MarketEvent]:
        if not self._update_id:
            self._update_id = 1
            return [DepthSnapshot(SYM, now_ms, 1, [(BID_TICKS, 1)], [(ASK_TICKS, 1)])]
        events: list[MarketEvent] = []
        for _ in range(self._beat.due(limit)):
            self._update_id += 1
            levels = [(BID_TICKS, moment_us())]
            events.append(DepthChange(SYM, now_ms, self._update_id, levels, []))
        return events

    def advance(self, delta_ms: int) -> None:
        """Nothing here hangs on the desk's clock."""


async def serve_broker(beat: Beat, ready: Callable[[int], None]) -> None:
    serving = Serving(ServerConfig(host=LOOPBACK, port=0, synthetic=False))
    await serving.start()
    serving.broker.pump.feeds = [BestPrices(beat)]
    ready(serving.port)
    await serving.stopping.wait()


class Floor:
    """The ASGI application: every frame to everybody."""

    def __init__(self) -> None:
        self._sends: dict[Callable[[dict[str, Any]], Awaitable[None]], None] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if (await receive())["type"] != "websocket.receive":
            return
        await send({"type": "websocket.send", "text": "subscribed"})
        self._sends[send] = None
        try:
            while (await receive())["type"] == "websocket.receive":
                pass
        finally:
            del self._sends[send]

    async def run(self, beat: Beat) -> None:
        while True:
            for _ in range(beat.due(EVENTS_PER_PULL)):
                data = {
                    "bid": "60000",
                    "bidqty": str(moment_us() / LOTS_PER_UNIT),
                    "ask": "60000.1",
                    "askqty": "0.001",
                    "ts": "1763900000000",
                }
                body = _encode({"arg": {"channel": "BBO", "sym": SYM}, "data": data}).decode()
                message = {"type": "websocket.send", "text": body}
                for send in list(self._sends):
                    await send(message)
            await asyncio.sleep(PULL_INTERVAL_SECONDS)


async def serve_floor(beat: Beat, ready: Callable[[int], None]) -> None:
    listener = socket.socket()
    listener.bind((LOOPBACK, 0))
    listener.listen(2048)
    listener.setblocking(False)
    floor = Floor()
    config = uvicorn.Config(
        floor,
        ws="websockets-sansio",
        **SERVER_SETTINGS,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    ready(listener.getsockname()[1])
    await asyncio.gather(uvicorn.Server(config).serve(sockets=[listener]), floor.run(beat))


SERVERS = {"broker": serve_broker, "floor": serve_floor}


async def serve(name: str, ready_file: Path) -> None:
    beat = Beat()
    beat.listen()

    def ready(port: int) -> None:
        draft = ready_file.with_suffix(".draft")
        draft.write_text(json.dumps(port))
        os.replace(draft, ready_file)

    await SERVERS[name](beat, ready)


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], Path(sys.argv[2])))


if __name__ == "__main__":
    main()
