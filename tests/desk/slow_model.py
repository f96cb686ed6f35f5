"""The account formulas once more, slow and plain, written from the risk model's page.

Nothing is kept: every answer is made anew from what was paid in, lent and filled, from hours that
ended, what is at work and what prices are (risk-model 3 to 7, 9, 10; resolutions 108 to 141). It
shares no line with the desk, and reads facts of it alone: orders, leverages, prices, the rules.

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
from tests.desk.facts import Amounts, Fact, Filled, HourEnded, PaidIn

D = Decimal
ZERO = D(0)
HOUR_MS, HOURS_A_YEAR = 3_600_000, 8760
Leg = tuple[str, PositionSide]
OPENED = {Side.BUY: PositionSide.LONG, Side.SELL: PositionSide.SHORT}


def cut(amount: Decimal, places: int = 18) -> Decimal:
    return amount.quantize(D(1).scaleb(-places), ROUND_DOWN)


def half_up(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def above(amount: Decimal) -> Decimal:
    return max(amount, ZERO)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


@dataclass
class Purse:
    """A coin: B, Bw and Ln of the page, and F."""

    cash: Decimal = ZERO
    borrowed: Decimal = ZERO
    loan: Decimal = ZERO
    frozen: Decimal = ZERO

    def pay(self, amount: Decimal, borrows: bool = False) -> None:
        before = self.cash + self.borrowed
        self.cash += amount
        if borrows:
            self.borrowed += above(min(ZERO, before) - (before + amount))
        self.borrowed -= min(self.borrowed, above(self.cash + self.borrowed - self.frozen))


@dataclass
class Holding:
    """A position: q signed, its average price, fees and funding since it was opened."""

    quantity: Decimal = ZERO
    average: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO


class Books:
    """Coins and positions as the facts leave them."""

    def __init__(self, desk: Desk, account: Account, facts: Iterable[Fact]) -> None:
        self.desk, self.rules, self.account = desk, desk.reference, account
        self.purses: defaultdict[str, Purse] = defaultdict(Purse)
        self.holdings: dict[Leg, Holding] = {}
        for fact in facts:
            if isinstance(fact, PaidIn):
                self.purses[fact.coin].loan += fact.loan
                self.purses[fact.coin].pay(fact.amount)
            elif isinstance(fact, HourEnded):
                self._end_hour(fact)
            else:
                for coin in {*self.purses, *fact.frozen}:
                    self.purses[coin].frozen = fact.frozen.get(coin, ZERO)
                    self.purses[coin].pay(ZERO)
                if isinstance(fact, Filled):
                    self._fill(fact)

    def _fill(self, fact: Filled) -> None:
        instrument = self.rules.instruments[fact.sym]
        quote = self.purses[instrument.quote]
        amount = fact.quantity * fact.price * instrument.contract_size
        fees = _fees(self.rules, instrument)
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
        held = self.holdings.get(leg, Holding())
        size, sign = abs(held.quantity), 1 if held.quantity > 0 else -1
        closes = min(size, fact.quantity) if sign * fact.side.sign < 0 else ZERO
        opens = fact.quantity - closes
        profit = cut(closes * instrument.contract_size * (fact.price - held.average) * sign)
        fee_to_close = cut(fee * closes / fact.quantity) if opens else fee if closes else ZERO
        held.quantity -= closes * sign
        held.fee += fee_to_close
        if not held.quantity:
            self.holdings.pop(leg, None)
        if opens:
            # What a closing order of a leg fills beyond it opens the other leg.
            opened = leg if fact.leg is PositionSide.NONE else (fact.sym, OPENED[fact.side])
            if closes or opened != leg:
                held, leg = self.holdings.get(opened, Holding()), opened
            size = abs(held.quantity)
            mean = (held.average * size + fact.price * opens) / (size + opens)
            held.average = half_up(mean, 18) if size else fact.price
            held.quantity += opens * fact.side.sign
            held.fee += fee - fee_to_close
        if held.quantity:
            self.holdings[leg] = held
        return profit

    def _end_hour(self, hour: HourEnded) -> None:
        """Funding, then interest at one rate for all that is owed; five minutes later of loans."""
        profits: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (sym, _), held in self.holdings.items():
            instrument, mark = self.rules.instruments[sym], hour.marks.get(sym, ZERO)
            size = held.quantity * instrument.contract_size
            profits[instrument.quote] += size * (mark - held.average)
            if hour.time_ms % (instrument.funding_interval_hours * HOUR_MS) == 0:
                amount = cut(-size * mark * hour.rates.get(sym, ZERO))
                held.funding += amount
                self.purses[instrument.quote].pay(amount)
        for coin, purse in self.purses.items():
            owed = above(purse.frozen - purse.cash - profits[coin])
            levels = self.rules.interest_levels[f"{self.account.exchange}:{coin}"]
            level = next((each for each in levels if owed <= each.loan_limit), levels[-1])
            purse.pay(-cut(owed * level.hourly_rate))
            if purse.loan:
                yearly = purse.loan * self.rules.loan_terms[coin].annual_rate
                purse.pay(-cut(yearly / HOURS_A_YEAR, 6))


class SlowAccount:
    """One account at this moment; `marks` are prices to suppose in the place of the real ones."""

    def __init__(
        self, books: Books, marks: Amounts | None = None, with_orders: bool = True
    ) -> None:
        desk, account, self.books, self.rules = books.desk, books.account, books, books.rules
        self.settings, self.account = desk.turn.settings, account
        self.marks = desk.state.marks | (marks or {})
        self.indexes = defaultdict(Decimal, desk.state.indexes, USDT=D(1))
        self.orders = _orders(desk, account) if with_orders else []
        legs = {*books.holdings, *((o.sym, o.position_side) for o in self.orders)}
        perps = [leg for leg in legs if self.rules.instruments[leg[0]].is_perp]
        self.weights = {leg: self._weight(leg) for leg in perps}
        self.sums = self._sums()

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

    def _weight(self, leg: Leg) -> Amounts:
        """What one leg adds to the account."""
        sym, side = leg
        instrument, held = self.rules.instruments[sym], self.books.holdings.get(leg, Holding())
        mark, contract = self.marks.get(sym, ZERO), instrument.contract_size
        fees = _fees(self.rules, instrument)
        quantity = held.quantity
        value = abs(quantity) * contract * mark
        loss = value * fees.taker
        opening = {Side.BUY: ZERO, Side.SELL: ZERO}
        room = abs(quantity)
        mine = [o for o in self.orders if (o.sym, o.position_side) == leg and not o.reduce_only]
        for order in sorted(mine, key=_rank):
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
        tier, flat = self.tier(sym, quantity), self.account.exchange is Exchange.OKX
        less = ZERO if flat or not quantity else tier.maintenance_amount
        return {
            "value": value,
            "profit": quantity * contract * (mark - held.average),
            "margin": cut(worst / self.leverage(sym)),
            "maintenance": cut(value * tier.mm_rate - less),
            "open_loss": loss,
        }

    def settled(self, coin: str, part: str) -> Decimal:
        """A part of what the legs that settle in a coin weigh."""
        legs = [leg for leg in self.weights if self.rules.instruments[leg[0]].quote == coin]
        return total(self.weights[leg][part] for leg in legs)

    def equity(self, coin: str) -> Decimal:
        return self.books.purses[coin].cash + self.settled(coin, "profit")

    def owed(self, coin: str) -> Decimal:
        """L: what resting MARGIN orders would borrow is owed already."""
        return above(self.books.purses[coin].frozen - self.equity(coin))

    def worth(self, coin: str, amount: Decimal) -> Decimal:
        """What an amount of a coin counts as margin."""
        discount = self.rules.discounts.get(coin, D("0.1")) if amount > 0 else 1
        return amount * self.indexes[coin] * discount

    def margin_value(self, coin: str) -> Decimal:
        return self.worth(coin, self.equity(coin))

    def debt_margin(self, coin: str) -> Decimal:
        leverage = self.account.coin_leverage.get(coin, 1)
        return cut(self.owed(coin) * self.indexes[coin] / leverage)

    def maintenance(self, coin: str) -> Decimal:
        """What is owed needs, and what a loan does beside."""
        owed, tiers = self.owed(coin), self.rules.loan_tiers[f"{self.account.exchange}:{coin}"]
        tier = next((tier for tier in tiers if owed < tier.cap), tiers[-1])
        lent = self.loan(coin)
        needed = cut(lent * self.rules.loan_terms[coin].maintenance_rate) if lent else ZERO
        return cut(owed * self.indexes[coin] * tier.mm_rate) + needed

    def loan(self, coin: str) -> Decimal:
        return self.books.purses[coin].loan * self.indexes[coin]

    def loan_margin(self, coin: str) -> Decimal:
        lent = self.loan(coin)
        return cut(lent / self.rules.loan_terms[coin].leverage) if lent else ZERO

    def _spot_loss(self, order: Order) -> Decimal:
        """Margin value lost if the order filled in full, and its fee."""
        instrument = self.rules.instruments[order.sym]
        quantity, quote = order.remaining, order.remaining * _price(order)
        sign, loss = order.side.sign, ZERO
        for coin, change in ((instrument.base, quantity * sign), (instrument.quote, -quote * sign)):
            owned = self.equity(coin)
            loss += self.worth(coin, owned) - self.worth(coin, owned + change)
        fee = quote * _fees(self.rules, instrument).taker * self.indexes[instrument.quote]
        return cut(above(loss) + fee)

    def _sums(self) -> Amounts:
        """The aggregates before they are cut."""
        weights, coins = self.weights.values(), list(self.books.purses)
        spot = [o for o in self.orders if not self.rules.instruments[o.sym].is_perp]
        return {
            "margin_value": total(map(self.margin_value, coins)),
            "equity": total(self.equity(c) * self.indexes[c] for c in coins),
            "upnl": total(self.settled(c, "profit") * self.indexes[c] for c in coins),
            "position_value": total(w["value"] for w in weights),
            "open_loss_margin": total(w["open_loss"] for w in weights)
            + total(map(self._spot_loss, spot)),
            "perp_margin": total(w["margin"] for w in weights),
            "debt_margin": total(self.debt_margin(c) + self.loan_margin(c) for c in coins),
            "maintain_margin": total(w["maintenance"] for w in weights)
            + total(map(self.maintenance, coins)),
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
        held = self.settled(coin, "margin")
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
            "upnl": self.settled(coin, "profit"),
            "index_price": index,
            "equity_value": equity * index,
            "margin_value": self.margin_value(coin),
            "perp_margin": held,
            "debt_margin": self.debt_margin(coin),
            "max_transferable": self._transferable(coin, above(free - purse.loan)),
        }

    def _transferable(self, coin: str, free: Decimal) -> Decimal:
        weight, sums = self.worth(coin, D(1)), self.sums
        if not weight:
            return free
        valid = sums["margin_value"] - sums["open_loss_margin"]
        margin = sums["perp_margin"] + sums["debt_margin"]
        room = valid - max(margin, 3 * sums["maintain_margin"])
        lent = total(map(self.loan, self.books.purses))
        if lent:
            secured = total(above(self.margin_value(each)) for each in self.books.purses)
            room = min(room, secured - lent / self.settings.loan_ltv_transfer)
        return above(min(free, cut(room / weight)))

    def position(self, leg: Leg) -> dict[str, object]:
        """Every number of a position's row but liqPrice."""
        held, weight, (sym, _) = self.books.holdings[leg], self.weights[leg], leg
        contract, leverage = self.rules.instruments[sym].contract_size, self.leverage(sym)
        entry = held.average * abs(held.quantity) * contract
        tier = self.tier(sym, held.quantity)
        return {
            "quantity": held.quantity,
            "value": weight["value"],
            "margin": weight["value"] / leverage,
            "maintenance": weight["maintenance"],
            "upnl": weight["profit"],
            "upnl_rate": weight["profit"] * leverage / entry if entry else ZERO,
            "average_price": held.average,
            "mark_price": self.marks.get(sym, ZERO),
            "leverage": leverage,
            "max_leverage": self.capped(tier.max_leverage),
            "risk_level": tier.level,
            "fee": held.fee,
            "funding_fee": held.funding,
        }


