"""A value for every parameter of the API, by its name on the wire.

Calls are made of the endpoint table: a route's fields are looked up here one by one. So a new route
joins without a line, and a new field with one.
"""

import random
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal
from enum import Enum

from openprime.desk.desk import Desk
from openprime.desk.state import Position
from openprime.model.instrument import Instrument
from openprime.model.vocabulary import (
    AlgoType,
    Business,
    ConditionType,
    Exchange,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    StatementType,
    TimeInForce,
)
from openprime.simulation.people import Client, People

EXCHANGES = (Exchange.BINANCE, Exchange.OKX)
COINS = ("USDT", "USDT", "BTC", "ETH")
NETWORKS = ("ERC20", "ERC20", "TRC20", "BTC")
ADDRESS = "0x00000000000000000000000000000000000000"
HOUR_MS = 3_600_000
# How far from the mark prices are, as parts of it: mostly where the market comes soon.
STEPS_AWAY = (0, 0.0001, 0.0002, 0.0003, 0.0005, -0.0001, -0.0003, 0.002, -0.002, 0.006, 0.02)
DAY_MS = 24 * HOUR_MS
ODD = ("", "0", "-1", "abc", "1e5", "NaN", "9" * 40, "☃", "1.0000000000000000001", "null")


class Asker:
    """Who asks, what is known, and the chance that chooses. What a client has it knows from the
    desk's state, as it would from asking often.
    """

    def __init__(
        self,
        draw: random.Random,
        client: Client,
        people: People,
        desk: Desk,
        start_prices: Mapping[str, Decimal],
        now_ms: int,
    ) -> None:
        self.draw = draw
        self.client = client
        self.people = people
        self.now_ms = now_ms
        self.reference = desk.reference
        self._state = desk.state
        self._start_prices = start_prices
        self.sym = draw.choice(list(self.reference.instruments))
        self.coin = draw.choice(COINS)
        self.exchange = draw.choice(EXCHANGES)

    @property
    def instrument(self) -> Instrument:
        return self.reference.instruments[self.sym]

    def price_of(self, sym: str) -> Decimal:
        """What a symbol is worth now."""
        state, base = self._state, self.reference.instruments[sym].base
        found = state.marks.get(sym) or state.indexes.get(base) or self._start_prices.get(base)
        return found or Decimal(1)

    def held(self) -> Position | None:
        """One of the client's positions."""
        portfolio = self._state.portfolios[self.client.portfolio_id]
        accounts = portfolio.accounts.values()
        held = [p for account in accounts for p in account.positions.values()]
        return self.draw.choice(held) if held else None

    def working(self) -> str | None:
        """The id of one of the client's orders that work; now and then of any that was seen."""
        accounts = self._state.portfolios[self.client.portfolio_id].accounts.values()
        ids = [i for a in accounts for exposure in a.exposures.values() for i in exposure.orders]
        if not ids or self.draw.random() < 0.2:
            return self.seen("orderId")
        return str(self.draw.choice(ids))

    def one_of(self, kind: type[Enum]) -> str:
        return str(self.draw.choice(list(kind)).value)

    def seen(self, name: str) -> str | None:
        return self.people.seen(self.client.portfolio_id, name, self.draw)

    def fresh_name(self) -> str:
        return f"c{self.draw.getrandbits(48):012x}"

    def price(self, side: str = "") -> str:
        """A price near the mark, on the symbol's step; now and then far off. For a side it mostly
        is one at which an order rests, on few levels where clients meet.
        """
        draw = self.draw
        away = draw.gauss(0, 0.2) if draw.random() < 0.04 else draw.choice(STEPS_AWAY)
        if side and draw.random() < 0.75:
            away = -abs(away) if side == Side.BUY else abs(away)
        step = price_step(self.instrument)
        around = self.price_of(self.sym)
        if draw.random() < 0.5:
            around = around.quantize(Decimal(10) ** self._magnitude())
        ticks = (around * Decimal(repr(1 + away)) / step).to_integral_value(ROUND_DOWN)
        return format(max(ticks, Decimal(1)) * step, "f")

    def _magnitude(self) -> int:
        """Where the fourth digit of a price is: what moves below it is not looked at."""
        return self.price_of(self.sym).adjusted() - 3

    def quantity(self) -> str:
        """A quantity on the symbol's step worth some hundred to some ten thousand dollars."""
        worth = Decimal(repr(10 ** self.draw.uniform(1.3, 6.2)))
        instrument = self.instrument
        one = max(self.price_of(self.sym) * instrument.contract_size, Decimal("1e-9"))
        step = quantity_step(instrument)
        lots = max((worth / one / step).to_integral_value(ROUND_DOWN), Decimal(1))
        return format(max(lots * step, instrument.min_size), "f")

    def amount(self) -> str:
        """An amount of the coin: fractions of a coin, or dollars."""
        size = self.draw.uniform(-2, 1) if self.coin != "USDT" else self.draw.uniform(0, 5)
        return format(round(Decimal(repr(10**size)), 4), "f")

    def portfolio(self) -> str:
        draw, client = self.draw, self.client
        if draw.random() < 0.15:
            return str(draw.choice(list(self.people.owners)))
        if client.primary:
            return str(draw.choice(self.people.portfolios(client.user_id)))
        return str(client.portfolio_id)

    def place(self) -> str:
        """The id of a funding account or portfolio."""
        return str(self.client.user_id) if self.draw.random() < 0.3 else self.portfolio()


def price_step(instrument: Instrument) -> Decimal:
    """What prices of the symbol are whole multiples of."""
    return instrument.price_step or instrument.tick_size


