"""How long a start takes: `python -m benchmarks.recovery [--json]`.

Two starts are measured, each of a folder that was written by the same desk and store as a server's.

1. After a crash with no snapshot at all: a million commands from the journal. Of 7 commands, 2
   place orders, the others are what a venue says of them (both accepted, one filled), a cancel and
   its confirmation, and now and then new prices. Every event is checked against the digest.
2. After a clean stop: 100,000 open orders of many portfolios from the snapshot, hash checked.

The floors are the least that any reader of these files in Python must do: read the same journal
rows and decode them into typed commands; read the same snapshot, inflate it and decode it into
untyped objects. Nothing is warm but the operating system's file cache.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import msgspec
from sqlalchemy import select

from benchmarks.machine import description
from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.events import Event
from openprime.desk.state import Order
from openprime.model.reference import Reference, build
from openprime.model.venue import Accepted, Cancelled, Filled, VenueReport
from openprime.model.vocabulary import (
    Exchange,
    Liquidity,
    OrderType,
    Side,
    TimeInForce,
    UserKind,
)
from openprime.store import Batch, Store, recover
from openprime.store.digest import next_digest
from openprime.store.snapshots import load, pack
from openprime.store.tables import journal
from openprime.store.writer import decode_envelopes

GOAL_REPLAY_SECONDS = 60
GOAL_SNAPSHOT_SECONDS = 3
COMMANDS = 1_000_000
OPEN_ORDERS = 100_000
BATCH_COMMANDS = 50
ORDERS_A_PORTFOLIO_MAX = 1000
START_MS = 1_800_000_000_000


class Taken(msgspec.Struct):
    """`processor_seconds` is what a machine without other work would nearly need."""

    seconds: float
    processor_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="journaled, no snapshot")
    parser.add_argument("--orders", type=int, default=OPEN_ORDERS, help="open, in a snapshot")
    arguments = parser.parse_args()
    result = measure(arguments.commands, arguments.orders)
    if not arguments.json:
        figures = result["figures"]
        print(
            f"{arguments.commands:,} commands in {figures['replay_seconds']} s "
            f"(goal {GOAL_REPLAY_SECONDS} s a million), "
            f"{arguments.orders:,} open orders in {figures['snapshot_seconds']} s "
            f"(goal {GOAL_SNAPSHOT_SECONDS} s for 100,000)",
            file=sys.stderr,
        )
    print(json.dumps(result))


def measure(commands: int, orders: int) -> dict[str, dict[str, object]]:
    """The benchmark's one object: machine, versions, figures."""
    rules = build(json.loads(files("openprime").joinpath("data/reference.json").read_bytes()))
    with tempfile.TemporaryDirectory() as folder:
        replay, replay_floor = _measure_journal(Path(folder) / "journal", rules, commands)
        snapshot, snapshot_floor, size = _measure_snapshot(Path(folder) / "state", rules, orders)
    return {
        "benchmark": {"name": "recovery", "commands": commands, "open_orders": orders},
        **description(),
        "figures": {
            **_figures("replay", replay, replay_floor),
            "replay_commands_per_second": round(commands / replay.seconds),
            "replay_goal_met": replay.seconds * COMMANDS <= GOAL_REPLAY_SECONDS * commands,
            **_figures("snapshot", snapshot, snapshot_floor),
            "snapshot_bytes": size,
            "snapshot_goal_met": snapshot.seconds * OPEN_ORDERS <= GOAL_SNAPSHOT_SECONDS * orders,
        },
    }


def _figures(name: str, taken: Taken, floor: Taken) -> dict[str, float]:
    return {
        f"{name}_seconds": round(taken.seconds, 3),
        f"{name}_processor_seconds": round(taken.processor_seconds, 3),
        f"{name}_floor_seconds": round(floor.seconds, 3),
        f"{name}_ratio_to_floor": round(taken.seconds / floor.seconds, 2),
    }


def _measure_journal(folder: Path, rules: Reference, commands: int) -> tuple[Taken, Taken]:
    trading = Trading(folder, rules)
    trading.trade_until(commands)
    expected = trading.desk.snapshot()
    trading.store.close()
    del trading
    taken = _timed_start(folder, rules, expected)
    return taken, _timed(lambda: _decode_journal(folder))


def _measure_snapshot(folder: Path, rules: Reference, orders: int) -> tuple[Taken, Taken, int]:
    trading = Trading(folder, rules)
    trading.rest(orders)
    sequence, expected = trading.stop()
    del trading
    taken = _timed_start(folder, rules, expected)
    return taken, _timed(lambda: _decode_snapshot(folder, sequence)), len(expected)


def _timed(work: Callable[[], object]) -> Taken:
    gc.collect()
    begin, processor_begin = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - begin, time.process_time() - processor_begin)


def _timed_start(folder: Path, rules: Reference, expected: bytes) -> Taken:
    """What a server does before it takes its first command."""
    desks: list[Desk] = []

    def start() -> None:
        store = Store.open(folder)
        desks.append(recover(store, lambda state: Desk(rules, state=state))[0])
        store.close()

    taken = _timed(start)
    assert desks[0].snapshot() == expected, "the same state"
    return taken


def _decode_journal(folder: Path) -> None:
    store = Store.open(folder)
    rows = select(journal.c.blob).order_by(journal.c.first_sequence)
    with store.reading() as connection:
        for blob in connection.execute(rows).scalars():
            decode_envelopes(blob)
    store.close()


def _decode_snapshot(folder: Path, sequence: int) -> None:
    store = Store.open(folder)
    with store.reading() as connection:
        encoded = load(connection, sequence)
    assert encoded is not None
    msgspec.msgpack.decode(encoded, strict=False)
    store.close()


