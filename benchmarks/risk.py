"""The risk ladder under many accounts: what a second of price ticks costs, and what a crash does.

    python -m benchmarks.risk [--json] [--accounts N] [--seconds N]

Accounts hold one to three positions each over twenty symbols of two exchanges. At the first tick
none of them has a band; then the desk is started again from its snapshot. Then all symbols tick
once a second, each by up to 0.1 %; then all fall by 20 % in steps of 0.1 %, which liquidates one
account in twenty; at last the same crowd falls by 20 % at once. The house may hold all that it
takes over. The venue fills what the desk asks of it at the mark, at once.

A tick looks at so many accounts and leaves the others to the next commands: `longest_command_ms` is
what an order may have to wait for, `longest_tick_ms` how long all that follows from a tick takes,
the venue's answers included. Times are CPU time of this process.
"""

import argparse
import gc
import json
import random
import time
from decimal import Decimal

import msgspec

from benchmarks.machine import description
from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.events import LiquidationStepped
from openprime.desk.exposures import exposure_of
from openprime.desk.ledger import OUTSIDE, check_balanced, post
from openprime.desk.liquidation_state import Step
from openprime.desk.outcome import Outcome
from openprime.desk.state import Account, Portfolio, Position, State
from openprime.desk.turn import open_accounts
from openprime.model.instrument import Instrument
from openprime.model.numbers import floor_to
from openprime.model.venue import Accepted, Cancelled, CancelOrder, Filled, NewOrder, VenueReport
from openprime.model.vocabulary import NO_SIDE, TAKER, UserKind
from openprime.server.broker import load_reference
from openprime.server.serving import GC_THRESHOLDS

SYMBOLS_AN_EXCHANGE = 10
START_MS = 1_760_000_000_000
POSITION_USDT = 5_000
# One account in so many is long and at high leverage; the others stand a fall of 20 %.
RISKY_ONE_IN = 20
STEP = Decimal("0.001")
CRASH = Decimal("0.8")
SHARE_MAX, COMMAND_MS_MAX = 0.2, 50


