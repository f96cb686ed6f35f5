"""The account formulas once more, slow and plain, written from the risk model's page.

Nothing is kept: every answer is made anew from what was paid in, what was filled, what is at work
and what prices are (risk-model 3 to 7, 9.1, 9.3; resolutions 108 to 135). It shares no line with
the desk. Of the desk it reads facts alone: working orders, chosen leverages, prices, the rules.

Amounts are exact; quotients and fees are rounded where resolutions 134 and 135 say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from openprime.desk.desk import Desk
from openprime.desk.state import Account, Order
from openprime.model.instrument import Instrument
from openprime.model.reference import Reference
from openprime.model.vocabulary import Business, Exchange, PositionSide, Side
from tests.desk.facts import Amounts, Fact, Filled, PaidIn

D = Decimal
ZERO = D(0)
Leg = tuple[str, PositionSide]


def cut(amount: Decimal, places: int = 18) -> Decimal:
    return amount.quantize(D(1).scaleb(-places), ROUND_DOWN)


def half_up(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def above(amount: Decimal) -> Decimal:
    return max(amount, ZERO)


@dataclass
class Purse:
    """A coin: B and Bw of the page, and F."""

    cash: Decimal = ZERO
    borrowed: Decimal = ZERO
    frozen: Decimal = ZERO

    def repay(self) -> None:
        free = self.cash + self.borrowed - self.frozen
        if free > 0:
            self.borrowed -= min(free, self.borrowed)

    def pay(self, amount: Decimal, borrows: bool = False) -> None:
        before = self.cash + self.borrowed
        self.cash += amount
        if borrows:
            self.borrowed += above(min(ZERO, before) - (before + amount))
        self.repay()


@dataclass
class Holding:
    """A position: q signed, its average price, the fees since it was opened."""

    quantity: Decimal = ZERO
    average: Decimal = ZERO
    fee: Decimal = ZERO


@dataclass
class Weight:
    """What one leg adds to the account."""

    value: Decimal = ZERO
    profit: Decimal = ZERO
    margin: Decimal = ZERO
    maintenance: Decimal = ZERO
    open_loss: Decimal = ZERO


class Books:
    """Coins and positions as the facts leave them."""

    def __init__(self, rules: Reference, facts: Iterable[Fact]) -> None:
        self.rules = rules
        self.purses: defaultdict[str, Purse] = defaultdict(Purse)
        self.holdings: dict[Leg, Holding] = {}
        self._frozen: Amounts = {}
        for fact in facts:
            if isinstance(fact, PaidIn):
                self.purses[fact.coin].pay(fact.amount)
            else:
                self._hold(fact.frozen)
                if isinstance(fact, Filled):
                    self._fill(fact)

    def _hold(self, frozen: Amounts) -> None:
        if frozen == self._frozen:
            return
        self._frozen = frozen
        for coin in {*self.purses, *frozen}:
            self.purses[coin].frozen = frozen.get(coin, ZERO)
            self.purses[coin].repay()

    def _fill(self, fact: Filled) -> None:
        instrument = self.rules.instruments[fact.sym]
        quote = self.purses[instrument.quote]
        amount = fact.quantity * fact.price * instrument.contract_size
        fees = self.rules.fees[f"{instrument.exchange}_{instrument.business}"]
        fee = half_up(amount * (fees.maker if fact.maker else fees.taker), 8)
        if instrument.is_perp:
            quote.pay(self._fill_position(instrument, fact, fee))
            quote.pay(-fee)
            return
        sign, borrows = fact.side.sign, instrument.business is Business.MARGIN
        if sign > 0 and not borrows:
            fee = min(fee, above(quote.cash - amount))
        self.purses[instrument.base].pay(fact.quantity * sign, borrows)
        quote.pay(-amount * sign, borrows)
        quote.pay(-fee, borrows)

    def _fill_position(self, instrument: Instrument, fact: Filled, fee: Decimal) -> Decimal:
        """Let a fill act on a position; the realised profit."""
        leg = (fact.sym, fact.leg)
        held = self.holdings.pop(leg, Holding())
        size, sign = abs(held.quantity), 1 if held.quantity > 0 else -1
        closes = min(size, fact.quantity) if sign * fact.side.sign < 0 else ZERO
        opens = fact.quantity - closes
        profit = cut(closes * instrument.contract_size * (fact.price - held.average) * sign)
        fee_to_close = cut(fee * closes / fact.quantity) if opens else fee if closes else ZERO
        held.quantity -= closes * sign
        held.fee += fee_to_close
        if opens:
            if not held.quantity:
                held, size = Holding(), ZERO
            mean = (held.average * size + fact.price * opens) / (size + opens)
            held.average = half_up(mean, 18) if size else fact.price
            held.quantity += opens * fact.side.sign
            held.fee += fee - fee_to_close
        if held.quantity:
            self.holdings[leg] = held
        return profit


class SlowAccount:
    """One account at this moment; `marks` are prices to suppose in the place of the real ones."""

    def __init__(
        self,
        desk: Desk,
        account: Account,
        books: Books,
        marks: Amounts | None = None,
        with_orders: bool = True,
    ) -> None:
        self.rules = desk.reference
        self.settings = desk.turn.settings
        self.account = account
        self.marks = desk.state.marks | (marks or {})
        self.indexes = defaultdict(Decimal, desk.state.indexes, USDT=D(1))
        self.orders = _orders(desk, account) if with_orders else []
        self.books = books
        legs = {*books.holdings, *((o.sym, o.position_side) for o in self.orders)}
        self.weights = {leg: self._weight(leg) for leg in legs if self._of(leg).is_perp}
        self.sums = self._sums()

    def _of(self, leg: Leg) -> Instrument:
        return self.rules.instruments[leg[0]]

    def _fees(self, instrument: Instrument):  # type: ignore[no-untyped-def]
        return self.rules.fees[f"{instrument.exchange}_{instrument.business}"]

    def discount(self, coin: str) -> Decimal:
        return self.rules.discounts.get(coin, D("0.1"))

    def leverage(self, sym: str) -> int:
        chosen = self.account.leverage.get(sym, self.rules.instruments[sym].default_leverage)
        return min(chosen, self.capped(self.rules.position_tiers[sym][0].max_leverage))

    def capped(self, leverage: int) -> int:
        broker = self.settings.broker_max_leverage
        return min(leverage, broker) if broker else leverage

    def tier(self, sym: str, quantity: Decimal):  # type: ignore[no-untyped-def]
        """The bracket of a size: in USDT on BINANCE, in contracts on OKX."""
        size = abs(quantity)
        if self.account.exchange is not Exchange.OKX:
            size *= self.rules.instruments[sym].contract_size * self.marks.get(sym, ZERO)
        tiers = self.rules.position_tiers[sym]
        return next((tier for tier in tiers if size <= tier.cap), tiers[-1])

    def _weight(self, leg: Leg) -> Weight:
        sym, side = leg
        instrument, held = self._of(leg), self.books.holdings.get(leg, Holding())
        mark, contract = self.marks.get(sym, ZERO), instrument.contract_size
        fees = self._fees(instrument)
        quantity = held.quantity
        value = abs(quantity) * contract * mark
        loss = value * fees.taker
        opening = {Side.BUY: ZERO, Side.SELL: ZERO}
        room = abs(quantity)
        for order in sorted(self._opening(leg), key=_rank):
            price, left = _price(order), order.remaining
            counted = max(price, mark) if order.side is Side.SELL else price
            opening[order.side] += counted * left * contract
            if quantity * order.side.sign < 0:
                closes = min(room, left)
                room, left = room - closes, left - closes
            fee = (fees.maker if order.time_in_force == "GTX" else fees.taker) + fees.taker
            beyond = above((price - mark) * order.side.sign)
            loss += left * contract * (counted * fee + beyond)
        signed = value if quantity > 0 else -value
        buys, sells = opening[Side.BUY], opening[Side.SELL]
        worst = max(abs(signed + buys), abs(signed - sells), abs(signed))
        if side is not PositionSide.NONE:
            worst = value + (buys if side is PositionSide.LONG else sells)
        return Weight(
            value,
            quantity * contract * (mark - held.average),
            cut(worst / self.leverage(sym)),
            self._maintenance(sym, quantity, value),
            loss,
        )

    def _opening(self, leg: Leg) -> list[Order]:
        """The orders of a leg that may add to it."""
        return [o for o in self.orders if (o.sym, o.position_side) == leg and not o.reduce_only]

    def _maintenance(self, sym: str, quantity: Decimal, value: Decimal) -> Decimal:
        if not quantity:
            return ZERO
        tier = self.tier(sym, quantity)
        flat = self.account.exchange is Exchange.OKX
        return cut(value * tier.mm_rate - (ZERO if flat else tier.maintenance_amount))

    def _settled_in(self, coin: str) -> list[Weight]:
        return [w for leg, w in self.weights.items() if self._of(leg).quote == coin]

    def profit(self, coin: str) -> Decimal:
        return sum((w.profit for w in self._settled_in(coin)), ZERO)

    def perp_margin(self, coin: str) -> Decimal:
        return sum((w.margin for w in self._settled_in(coin)), ZERO)

    def equity(self, coin: str) -> Decimal:
        return self.books.purses[coin].cash + self.profit(coin)

    def owed(self, coin: str) -> Decimal:
        """L: what resting MARGIN orders would borrow is owed already."""
        return above(self.books.purses[coin].frozen - self.equity(coin))

    def worth(self, coin: str, amount: Decimal) -> Decimal:
        """What an amount of a coin counts as margin."""
        value = amount * self.indexes[coin]
        return value * self.discount(coin) if amount > 0 else value

    def margin_value(self, coin: str) -> Decimal:
        return self.worth(coin, self.equity(coin))

    def debt_margin(self, coin: str) -> Decimal:
        leverage = self.account.coin_leverage.get(coin, 1)
        return cut(self.owed(coin) * self.indexes[coin] / leverage)

    def debt_maintenance(self, coin: str) -> Decimal:
        owed, tiers = self.owed(coin), self.rules.loan_tiers[f"{self.account.exchange}:{coin}"]
        tier = next((tier for tier in tiers if owed < tier.cap), tiers[-1])
        return cut(owed * self.indexes[coin] * tier.mm_rate)

    def _spot_loss(self, order: Order) -> Decimal:
        """Margin value lost if the order filled in full, and its fee."""
        instrument = self.rules.instruments[order.sym]
        quantity, quote = order.remaining, order.remaining * _price(order)
        sign = order.side.sign
        loss = ZERO
        for coin, change in ((instrument.base, quantity * sign), (instrument.quote, -quote * sign)):
            owned = self.equity(coin)
            loss += self.worth(coin, owned) - self.worth(coin, owned + change)
        fee = quote * self._fees(instrument).taker * self.indexes[instrument.quote]
        return cut(above(loss) + fee)

    def _sums(self) -> Amounts:
        """The aggregates before they are cut."""
        weights, coins = self.weights.values(), list(self.books.purses)
        spot = [o for o in self.orders if not self.rules.instruments[o.sym].is_perp]
        return {
            "margin_value": sum(map(self.margin_value, coins), ZERO),
            "equity": sum((self.equity(c) * self.indexes[c] for c in coins), ZERO),
            "upnl": sum((self.profit(c) * self.indexes[c] for c in coins), ZERO),
            "position_value": sum((w.value for w in weights), ZERO),
            "open_loss_margin": sum((w.open_loss for w in weights), ZERO)
            + sum(map(self._spot_loss, spot), ZERO),
            "perp_margin": sum((w.margin for w in weights), ZERO),
            "debt_margin": sum(map(self.debt_margin, coins), ZERO),
            "maintain_margin": sum((w.maintenance for w in weights), ZERO)
            + sum(map(self.debt_maintenance, coins), ZERO),
        }

    def overview(self) -> dict[str, Decimal | None]:
        """Every number of the account's row; all follow from the printed 8 decimals."""
        shown = {name: cut(amount, 8) for name, amount in self.sums.items()}
        valid = shown["margin_value"] - shown["open_loss_margin"]
        frozen, needed = shown["perp_margin"] + shown["debt_margin"], shown["maintain_margin"]
        risk = needed / valid if valid > 0 else D(9999)
        return shown | {
            "valid_margin": valid,
            "frozen_margin": frozen,
            "available_margin": valid - frozen,
            "uni_mmr": valid / needed if needed else None,
            "risk_ratio": risk if needed else ZERO,
        }

    def asset(self, coin: str) -> Amounts:
        """Every number of a wallet's row."""
        purse, equity, index = self.books.purses[coin], self.equity(coin), self.indexes[coin]
        free = above(purse.cash + purse.borrowed - purse.frozen)
        held = self.perp_margin(coin)
        needs = above(held / index + purse.frozen - above(equity)) if index else ZERO
        return {
            "balance": above(purse.cash + purse.borrowed),
            "available": free,
            "frozen": purse.frozen,
            "equity": equity,
            "debt": above(-equity),
            "borrow": purse.borrowed,
            "overdraw": above(-(purse.cash + purse.borrowed)),
            "virtual_borrow": above(needs - self.owed(coin)) if index else ZERO,
            "upnl": self.profit(coin),
            "index_price": index,
            "equity_value": equity * index,
            "margin_value": self.margin_value(coin),
            "perp_margin": held,
            "debt_margin": self.debt_margin(coin),
            "max_transferable": self._transferable(coin, free),
        }

    def _transferable(self, coin: str, free: Decimal) -> Decimal:
        weight = self.indexes[coin] * self.discount(coin)
        if not weight:
            return free
        sums = self.sums
        valid = sums["margin_value"] - sums["open_loss_margin"]
        room = min(
            valid - sums["perp_margin"] - sums["debt_margin"], valid - 3 * sums["maintain_margin"]
        )
        return above(min(free, cut(room / weight)))

    def position(self, leg: Leg) -> dict[str, object]:
        """Every number of a position's row but liqPrice."""
        held, weight, (sym, _) = self.books.holdings[leg], self.weights[leg], leg
        contract, leverage = self._of(leg).contract_size, self.leverage(sym)
        entry = held.average * abs(held.quantity) * contract
        tier = self.tier(sym, held.quantity)
        return {
            "quantity": held.quantity,
            "value": weight.value,
            "margin": weight.value / leverage,
            "maintenance": weight.maintenance,
            "upnl": weight.profit,
            "upnl_rate": weight.profit * leverage / entry if entry else ZERO,
            "average_price": held.average,
            "mark_price": self.marks.get(sym, ZERO),
            "leverage": leverage,
            "max_leverage": self.capped(tier.max_leverage),
            "risk_level": tier.level,
            "fee": held.fee,
        }


def frozen_by(desk: Desk, account: Account) -> Amounts:
    """What the account's SPOT and MARGIN orders hold back, by coin (risk-model 5.4)."""
    frozen: Amounts = {}
    for order in _orders(desk, account):
        instrument = desk.reference.instruments[order.sym]
        coin, amount = instrument.base, order.remaining
        if order.side is Side.BUY:
            fee = desk.reference.fees[f"{instrument.exchange}_{instrument.business}"].taker
            coin, amount = instrument.quote, cut(_price(order) * order.remaining * (1 + fee))
        if not instrument.is_perp:
            frozen[coin] = frozen.get(coin, ZERO) + amount
    return frozen


def _orders(desk: Desk, account: Account) -> list[Order]:
    its = (account.portfolio_id, account.exchange)
    return [o for o in desk.state.orders.values() if (o.portfolio_id, o.exchange) == its]


def _price(order: Order) -> Decimal:
    if order.amendment:
        return order.amendment.price
    return order.limit_price or order.assumed_price


def _rank(order: Order) -> tuple[bool, Decimal, int]:
    """MARKET, then the best price, then who came first."""
    return (bool(order.limit_price), -_price(order) * order.side.sign, order.order_id)
