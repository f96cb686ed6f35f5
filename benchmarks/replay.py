"""How fast recorded messages become books: `python -m benchmarks.replay [--json]`.

Every line of the three recordings is read from its gzip file, told apart, decoded where it is a
depth message, a trade or a snapshot, rebuilt by the venue's continuity rules and applied to a
book, whose best levels are read after each change. bookTicker lines are counted as messages and
passed over, as in normal play. Nothing is warm but the operating system's file cache.

The floor is the least that any reader of these files in Python must do: gunzip, split into
lines, and decode the same lines with msgspec into untyped objects. It decodes the bookTicker
lines too, which this reader does not, so a ratio near 1 is possible.

Seconds are seconds of processor time, so that "on one core" holds on a machine that others use
as well; nothing here waits, and on a free core the wall clock shows the same. The two are
measured in turn and the best pass of each counts, for what disturbs a pass only makes it slower.
"""

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.machine import description
from openprime.market.book import Book
from openprime.market.capture import Capture
from openprime.market.events import DepthChange, DepthSnapshot
from openprime.market.rebuild import Rebuilder
from openprime.model.instrument import Instrument
from openprime.model.reference import build

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "BINANCE_PERP_BTC_USDT": "usdm_btcusdt_20240808.gz",
    "BINANCE_PERP_ETH_USDT": "usdm_ethusdt_20240808.gz",
    "BINANCE_SPOT_BTC_USDT": "spot_btcusdt_20240808.gz",
}
GOAL_MESSAGES_PER_SECOND = 150_000
PASSES = 5
RECEIVE_TIME_BYTES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--passes", type=int, default=PASSES, help="the best pass counts")
    arguments = parser.parse_args()
    result = measure(arguments.passes)
    if not arguments.json:
        figures = result["figures"]
        print(
            f"{figures['messages_per_second']:,} messages/s "
            f"(goal {GOAL_MESSAGES_PER_SECOND:,}), {figures['ratio_to_floor']} times the floor",
            file=sys.stderr,
        )
    print(json.dumps(result))


def measure(passes: int) -> dict[str, dict[str, object]]:
    """The benchmark's one object: machine, versions, figures."""
    folder = Path(os.environ.get("OPENPRIME_RECORDINGS") or ROOT.parent / "shared" / "data")
    document = json.loads((ROOT / "src/openprime/data/reference.json").read_text())
    instruments = build(document).instruments
    recordings = [(folder / name, instruments[sym]) for sym, name in FILES.items()]
    paths = [path for path, _ in recordings]
    messages = sum(_decode_lines(path) for path in paths)
    replay_seconds = floor_seconds = float("inf")
    for _ in range(passes):
        replay_seconds = min(replay_seconds, _seconds(lambda: _replay_all(recordings)))
        floor_seconds = min(
            floor_seconds, _seconds(lambda: [_decode_lines(path) for path in paths])
        )
    per_second = round(messages / replay_seconds)
    return {
        "benchmark": {"name": "replay", "passes": passes},
        **description(),
        "figures": {
            "messages": messages,
            "replay_seconds": round(replay_seconds, 4),
            "messages_per_second": per_second,
            "floor_seconds": round(floor_seconds, 4),
            "floor_messages_per_second": round(messages / floor_seconds),
            "ratio_to_floor": round(replay_seconds / floor_seconds, 3),
            "goal_messages_per_second": GOAL_MESSAGES_PER_SECOND,
            "goal_met": per_second >= GOAL_MESSAGES_PER_SECOND,
        },
    }


def _replay_all(recordings: list[tuple[Path, Instrument]]) -> None:
    for path, instrument in recordings:
        _replay(path, instrument)


def _replay(path: Path, instrument: Instrument) -> None:
    book = Book(instrument.sym)
    rebuilder = Rebuilder(instrument.sym, futures=instrument.is_perp, snapshots=1, known=None)
    for event in rebuilder.events(Capture([path], instrument).messages()):
        if isinstance(event, DepthChange):
            book.apply_change(event)
            book.best_bid()
            book.best_ask()
        elif isinstance(event, DepthSnapshot):
            book.apply_snapshot(event)


def _decode_lines(path: Path) -> int:
    decode = msgspec.json.Decoder().decode
    lines = gzip.decompress(path.read_bytes()).splitlines()
    for line in lines:
        decode(line[RECEIVE_TIME_BYTES:])
    return len(lines)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
