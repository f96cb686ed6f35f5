"""Makes the pictures of docs/risk.md from the running desk.

    python scripts/make_pictures.py

The desk is driven as ever: money in, orders filled, prices told. What is drawn is what it answers.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.events import LiquidationStepped
from openprime.desk.liquidation_state import Step
from openprime.desk.outcome import Outcome
from openprime.desk.risk import ORDERS_ALLOWED
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account
from openprime.desk.views import account_view
from openprime.model.numbers import text
from openprime.model.venue import Accepted, Filled, NewOrder
from openprime.model.vocabulary import (
    AccountStatus,
    Exchange,
    Liquidity,
    OrderType,
    Side,
    TimeInForce,
    UserKind,
)
from openprime.server.broker import load_reference

OUT = Path(__file__).parent.parent / "docs" / "pictures"
D = Decimal
PERP, ETH_PERP = "BINANCE_PERP_BTC_USDT", "BINANCE_PERP_ETH_USDT"
COLOURS = {
    AccountStatus.NORMAL: "#2e7d32",
    AccountStatus.MARGIN_CALL: "#b58900",
    AccountStatus.CANCEL_OPEN: "#d17b0f",
    AccountStatus.CANCEL_ALL: "#c4500d",
    AccountStatus.LIQUIDATING: "#b3261e",
    AccountStatus.TAKEOVER: "#5e1a1a",
}
WIDTH, LEFT, TOP = 760, 70, 30
FONT = 'font-family="sans-serif" font-size="12"'


class Example:
    """One account at BINANCE whose orders are filled as they come, at the present price."""

    def __init__(self, prices: dict[str, str], **cash: str) -> None:
        self.desk = Desk(load_reference(), DeskSettings(broker_max_leverage=0))
        self.now_ms, self.trades = 1_760_000_000_000, 0
        self.marks = {sym: D(price) for sym, price in prices.items() if "_" in sym}
        self.indexes = {coin: D(price) for coin, price in prices.items() if "_" not in coin}
        self.apply(c.CreateUser(UserKind.NORMAL))
        self.portfolio_id = next(iter(self.desk.state.portfolios))
        self.apply(c.SetPrices(self.marks, self.indexes))
        for coin, amount in cash.items():
            self.apply(c.Credit(self.portfolio_id, Exchange.BINANCE, coin, D(amount)))

    @property
    def account(self) -> Account:
        return self.desk.state.portfolios[self.portfolio_id].accounts[Exchange.BINANCE]

    def apply(self, command: c.Command) -> Outcome:
        self.now_ms += 1
        envelope = c.Envelope(self.desk.state.sequence + 1, self.now_ms, command)
        outcome = self.desk.apply(envelope)
        assert outcome.refusal is None, outcome.refusal
        return outcome

    def fill(self, request: object) -> Outcome:
        """Fill all of an order: at the mark, without one at the index."""
        assert isinstance(request, NewOrder)
        instrument = self.desk.reference.instruments[request.sym]
        price = self.marks.get(request.sym) or self.indexes[instrument.base]
        self.trades += 1
        lots, ticks = request.quantity_lots, int(price / instrument.tick_size)
        fill = Filled(request.order_id, self.trades, ticks, lots, Liquidity.TAKER, True)
        return self.apply(c.VenueReports([Accepted(request.order_id), fill]))

    def buy(self, sym: str, quantity: str, leverage: int) -> None:
        self.apply(c.SetLeverage(self.portfolio_id, sym, leverage))
        order = c.PlaceOrder(
            self.portfolio_id,
            sym,
            Side.BUY,
            OrderType.LIMIT,
            TimeInForce.GTC,
            D(quantity),
            D(0),
            self.marks[sym],
        )
        self.fill(self.apply(order).requests[0])

    def move(self, factor: Decimal) -> Outcome:
        """Let every price move alike, to whole hundredths."""
        self.marks = {sym: round(price * factor, 2) for sym, price in self.marks.items()}
        self.indexes = {coin: round(price * factor, 2) for coin, price in self.indexes.items()}
        return self.apply(c.SetPrices(self.marks, self.indexes))


def svg(height: float, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" {FONT}>'
    back = f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>'
    return "\n".join([head, back, *parts, "</svg>", ""])


def label(x: float, y: float, words: str, **style: str) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    points = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {points} stroke="{colour}" stroke-dasharray="{dash}"/>'


def bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{colour}" rx="2"/>'


# -- uniMMR along a falling price


class Seen(NamedTuple):
    """What the account told at a mark."""

    mark: Decimal
    uni_mmr: Decimal
    status: AccountStatus


def falling() -> list[Seen]:
    """5,000 USDT and 2 BTC long from 60,000, at every mark on the way down."""
    example = Example({PERP: "60000", "BTC": "60000"}, USDT="5042")
    example.buy(PERP, "2", 50)
    seen: list[Seen] = []
    while not seen or seen[-1].status is not AccountStatus.TAKEOVER:
        view = account_view(example.desk, example.account)
        assert view.uni_mmr is not None
        seen.append(Seen(example.marks[PERP], view.uni_mmr, view.account_status))
        step = D(10) if view.uni_mmr > 2 else D(1)
        example.marks[PERP] -= step
        # A new desk each time: one that has begun to liquidate would do so.
        example = at_mark(example.marks[PERP])
    return seen


def at_mark(mark: Decimal) -> Example:
    example = Example({PERP: "60000", "BTC": "60000"}, USDT="5042")
    example.buy(PERP, "2", 50)
    example.marks[PERP] = mark
    example.apply(c.SetPrices(example.marks, {}))
    return example


def draw_fall() -> str:
    seen = [row for row in falling() if row.uni_mmr <= D(3)]
    height, bottom = 360.0, 300.0
    first, last = seen[0].mark, seen[-1].mark
    thresholds = ladder()

    def x_of(mark: Decimal) -> float:
        return LEFT + float((first - mark) / (first - last)) * (WIDTH - LEFT - 120)

    def y_of(uni_mmr: Decimal) -> float:
        return bottom - float((uni_mmr - D("0.9")) / D("2.1")) * (bottom - TOP)

    parts = [label(LEFT, 18, "uniMMR as BTC falls: 5,000 USDT, long 2 BTC from 60,000")]
    for status, threshold in thresholds.items():
        y = y_of(threshold)
        colour = COLOURS[status]
        parts.append(line(LEFT, y, WIDTH - 110, y, colour, "4 3"))
        parts.append(label(LEFT - 8, y + 4, text(threshold), text_anchor="end", fill=colour))
        parts.append(label(WIDTH - 105, y + 4, status, fill=colour))
    for before, after in pairwise(seen):
        parts.append(
            f'<path d="M{x_of(before.mark):.1f} {y_of(before.uni_mmr):.1f}'
            f'L{x_of(after.mark):.1f} {y_of(after.uni_mmr):.1f}"'
            f' stroke="{COLOURS[after.status]}" stroke-width="3"/>'
        )
    for row in (
        seen[0],
        *(s for a, s in pairwise(seen) if a.status != s.status),
    ):
        x = x_of(row.mark)
        parts.append(line(x, y_of(row.uni_mmr), x, bottom + 4, "#999999", "2 2"))
    parts.append(label(LEFT, bottom + 20, f"mark {text(first)}"))
    parts.append(label(x_of(last), bottom + 20, text(last), text_anchor="end"))
    return svg(height - 20, parts)


# -- the ladder


def ladder() -> dict[AccountStatus, Decimal]:
    settings = DeskSettings()
    return {
        AccountStatus.MARGIN_CALL: settings.margin_call_uni_mmr,
        AccountStatus.CANCEL_OPEN: settings.cancel_open_uni_mmr,
        AccountStatus.CANCEL_ALL: settings.cancel_all_uni_mmr,
        AccountStatus.LIQUIDATING: settings.liquidating_uni_mmr,
        AccountStatus.TAKEOVER: settings.takeover_uni_mmr,
    }


DONE = {
    AccountStatus.NORMAL: "nothing",
    AccountStatus.MARGIN_CALL: "a notice",
    AccountStatus.CANCEL_OPEN: "orders that add exposure are cancelled",
    AccountStatus.CANCEL_ALL: "every order is cancelled",
    AccountStatus.LIQUIDATING: "collateral and positions are sold",
    AccountStatus.TAKEOVER: "the house takes all",
}


def draw_ladder() -> str:
    parts = [label(LEFT, 18, "The ladder: uniMMR at or below, what happens, what may be placed")]
    thresholds = ladder()
    for rung, status in enumerate(AccountStatus):
        y, width = TOP + rung * 36, 620 - rung * 40
        threshold = thresholds.get(status)
        adding, reducing = ORDERS_ALLOWED[status]
        may = "any order" if adding else "orders that reduce" if reducing else "no order"
        parts.append(bar(LEFT, y, width, 30, COLOURS[status]))
        at = "" if threshold is None else f"{threshold:.2f}"
        parts.append(label(LEFT - 8, y + 20, at, text_anchor="end"))
        told = f"{status}: {DONE[status]}; {may}"
        parts.append(label(LEFT + 10, y + 20, told, fill="#ffffff"))
    return svg(TOP + len(AccountStatus) * 36 + 10, parts)


# -- what a liquidation sells first


class Sold(NamedTuple):
    words: str
    value: Decimal
    uni_mmr: str
    status: AccountStatus


def liquidated() -> list[Sold]:
    """An account with two coins and two positions, whose losses become a debt, as all falls."""
    prices = {PERP: "60000", ETH_PERP: "2600", "BTC": "60000", "ETH": "2600"}
    example = Example(prices, USDT="350000", BTC="5", ETH="10")
    example.buy(PERP, "230", 25)
    example.buy(ETH_PERP, "400", 50)
    outcome = example.apply(c.SetPrices({}, example.indexes))
    while not example.account.liquidation:
        outcome = example.move(D("0.9999"))
    sold: list[Sold] = []
    while example.account.liquidation is not None:
        liquidation = example.account.liquidation
        assert liquidation.stage is not None, "each stage is an order, filled at once"
        request = outcome.requests[-1]
        assert isinstance(request, NewOrder)
        instrument = example.desk.reference.instruments[request.sym]
        price = example.marks.get(request.sym) or example.indexes[instrument.base]
        step = [e.step for e in outcome.events if isinstance(e, LiquidationStepped)][-1]
        quantity = instrument.quantity(request.quantity_lots)
        outcome = example.fill(request)
        view = account_view(example.desk, example.account)
        kind = "spot" if step is Step.SELL_COLLATERAL else "position"
        words = f"{request.side} {text(quantity)} {instrument.base} ({kind}, {step})"
        now = "none" if view.uni_mmr is None else f"{view.uni_mmr:.3f}"
        sold.append(Sold(words, quantity * price, now, view.account_status))
    return sold


def draw_sales() -> str:
    sold = liquidated()
    top_value = max(row.value for row in sold)
    parts = [label(20, 18, "What a liquidation sells first, and uniMMR after each stage")]
    for number, row in enumerate(sold):
        y = TOP + number * 44
        parts.append(label(20, y + 14, f"{number + 1}. {row.words}"))
        width = float(row.value / top_value) * 420
        parts.append(bar(20, y + 20, width, 14, COLOURS[AccountStatus.LIQUIDATING]))
        told = f"{row.value:,.0f} USDT; uniMMR {row.uni_mmr}, {row.status}"
        parts.append(label(28 + width, y + 32, told))
    return svg(TOP + len(sold) * 44 + 10, parts)


PICTURES = {"falling.svg": draw_fall, "ladder.svg": draw_ladder, "sales.svg": draw_sales}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (OUT / name).write_text(draw())
        print(f"written: {OUT / name}")


if __name__ == "__main__":
    sys.exit(main())
