"""Rows to keep, and a desk simple enough to see through."""

from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from openprime.desk.commands import (
    NO_QUOTE,
    Credit,
    DeleteKey,
    Envelope,
    FreezeKey,
    SetPrices,
)
from openprime.desk.events import (
    Event,
    KeyChanged,
    OrderChanged,
    PositionReduced,
    Statement,
    Trade,
    WalletChanged,
)
from openprime.desk.outcome import Outcome
from openprime.desk.state import Order, PositionHistory, State
from openprime.errors import Refusal
from openprime.model.vocabulary import (
    Business,
    ClosedType,
    Exchange,
    Liquidity,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    StatementType,
    TimeInForce,
)
from openprime.store import Batch, Store
from openprime.store.digest import next_digest

PORTFOLIO = 1_000_000_000_000_001
USER = 1_000_000_000_000_002
NOW_MS = 1_800_000_000_000
BTC_PERP = "BINANCE_PERP_BTC_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
ETH_SWAP = "OKX_PERP_ETH_USDT"


def order(order_id: int, **changes: Any) -> Order:
    values: dict[str, Any] = {
        "client_order_id": f"c{order_id}",
        "portfolio_id": PORTFOLIO,
        "sym": BTC_PERP,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.5"),
        "quote_quantity": Decimal(0),
        "limit_price": Decimal("64000.1"),
        "reduce_only": False,
        "position_side": PositionSide.NONE,
        "leverage": 5,
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
    } | changes
    exchange = Exchange(values["sym"].split("_")[0])
    return Order(order_id=order_id, exchange=exchange, **values)


def trade(transaction_id: int, **changes: Any) -> Trade:
    values: dict[str, Any] = {
        "order_id": 7,
        "client_order_id": "c7",
        "portfolio_id": PORTFOLIO,
        "user_id": USER,
        "sym": BTC_PERP,
        "side": Side.SELL,
        "quantity": Decimal("0.5"),
        "price": Decimal(64000),
        "amount": Decimal(32000),
        "fee": Decimal("12.8"),
        "fee_coin": "USDT",
        "rebate": Decimal(0),
        "rebate_coin": "",
        "realised_pnl": Decimal("-1.5"),
        "liquidity": Liquidity.TAKER,
        "time_ms": NOW_MS,
    } | changes
    exchange, business = values["sym"].split("_")[:2]
    return Trade(
        transaction_id=transaction_id,
        exchange=Exchange(exchange),
        business=Business(business),
        **values,
    )


def position(position_id: int, **changes: Any) -> PositionHistory:
    values: dict[str, Any] = {
        name: Decimal(1)
        for name in PositionHistory.__struct_fields__
        if name.endswith(("pnl", "ratio", "price", "quantity", "fee"))
    }
    values |= {
        "portfolio_id": PORTFOLIO,
        "sym": BTC_PERP,
        "closed_type": ClosedType.PARTIAL_CLOSED,
        "leverage": 5,
        "side": PositionSide.LONG,
        "position_mode": PositionMode.NET,
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
    } | changes
    exchange = Exchange(values["sym"].split("_")[0])
    return PositionHistory(position_id=position_id, exchange=exchange, **values)


def statement(statement_id: int, **changes: Any) -> Statement:
    values: dict[str, Any] = {
        name: Decimal(0)
        for name in Statement.__struct_fields__
        if name.startswith(("before_", "after_", "delta"))
    }
    values |= {
        "portfolio_id": PORTFOLIO,
        "request_id": "r",
        "coin": "USDT",
        "sym": BTC_PERP,
        "statement_type": StatementType.FUNDING_FEE,
        "exchange": Exchange.BINANCE,
        "business": Business.PERP,
        "time_ms": NOW_MS,
    } | changes
    return Statement(statement_id=statement_id, **values)


def finished(value: Order) -> OrderChanged:
    return OrderChanged(order=value, finished=True)


def reduced(row: PositionHistory) -> PositionReduced:
    return PositionReduced(row=row)


def batch(store: Store, events: list[Event], commands: int = 1) -> Batch:
    """The next batch of a store, all events in its last command."""
    first = store.last_sequence + 1
    envelopes = [
        Envelope(sequence, NOW_MS, DeleteKey("k"), NO_QUOTE)
        for sequence in range(first, first + commands)
    ]
    return Batch(envelopes, events, store.digest, next_digest(store.digest, events))


def keep(store: Store, *events: Event) -> None:
    store.commit(batch(store, list(events)))


class CountingDesk:
    """Credits add to a sum; freezing a key is refused; deleting one is a fault of the desk."""

    def __init__(self, state: State | None = None, fee: Decimal = Decimal(0)) -> None:
        self.state = state or State()
        self.fee = fee
        self._serial = count(1)

    @property
    def total(self) -> Decimal:
        return self.state.house.get("total", {}).get("USDT", Decimal(0))

    def apply(self, envelope: Envelope) -> Outcome:
        events: list[Event] = []
        match envelope.command:
            case Credit(portfolio_id, exchange, coin, amount):
                house = self.state.house.setdefault("total", {})
                house["USDT"] = house.get("USDT", Decimal(0)) + amount - self.fee
                events = [WalletChanged(portfolio_id, exchange, coin)]
                events.append(KeyChanged(str(house["USDT"])))
            case FreezeKey():
                return Outcome(refusal=Refusal(401018))
            case DeleteKey():
                raise ZeroDivisionError("a fault")
            case SetPrices(marks):
                self.state.marks |= marks
            case _:
                pass
        self.state.sequence = envelope.sequence
        self.state.time_ms = envelope.time_ms
        return Outcome(events=events, reply=envelope.sequence)

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.state)


def credit(amount: int = 1) -> Credit:
    return Credit(PORTFOLIO, Exchange.BINANCE, "USDT", Decimal(amount))
