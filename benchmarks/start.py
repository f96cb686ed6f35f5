"""How soon a broker works, and what it weighs at rest: `python -m benchmarks.start [--json]`.

A start is the command `openprime up` on an empty folder, timed from before its process is made
until the answer to a first order that was sent as soon as the ready file was there. The same is
done on a folder that was used before. Memory is the resident size when the broker has had
nothing to do but its synthetic market for some seconds. A second figure of each start is the
processor time it took, which a busy machine does not lengthen by waiting.

The floor is what any server of these libraries must do: start Python and import them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import description
from tests.served import Client, ServedBroker

GOAL_SECONDS = 2.0
GOAL_MEMORY_MB = 200
ROUNDS = 5
REST_SECONDS = 10
ORDER = {
    "sym": "BINANCE_PERP_BTC_USDT",
    "side": "BUY",
    "orderType": "MARKET",
    "orderQty": "0.01",
}
LIBRARIES = (
    "click, cryptography.fernet, msgspec, sqlalchemy, structlog, uvicorn, uvloop, websockets"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="starts; the median counts")
    arguments = parser.parse_args()
    result = measure(arguments.rounds)
    if not arguments.json:
        figures = result["figures"]
        print(
            f"first order after {figures['empty_folder_seconds']} s (goal {GOAL_SECONDS} s), "
            f"{figures['memory_mb']} MB at rest (goal {GOAL_MEMORY_MB} MB)",
            file=sys.stderr,
        )
    print(json.dumps(result))


def measure(rounds: int) -> dict[str, dict[str, object]]:
    """The benchmark's one object: machine, versions, figures."""
    empty, used, floors, empty_processor = [], [], [], []
    memory_mb = 0.0
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            broker = ServedBroker(Path(folder))
            empty.append(_first_order(broker))
            empty_processor.append(_processor_seconds(broker))
            broker.stop()
            used.append(_first_order(broker))
            if number == 0:
                # Nothing tells when a process has settled; what is measured is a time of rest.
                time.sleep(REST_SECONDS)
                memory_mb = _resident_mb(broker)
            broker.stop()
        floors.append(_floor())
    seconds = statistics.median(empty)
    return {
        "benchmark": {"name": "start", "rounds": rounds},
        **description(),
        "figures": {
            "empty_folder_seconds": round(seconds, 3),
            "empty_folder_processor_seconds": round(statistics.median(empty_processor), 3),
            "used_folder_seconds": round(statistics.median(used), 3),
            "floor_seconds": round(statistics.median(floors), 3),
            "ratio_to_floor": round(seconds / statistics.median(floors), 2),
            "start_goal_met": seconds <= GOAL_SECONDS,
            "memory_mb": round(memory_mb, 1),
            "memory_goal_met": memory_mb <= GOAL_MEMORY_MB,
        },
    }


def _first_order(broker: ServedBroker) -> float:
    """Seconds from the command to the answer that accepts a first order."""
    begin = time.perf_counter()
    broker.start()
    client = Client(broker.rest_url, broker.access_key, broker.secret_key)
    client.data("POST", "/api/v1/trading/order", **ORDER)
    seconds = time.perf_counter() - begin
    client.close()
    return seconds


def _processor_seconds(broker: ServedBroker) -> float:
    """User and system time of the broker's process so far."""
    assert broker.process is not None
    fields = Path(f"/proc/{broker.process.pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident_mb(broker: ServedBroker) -> float:
    assert broker.process is not None
    for line in Path(f"/proc/{broker.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("expected the kernel to tell VmRSS")


def _floor() -> float:
    """Seconds to start Python and import the libraries."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {LIBRARIES}"], check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
