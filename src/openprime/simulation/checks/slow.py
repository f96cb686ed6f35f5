"""The sums of an account once more, slow and plain: from its coins, positions and orders, by the
formulas of the risk model (risk-model 5, 6, 9; resolutions 108 to 135), with no line of the desk's.

Of the desk it reads what was chosen and what is told: wallets, positions, working orders,
leverages, marks and indexes, and the rules in force.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from openprime.desk.desk import Desk
from openprime.desk.state import Account, Order, Wallet
from openprime.model.instrument import Instrument
from openprime.model.vocabulary import Exchange, PositionSide, Side

D = Decimal
NIL = D(0)
VALUATION = "USDT"
# What counts of a coin that no table of discounts names.
UNLISTED = D("0.1")

Legs = dict[str, tuple[str, PositionSide, list[Order]]]


def slow_sums(desk: Desk, account: Account) -> dict[str, Decimal]:
    """The aggregates of an account as they are printed: cut to 8 decimals."""
    return {name: _cut(value, 8) for name, value in _Slow(desk, account).sums().items()}


def _cut(amount: Decimal, places: int = 18) -> Decimal:
    return amount.quantize(D(1).scaleb(-places), ROUND_DOWN)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NIL)


class _Slow:
    """One account at this moment."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self.state, self.account = desk.state, account
        self.rules, self.settings = desk.turn.reference, desk.turn.settings
        self.fees = desk.turn.rules_of[account.portfolio_id]
        mine = (account.portfolio_id, account.exchange)
        orders = [o for o in desk.state.orders.values() if (o.portfolio_id, o.exchange) == mine]
        self.spot = [o for o in orders if not self._of(o).is_perp]
        self.legs: Legs = {}
        for position in account.positions.values():
            key = f"{position.sym} {position.side}"
            self.legs.setdefault(key, (position.sym, position.side, []))
        for order in orders:
            if self._of(order).is_perp:
                key = f"{order.sym} {order.position_side}"
                leg = self.legs.setdefault(key, (order.sym, order.position_side, []))
                leg[2].append(order)

    def _of(self, order: Order) -> Instrument:
        return self.rules.instruments[order.sym]

    def _index(self, coin: str) -> Decimal:
        return D(1) if coin == VALUATION else self.state.indexes.get(coin, NIL)

    def sums(self) -> dict[str, Decimal]:
        weights = [self._weigh(*leg) for leg in self.legs.values()]
        wallets = self.account.wallets.values()
        owing = _total(map(self._debt_maintenance, wallets))
        return {
            "margin_value": _total(self._worth(w.coin, self._equity(w.coin)) for w in wallets),
            "open_loss": _total(w[2] for w in weights) + _total(map(self._spot_loss, self.spot)),
            "perp_margin": _total(w[0] for w in weights),
            "debt_margin": _total(map(self._debt_margin, wallets)),
            "maintenance": _total(w[1] for w in weights) + owing,
        }

    # -- positions and their orders

    def _weigh(
        self, sym: str, side: PositionSide, orders: list[Order]
    ) -> tuple[Decimal, Decimal, Decimal]:
        """Initial margin, maintenance margin and open loss of a leg."""
        instrument, mark = self.rules.instruments[sym], self.state.marks.get(sym, NIL)
        held = self._held(sym, side)
        value = abs(held) * instrument.contract_size * mark
        fees = self.fees[sym].fees
        loss, room = value * fees.taker, abs(held)
        opening = {Side.BUY: NIL, Side.SELL: NIL}
        for order in sorted((o for o in orders if not o.reduce_only), key=_rank):
            price, left = _price(order), order.remaining
            counted = max(price, mark) if order.side is Side.SELL else price
            opening[order.side] += counted * left * instrument.contract_size
            if held and (order.side is Side.SELL) == (held > 0):
                closes = min(room, left)
                room, left = room - closes, left - closes
            fee = (fees.maker if order.time_in_force == "GTX" else fees.taker) + fees.taker
            beyond = max((price - mark) * order.side.sign, NIL)
            if not self.settings.open_loss_counts_price:
                beyond = NIL
            loss += left * instrument.contract_size * (counted * fee + beyond)
        signed = value if held > 0 else -value
        up, down = signed + opening[Side.BUY], signed - opening[Side.SELL]
        worst = max(abs(up), abs(down), abs(signed))
        return _cut(worst / self._leverage(sym)), self._maintenance(sym, held, value), loss

    def _held(self, sym: str, side: PositionSide) -> Decimal:
        positions = self.account.positions.values()
        return _total(p.quantity for p in positions if (p.sym, p.side) == (sym, side))

    def _leverage(self, sym: str) -> int:
        default = self.rules.instruments[sym].default_leverage
        broker = self.settings.broker_max_leverage
        chosen = self.account.leverage.get(sym, default)
        most = self.rules.position_tiers[sym][0].max_leverage
        return min(n for n in (chosen, most, broker) if n)

    def _maintenance(self, sym: str, held: Decimal, value: Decimal) -> Decimal:
        """By the bracket of the size: in USDT on BINANCE, in contracts on OKX."""
        if not held:
            return NIL
        flat = self.account.exchange is Exchange.OKX
        size, tiers = abs(held) if flat else value, self.rules.position_tiers[sym]
        tier = next((t for t in tiers if size <= t.cap), tiers[-1])
        needed = value * tier.mm_rate - (NIL if flat else tier.maintenance_amount)
        return _cut(needed * self.settings.maintenance_multiplier)

    # -- coins and what is owed

    def _equity(self, coin: str) -> Decimal:
        """Cash, and the profit of what is settled in the coin."""
        wallet = self.account.wallets.get(coin)
        equity = wallet.cash if wallet else NIL
        for position in self.account.positions.values():
            instrument = self.rules.instruments[position.sym]
            if instrument.quote == coin:
                moved = self.state.marks.get(position.sym, NIL) - position.average_price
                equity += position.quantity * instrument.contract_size * moved
        return equity

    def _worth(self, coin: str, amount: Decimal) -> Decimal:
        """What an amount of a coin counts as margin: discounted if owned, in full if owed."""
        value = amount * self._index(coin)
        return value * self.rules.discounts.get(coin, UNLISTED) if amount > 0 else value

    def _owed(self, wallet: Wallet) -> Decimal:
        held_back = wallet.order_frozen + wallet.transfer_frozen
        return max(held_back - self._equity(wallet.coin), NIL)

    def _debt_margin(self, wallet: Wallet) -> Decimal:
        leverage = self.account.coin_leverage.get(wallet.coin, 1)
        index, terms = self._index(wallet.coin), self.rules.loan_terms.get(wallet.coin)
        loan = wallet.loan * index
        return _cut(self._owed(wallet) * index / leverage) + (
            _cut(loan / terms.leverage) if terms else loan
        )

    def _debt_maintenance(self, wallet: Wallet) -> Decimal:
        owed, index = self._owed(wallet), self._index(wallet.coin)
        tiers = self.rules.loan_tiers.get(f"{self.account.exchange}:{wallet.coin}", [])
        tier = next((t for t in tiers if owed < t.cap), tiers[-1] if tiers else None)
        terms = self.rules.loan_terms.get(wallet.coin)
        loan = wallet.loan * index * (terms.maintenance_rate if terms else NIL)
        return _cut(owed * index * (tier.mm_rate if tier else NIL)) + _cut(loan)

    def _spot_loss(self, order: Order) -> Decimal:
        """Margin value that is lost if the order fills in full, and its fee."""
        instrument, taker = self._of(order), self.fees[order.sym].fees.taker
        quantity, amount = order.remaining, order.remaining * _price(order)
        if order.quote_quantity:
            amount = (order.quote_quantity - order.executed_amount - order.fee) / (1 + taker)
            quantity = amount / order.assumed_price if order.assumed_price else NIL
        sign, loss = order.side.sign, NIL
        moved = {instrument.base: quantity * sign, instrument.quote: -amount * sign}
        for coin, change in moved.items():
            owned = self._equity(coin)
            loss += self._worth(coin, owned) - self._worth(coin, owned + change)
        fee = amount * taker * self._index(instrument.quote)
        return _cut(max(loss, NIL) + fee)


def _price(order: Order) -> Decimal:
    if order.amendment:
        return order.amendment.price
    return order.limit_price or order.assumed_price


def _rank(order: Order) -> tuple[bool, Decimal, int]:
    """MARKET, then the best price, then who came first."""
    limited = bool(order.limit_price)
    return (limited, -_price(order) * order.side.sign if limited else NIL, order.order_id)