def quantity_step(instrument: Instrument) -> Decimal:
    """What quantities of the symbol are whole multiples of."""
    return instrument.quantity_step or instrument.lot_size


Value = Callable[[Asker], object]

VALUES: dict[str, Value] = {
    "portfolioId": Asker.portfolio,
    "portfolioIds": Asker.portfolio,
    "sym": lambda a: a.sym,
    "symList": lambda a: a.sym,
    "symbol": lambda a: f"{a.instrument.base}_{a.instrument.quote}",
    "exchangeType": lambda a: a.exchange,
    "exchange": lambda a: a.exchange,
    "fromExchange": lambda a: a.exchange,
    "toExchange": lambda a: a.exchange,
    "businessType": lambda a: a.one_of(Business),
    "side": lambda a: a.one_of(Side),
    "orderType": lambda a: a.draw.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET)),
    "timeInForce": lambda a: a.draw.choice((TimeInForce.GTC, *TimeInForce)),
    "positionSide": lambda a: a.one_of(PositionSide),
    "positionMode": lambda a: a.one_of(PositionMode),
    "orderQty": Asker.quantity,
    "replaceQty": Asker.quantity,
    "quoteOrderQty": lambda a: format(Decimal(a.draw.randint(10, 20_000)), "f"),
    "limitPrice": Asker.price,
    "replacePrice": Asker.price,
    "tpPrice": Asker.price,
    "slPrice": Asker.price,
    "conditionalPrice": Asker.price,
    "tpTriggerPrice": Asker.price,
    "slTriggerPrice": Asker.price,
    "conditionalTriggerPrice": Asker.price,
    "tpTriggerType": lambda a: a.draw.choice(("LAST_PRICE", "MARK_PRICE")),
    "slTriggerType": lambda a: a.draw.choice(("LAST_PRICE", "MARK_PRICE")),
    "conditionalTriggerType": lambda a: a.draw.choice(("LAST_PRICE", "MARK_PRICE")),
    "reduceOnly": lambda a: a.draw.choice(("true", "false")),
    "syncMode": lambda a: a.draw.choice(("true", "false")),
    "closeAllPos": lambda a: a.draw.choice(("true", "false")),
    "filterExecuted": lambda a: a.draw.choice(("true", "false")),
    "loanTrans": lambda a: "false",
    "rapidTransfer": lambda a: a.draw.choice(("false", "false", "true")),
    "leverage": lambda a: str(a.draw.choice((1, 2, 3, 5, 10, 20, 50, 125, 0))),
    "coin": lambda a: a.coin,
    "currency": lambda a: a.coin,
    "amount": Asker.amount,
    "network": lambda a: a.draw.choice(NETWORKS),
    "address": lambda a: ADDRESS + str(a.draw.randrange(3)),
    "clientOrderId": lambda a: a.seen("clientOrderId"),
    "orderId": lambda a: a.seen("orderId"),
    "attachedOrderId": lambda a: a.seen("orderId"),
    "algoOrderId": lambda a: a.seen("algoOrderId"),
    "transferId": lambda a: a.seen("transferId"),
    "id": lambda a: a.portfolio() if a.draw.random() < 0.5 else a.seen("id"),
    "accountId": Asker.place,
    "fromTradeAccountId": Asker.place,
    "toTradeAccountId": Asker.place,
    "fromAccountType": lambda a: a.draw.choice((*EXCHANGES, "FUNDING")),
    "toAccountType": lambda a: a.draw.choice((*EXCHANGES, "FUNDING")),
    "accountType": lambda a: a.draw.choice((*EXCHANGES, "FUNDING")),
    "pool": lambda a: a.exchange,
    "status": lambda a: str(a.draw.randrange(4)),
    "belongingTo": lambda a: a.draw.choice(("0", "2")),
    "type": lambda a: str(a.draw.randrange(4)),
    "name": lambda a: a.fresh_name(),
    "apiName": lambda a: a.fresh_name(),
    "portfolioApiKey": lambda a: a.seen("accessKey"),
    "permission": lambda a: a.draw.choice(("READ,TRADE,TRANSFER,WITHDRAW", "READ,TRADE", "READ")),
    "ip": lambda a: "",
    "page": lambda a: str(a.draw.randint(1, 3)),
    "pageSize": lambda a: str(a.draw.choice((1, 2, 5, 20, 100))),
    "limit": lambda a: str(a.draw.randint(1, 50)),
    "begin": lambda a: str(a.now_ms - a.draw.randrange(DAY_MS)),
    "end": lambda a: str(a.now_ms + a.draw.randrange(4000)),
    "startTime": lambda a: str(a.now_ms - a.draw.randrange(HOUR_MS)),
    "endTime": lambda a: str(a.now_ms + a.draw.randrange(1000, 60_000)),
    "interval": lambda a: str(a.draw.choice((1, 5, 10))),
    "statementType": lambda a: a.one_of(StatementType),
    "algoOrderType": lambda a: a.one_of(AlgoType),
    "conditionType": lambda a: a.one_of(ConditionType),
    "instType": lambda a: a.draw.choice(("SPOT", "PERP")),
    "chgType": lambda a: a.draw.choice(("ABSOLUTE", "PERCENTAGE")),
    "chgTaker": lambda a: str(a.draw.randint(0, 20)),
    "chgMaker": lambda a: str(a.draw.randint(0, 20)),
}


def value_of(name: str, asker: Asker) -> object | None:
    """A value for a parameter, mostly a fit one; None where there is none to name."""
    make = VALUES.get(name)
    if make is None or asker.draw.random() < 0.005:
        return asker.draw.choice(ODD)
    return make(asker)