def frozen_by(desk: Desk, account: Account) -> Amounts:
    """What the account's SPOT and MARGIN orders hold back, by coin (risk-model 5.4)."""
    frozen: Amounts = {}
    for order in _orders(desk, account):
        instrument = desk.reference.instruments[order.sym]
        coin, amount = instrument.base, order.remaining
        if order.side is Side.BUY:
            fee = _fees(desk.reference, instrument).taker
            coin, amount = instrument.quote, cut(_price(order) * order.remaining * (1 + fee))
        if not instrument.is_perp:
            frozen[coin] = frozen.get(coin, ZERO) + amount
    return frozen


def _fees(rules: Reference, instrument: Instrument):  # type: ignore[no-untyped-def]
    return rules.fees[f"{instrument.exchange}_{instrument.business}"]


def _orders(desk: Desk, account: Account) -> list[Order]:
    its = (account.portfolio_id, account.exchange)
    return [o for o in desk.state.orders.values() if (o.portfolio_id, o.exchange) == its]


def _price(order: Order) -> Decimal:
    return order.amendment.price if order.amendment else order.limit_price or order.assumed_price


def _rank(order: Order) -> tuple[bool, Decimal, int]:
    """MARKET, then the best price, then who came first."""
    return (bool(order.limit_price), -_price(order) * order.side.sign, order.order_id)
