"""The desk alone: order lives a second, and how time grows with the number of orders.

    python -m benchmarks.desk [--json]

A life is a limit order of a PERP that is placed, accepted by the venue, and either filled, or
cancelled and confirmed: two or four commands. Nothing else runs: no journal, no network.
"""

import gc
import json
import statistics
import time
from collections.abc import Callable
from decimal import Decimal

from benchmarks.machine import description
from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.state import Order
from openprime.model.numbers import ZERO
from openprime.model.venue import Accepted, Cancelled, Filled, VenueReport
from openprime.model.vocabulary import (
    Exchange,
    Liquidity,
    OrderType,
    Side,
    TimeInForce,
    UserKind,
)
from openprime.server.broker import load_reference

SYM = "BINANCE_PERP_BTC_USDT"
QUOTE = c.Quote(599999, 600001)
GOAL_LIVES_PER_SECOND = 50_000
ROUNDS = 7


class Trader:
    """One funded portfolio and the commands of its lives."""

    def __init__(self) -> None:
        self.desk = Desk(load_reference())
        self.now_ms = 1_760_000_000_000
        self.apply(c.CreateUser(UserKind.NORMAL))
        self.portfolio_id = next(iter(self.desk.state.portfolios))
        self.apply(c.Credit(self.portfolio_id, Exchange.BINANCE, "USDT", Decimal(10_000_000)))
        self.apply(c.SetPrices({SYM: Decimal(60000)}, {"BTC": Decimal(60000)}))
        self.trades = 0

    def apply(self, command: c.Command, quote: c.Quote = c.NO_QUOTE) -> Order | None:
        self.now_ms += 1
        envelope = c.Envelope(self.desk.state.sequence + 1, self.now_ms, command, quote)
        reply = self.desk.apply(envelope).reply
        return reply if isinstance(reply, Order) else None

    def place(self, side: Side, price: int) -> int:
        command = c.PlaceOrder(
            self.portfolio_id,
            SYM,
            side,
            OrderType.LIMIT,
            TimeInForce.GTC,
            Decimal("0.01"),
            ZERO,
            Decimal(price),
        )
        order = self.apply(command, QUOTE)
        assert order is not None, "the order is taken"
        return order.order_id

    def report(self, *reports: VenueReport) -> None:
        self.apply(c.VenueReports(list(reports)))

    def place_and_cancel(self, lives: int) -> None:
        for _ in range(lives):
            order_id = self.place(Side.BUY, 59_000)
            self.report(Accepted(order_id))
            self.apply(c.CancelOrder(self.portfolio_id, order_id, ""))
            self.report(Cancelled(order_id, requested=True))

    def place_and_fill(self, lives: int) -> None:
        for life in range(lives):
            order_id = self.place((Side.BUY, Side.SELL)[life & 1], 60_000)
            self.trades += 1
            filled = Filled(order_id, self.trades, 600_000, 10, Liquidity.TAKER, done=True)
            self.report(Accepted(order_id), filled)


def seconds(work: Callable[[int], None], lives: int) -> float:
    gc.collect()
    start = time.process_time()
    work(lives)
    return time.process_time() - start


def measure(work: Callable[[int], None], lives: int = 4_000) -> dict[str, float]:
    """Lives a second (best of some rounds), and how long 2n lives take over n (median)."""
    seconds(work, lives // 4)
    ratios, best = [], float("inf")
    for _ in range(ROUNDS):
        once = seconds(work, lives)
        ratios.append(seconds(work, 2 * lives) / once)
        best = min(best, once)
    return {
        "lives_per_second": round(lives / best),
        "ratio_to_goal": round(lives / best / GOAL_LIVES_PER_SECOND, 3),
        "time_of_2n_over_n": round(statistics.median(ratios), 3),
    }


def main() -> None:
    trader = Trader()
    figures = {
        "benchmark": "desk",
        **description(),
        "goal_lives_per_second": GOAL_LIVES_PER_SECOND,
        "place_and_fill": measure(trader.place_and_fill),
        "place_and_cancel": measure(trader.place_and_cancel),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