class Trading:
    """A desk and its store at work, the venue played here."""

    def __init__(self, folder: Path, rules: Reference) -> None:
        self.store = Store.open(folder, "relaxed")
        self.desk = Desk(rules)
        self.now_ms = START_MS
        self._trade_id = 0
        self._digest = self._digest_before = self.store.digest
        self._envelopes: list[c.Envelope] = []
        self._events: list[Event] = []
        perps = [i for i in rules.instruments.values() if i.is_perp and i.exchange == "BINANCE"]
        self.instruments = perps[:20]
        self.prices = {i.sym: rules.start_prices[i.base] for i in self.instruments}

    def do(self, command: c.Command) -> Order | int | str | None:
        """Apply a command, which must succeed, and keep it with its batch."""
        self.now_ms += 1
        envelope = c.Envelope(self.desk.state.sequence + 1, self.now_ms, command, c.NO_QUOTE)
        outcome = self.desk.apply(envelope)
        assert outcome.refusal is None, (outcome.refusal, command)
        self._digest = next_digest(self._digest, outcome.events)
        self._envelopes.append(envelope)
        self._events += outcome.events
        if len(self._envelopes) >= BATCH_COMMANDS:
            self._commit()
        return outcome.reply

    def _commit(self) -> None:
        batch = Batch(self._envelopes, self._events, self._digest_before, self._digest)
        self.store.commit(batch)
        self._envelopes, self._events = [], []
        self._digest_before = self._digest

    def portfolio(self) -> int:
        """One more portfolio, of a user of its own, with money."""
        self.do(c.CreateUser(UserKind.NORMAL))
        portfolio_id = next(reversed(self.desk.state.portfolios))
        self.do(c.Credit(portfolio_id, Exchange.BINANCE, "USDT", Decimal(10**9)))
        return portfolio_id

    def tell_prices(self, turn: int) -> None:
        """Prices that go up and down by a thousandth."""
        factor = Decimal(1) + Decimal(turn % 11 - 5) / 1000
        marks = {sym: price * factor for sym, price in self.prices.items()}
        self.do(c.SetPrices(marks, {sym.split("_")[2]: mark for sym, mark in marks.items()}))

    def place(self, portfolio_id: int, number: int, side: Side) -> Order:
        """A limit order of some ten times the smallest notional, some percent off the price."""
        instrument = self.instruments[number % len(self.instruments)]
        offset = Decimal(number % 30 + 20) / 1000 * side.sign
        wanted = self.prices[instrument.sym] * (1 - offset)
        price = instrument.price(int(wanted / instrument.tick_size))
        enough = max(instrument.min_notional * 10 / price, instrument.min_size)
        reply = self.do(
            c.PlaceOrder(
                portfolio_id=portfolio_id,
                sym=instrument.sym,
                side=side,
                order_type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=instrument.quantity(int(enough / instrument.lot_size) + 1),
                quote_quantity=Decimal(0),
                limit_price=price,
            )
        )
        assert isinstance(reply, Order)
        return reply

    def report(self, *reports: VenueReport) -> None:
        self.do(c.VenueReports(list(reports)))

    def fill(self, order: Order) -> None:
        self._trade_id += 1
        instrument = self.desk.reference.instruments[order.sym]
        price_ticks = int(order.limit_price / instrument.tick_size)
        lots = int(order.quantity / instrument.lot_size)
        self.report(
            Filled(order.order_id, self._trade_id, price_ticks, lots, Liquidity.MAKER, done=True)
        )

    def trade_until(self, commands: int) -> None:
        """Orders that come and go, until so many commands are journaled."""
        portfolios = [self.portfolio() for _ in range(20)]
        self.tell_prices(0)
        steps = self._steps(portfolios)
        while self.desk.state.sequence < commands:
            next(steps)
        self._commit_rest()

    def _steps(self, portfolios: list[int]) -> Iterator[None]:
        number = 0
        while True:
            number += 1
            side = Side.BUY if number % 2 else Side.SELL
            order = self.place(portfolios[number // 2 % len(portfolios)], number // 2, side)
            yield
            self.report(Accepted(order.order_id))
            yield
            if number % 4 < 2:
                self.fill(order)
            else:
                self.do(c.CancelOrder(order.portfolio_id, order.order_id, ""))
                yield
                self.report(Cancelled(order.order_id, requested=True))
            yield
            if number % 200 == 0:
                self.tell_prices(number)
                yield

    def rest(self, orders: int) -> None:
        """So many orders at rest."""
        self.tell_prices(0)
        a_symbol = min(instrument.max_open_orders for instrument in self.instruments)
        a_portfolio = min(ORDERS_A_PORTFOLIO_MAX, a_symbol * len(self.instruments))
        while len(self.desk.state.orders) < orders:
            portfolio_id = self.portfolio()
            for number in range(min(a_portfolio, orders - len(self.desk.state.orders))):
                order = self.place(portfolio_id, number, Side.BUY)
                self.report(Accepted(order.order_id))

    def stop(self) -> tuple[int, bytes]:
        """Stop cleanly: sequence and content of the snapshot left behind."""
        self._commit_rest()
        encoded, sequence = self.desk.snapshot(), self.desk.state.sequence
        snapshot = pack(encoded, sequence, self.now_ms, self._digest, "benchmark")
        for part in range(len(snapshot.parts)):
            self.store.write_snapshot_part(snapshot, part)
        self.store.close()
        return sequence, encoded

    def _commit_rest(self) -> None:
        if self._envelopes:
            self._commit()


if __name__ == "__main__":
    main()