class Crowd:
    """A desk with many accounts that hold positions, and the venue they trade at."""

    def __init__(self, accounts: int, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.desk = Desk(load_reference())
        self.now_ms = START_MS
        self.trades = self.liquidated = 0
        self.longest_command = 0.0
        self.apply(c.CreateUser(UserKind.NORMAL))
        reference = self.desk.reference
        self.syms: dict[str, list[Instrument]] = {}
        for instrument in reference.instruments.values():
            if instrument.is_perp:
                syms = self.syms.setdefault(instrument.exchange, [])
                if len(syms) < SYMBOLS_AN_EXCHANGE:
                    syms.append(instrument)
        self.marks = {
            i.sym: reference.start_prices[i.base] for syms in self.syms.values() for i in syms
        }
        self.apply(c.SetPrices(dict(self.marks), {}))
        for number in range(accounts):
            self._add(number)
        # No command made them, so none looks at them: they are as after a change of rules.
        self.desk.turn.moved.clear()
        self.desk.state.banded_by = ""

    def _add(self, number: int) -> None:
        turn, state = self.desk.turn, self.desk.state
        turn.begin(self.now_ms, c.NO_QUOTE)
        portfolio_id, user_id = turn.new_id(), next(iter(state.users))
        portfolio = Portfolio(portfolio_id, user_id, str(number), False, self.now_ms, self.now_ms)
        state.portfolios[portfolio_id] = portfolio
        open_accounts(turn, portfolio)
        exchange = list(self.syms)[number % len(self.syms)]
        account = portfolio.accounts[exchange]
        account.initialised = True
        risky = number % RISKY_ONE_IN == 0
        held = self.chance.sample(self.syms[exchange], self.chance.randint(1, 3))
        value = sum(self._hold(account, instrument, risky) for instrument in held)
        leverage = self.chance.uniform(8, 18) if risky else self.chance.uniform(1, 3)
        post(turn, account, "USDT", round(value / Decimal(leverage), 2), OUTSIDE)

    def _hold(self, account: Account, instrument: Instrument, long: bool) -> Decimal:
        turn, mark = self.desk.turn, self.marks[instrument.sym]
        unit = mark * instrument.contract_size
        wanted = Decimal(self.chance.uniform(0.5, 1.5) * POSITION_USDT) / unit
        size = max(floor_to(wanted, instrument.lot_size), instrument.lot_size)
        exposure_of(turn, account, instrument, instrument.sym)
        account.positions[instrument.sym] = Position(
            turn.new_long_id(),
            account.portfolio_id,
            account.exchange,
            instrument.sym,
            NO_SIDE,
            self.now_ms,
            self.now_ms,
            size if long or self.chance.random() < 0.5 else -size,
            mark,
        )
        turn.touch_position(account, instrument.sym, instrument.sym)
        return size * unit

    def apply(self, command: c.Command) -> Outcome:
        self.now_ms += 1
        sequence = self.desk.state.sequence + 1
        start = time.process_time()
        outcome = self.desk.apply(c.Envelope(sequence, self.now_ms, command))
        self.longest_command = max(self.longest_command, time.process_time() - start)
        for event in outcome.events:
            if type(event) is LiquidationStepped and event.step is Step.CANCEL:
                self.liquidated += 1
        return outcome

    def tick(self) -> float:
        """Tell all marks, and let the venue answer what comes of it; CPU seconds."""
        start = time.process_time()
        outcome = self.apply(c.SetPrices(dict(self.marks), {}))
        while outcome.requests or self._due():
            reports = [report for r in outcome.requests for report in self._answer(r)]
            outcome = self.apply(c.VenueReports(reports) if reports else c.RunAgenda())
        return time.process_time() - start

    def _due(self) -> bool:
        agenda = self.desk.state.agenda
        return bool(agenda) and agenda[0].time_ms <= self.now_ms + 1

    def _answer(self, request: object) -> list[VenueReport]:
        if isinstance(request, CancelOrder):
            return [Cancelled(request.order_id, requested=True)]
        assert isinstance(request, NewOrder), request
        instrument = self.desk.reference.instruments[request.sym]
        ticks = int(self.marks[request.sym] / instrument.tick_size)
        self.trades += 1
        fill = Filled(request.order_id, self.trades, ticks, request.quantity_lots, TAKER, True)
        return [Accepted(request.order_id), fill]

    def restart(self, snapshot: bytes) -> float:
        """Go on with a desk made from a snapshot; CPU seconds."""
        start = time.process_time()
        state = msgspec.msgpack.decode(snapshot, type=State)
        self.desk = Desk(load_reference(), state=state)
        return time.process_time() - start

    def wander(self) -> None:
        for sym, mark in self.marks.items():
            self.marks[sym] = mark * (1 + Decimal(self.chance.uniform(-1, 1)) * STEP)

    def fall(self, part: Decimal) -> None:
        for sym, mark in self.marks.items():
            self.marks[sym] = mark * (1 - part)

    def lengths(self, ticks: list[float]) -> dict[str, float]:
        """What ticks took, and their commands since this was last asked."""
        longest, self.longest_command = self.longest_command, 0.0
        return {
            "longest_command_ms": round(longest * 1000, 2),
            "longest_tick_ms": round(max(ticks) * 1000, 2),
        }


def calm(crowd: Crowd, seconds: int) -> dict[str, float]:
    """Ticks of all symbols once a second, each by up to 0.1 %."""
    times = []
    for _ in range(seconds):
        crowd.wander()
        crowd.now_ms += 1000
        times.append(crowd.tick())
    return {
        "seconds": seconds,
        "share_of_a_core": round(sum(times) / seconds, 4),
        **crowd.lengths(times),
        "median_tick_ms": round(sorted(times)[seconds // 2] * 1000, 2),
    }


def crash(crowd: Crowd, part: Decimal) -> dict[str, float | bool]:
    """All marks fall by 20 % in steps of a part of themselves."""
    start = dict(crowd.marks)
    times: list[float] = []
    liquidated = crowd.liquidated
    while any(crowd.marks[sym] > mark * CRASH for sym, mark in start.items()):
        crowd.fall(part)
        crowd.now_ms += 1000
        times.append(crowd.tick())
    check_balanced(crowd.desk.state)
    return {
        "ticks": len(times),
        "liquidated": crowd.liquidated - liquidated,
        "seconds": round(sum(times), 2),
        **crowd.lengths(times),
        "still_under_way": len(crowd.desk.state.liquidations),
        "books_balanced": True,
    }


def spare_the_collector() -> None:
    """As the server does it after its start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def figures(accounts: int, seconds: int) -> dict[str, object]:
    crowd = Crowd(accounts)
    spare_the_collector()
    crowd.longest_command = 0.0
    times = [crowd.tick()]
    found: dict[str, object] = {"first_bands": crowd.lengths(times)}
    snapshot, marks = crowd.desk.snapshot(), dict(crowd.marks)
    started = crowd.restart(snapshot)
    spare_the_collector()
    crowd.wander()
    times = [crowd.tick()]
    found["start"] = {"seconds": round(started, 2), **crowd.lengths(times)}
    found["calm"] = calm(crowd, seconds)
    found["crash"] = crash(crowd, STEP)
    crowd.restart(snapshot)
    spare_the_collector()
    crowd.marks = marks
    found["fall_at_once"] = crash(crowd, 1 - CRASH)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    report = {
        "benchmark": "risk",
        **description(),
        "accounts": given.accounts,
        "share_of_a_core_max": SHARE_MAX,
        "command_ms_max": COMMAND_MS_MAX,
        **figures(given.accounts, given.seconds),
    }
    print(json.dumps(report, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
