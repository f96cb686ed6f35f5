"""Durable order acknowledgements a second, beside a floor measured in the same run.

    python -m benchmarks.orders [--json] [--orders fill|away] [--rounds N] [--seconds S]

The server runs on core 0, the load generator on core 1. The broker is `openprime up` as anybody
starts it: every reply is on disk first, and the synthetic market of all symbols runs beside.

What is ordered: LIMIT IOC orders of the BTC and ETH perpetuals, BUY and SELL in turn. With
`--orders fill`, the default, the price crosses the market, so that each order lives a whole life:
placed, accepted, filled, booked into position and wallet, and written to history. That is the
dearest order there is. With `--orders away` it is far from the market, and the venue cancels it at
once. Orders that rest would soon meet the 60 that a symbol may have at work; for the same reason 64
connections need two symbols. Acknowledgements of placements alone are counted; what the venue
reports becomes durable beside them.

The floor is uvicorn, with the same settings, over a function that only decodes the JSON, checks
the HMAC and encodes a reply (orders_floor.py). Rounds of floor and broker take turns, the other
server stopped meanwhile, and the figures are medians: on a shared machine only the ratio of
neighbours means something.

The private socket is measured with as many connections, each logged in with onlyTrade (so no
pushes), one order under way on each; its floor decodes a frame and encodes a reply.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import load
from benchmarks.load import HttpConnection, Measured, SocketConnection, Supply
from benchmarks.machine import description
from benchmarks.orders_servers import (
    LOAD_CORE,
    SERVER_CORE,
    Server,
    port_of,
    start_broker,
    start_floor,
)
from benchmarks.orders_trader import DISTANCES, PRIVATE_PATH, Trader

ORDERS_PER_SECOND_MAX = 15_000
WARM_UP_SECONDS = 0.4
# A broker that was stopped first moves its market to the present.
CATCH_UP_SECONDS = 1.0
GOAL_RATIO = 0.4
GOAL_P99_MS = 10.0


class Bench:
    """The servers, the trader and the rounds."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self.broker = start_broker(folder, arguments.broker_option)
        self.floor = start_floor(folder, self.broker.ready["secret_key"])
        self._trader = Trader(self.broker, DISTANCES[arguments.orders])
        self._seconds: float = arguments.seconds
        self._rounds: int = arguments.rounds

    def close(self) -> None:
        self.broker.stop()
        self.floor.stop()

    def compare(self, connections: int, socket: bool = False) -> dict[str, Any]:
        """Floor and broker in turns; medians of the rounds."""
        floors, brokers = [], []
        for _ in range(self._rounds):
            self.broker.go_on()
            self._trader.look()
            self.broker.pause()
            self.floor.go_on()
            floors.append(self._round(self.floor, connections, socket))
            self.floor.pause()
            self.broker.go_on()
            time.sleep(CATCH_UP_SECONDS)
            brokers.append(self._round(self.broker, connections, socket))
        self.floor.go_on()
        ratios = [b.per_second / f.per_second for b, f in zip(brokers, floors, strict=True)]

        def median(of: Callable[[Measured], float], rounds: list[Measured], places: int) -> float:
            return round(statistics.median(map(of, rounds)), places)

        return {
            "connections": connections,
            "orders_per_second": median(lambda m: m.per_second, brokers, 0),
            "floor_per_second": median(lambda m: m.per_second, floors, 0),
            "ratio": round(statistics.median(ratios), 3),
            "p50_ms": median(lambda m: m.p50_ms, brokers, 2),
            "p99_ms": median(lambda m: m.p99_ms, brokers, 2),
            "floor_p50_ms": median(lambda m: m.p50_ms, floors, 2),
            "floor_p99_ms": median(lambda m: m.p99_ms, floors, 2),
            "core_us_per_order": median(lambda m: m.core_us, brokers, 0),
            "floor_core_us_per_order": median(lambda m: m.core_us, floors, 0),
            "ratios": [round(ratio, 3) for ratio in ratios],
            "orders": sum(m.replies for m in brokers),
        }

    def _round(self, server: Server, connections: int, socket: bool) -> Measured:
        self._one(server, connections, socket, WARM_UP_SECONDS)
        before = server.core_seconds()
        measured = self._one(server, connections, socket, self._seconds)
        core_us = 1_000_000 * (server.core_seconds() - before) / measured.replies
        if measured.refused:
            raise SystemExit(
                f"{measured.refused} of {measured.replies} replies are refusals, "
                f"the first: {measured.first_refusal.decode(errors='replace')}"
            )
        return measured._replace(core_us=core_us)

    def _one(self, server: Server, connections: int, socket: bool, seconds: float) -> Measured:
        port, trader = port_of(server), self._trader
        make = trader.frames if socket else trader.requests
        opening = [load.upgrade_request(PRIVATE_PATH, port), trader.login()] if socket else []
        supply = Supply(make(port, int(seconds * ORDERS_PER_SECOND_MAX)), b":200000,", seconds)
        kind = SocketConnection if socket else HttpConnection
        work = load.run(kind, port, connections, supply, opening)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The benchmark's one object."""
    os.sched_setaffinity(0, {LOAD_CORE if (os.cpu_count() or 1) > 1 else SERVER_CORE})
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        bench = Bench(Path(name), arguments)
        try:
            bench.floor.pause()
            result = {
                "benchmark": "orders",
                **description(),
                "orders": arguments.orders,
                "rounds": arguments.rounds,
                "seconds": arguments.seconds,
                "broker_options": arguments.broker_option,
                "market_share_of_core": round(bench.broker.idle_share(), 3),
            }
            result["rest"] = bench.compare(16)
            if not arguments.only_rest:
                result["rest_64"] = bench.compare(64)
                result["socket"] = bench.compare(16, socket=True)
            result["goal_ratio"], result["goal_p99_ms"] = GOAL_RATIO, GOAL_P99_MS
            return result
        finally:
            bench.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--orders", choices=list(DISTANCES), default="fill")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--only-rest", action="store_true", help="16 connections of REST alone")
    parser.add_argument("--folder", help="where the data folder is made: the disk that is measured")
    parser.add_argument("--broker-option", action="append", default=[], metavar="OPTION")
    arguments = parser.parse_args()
    result = measure(arguments)
    if not arguments.json:
        for name in ("rest", "rest_64", "socket"):
            if name in result:
                row = result[name]
                print(
                    f"{name}: {row['orders_per_second']:,.0f} orders/s, "
                    f"{row['ratio']} of the floor, p99 {row['p99_ms']} ms",
                    file=sys.stderr,
                )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
