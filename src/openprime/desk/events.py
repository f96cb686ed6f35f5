"""What happened at the desk.

Events hold copies or plain keys, so they stay true after later commands. Those that name a
wallet, position or account say only that it changed: its values are read from the state.
"""

from decimal import Decimal

import msgspec

from openprime.desk.state import Order, PositionHistory
from openprime.model.vocabulary import Business, Exchange, Liquidity, Side, StatementType


class OrderChanged(msgspec.Struct, frozen=True, tag=True):
    """An order is new or has changed. `finished` on its last change."""

    order: Order
    finished: bool


class Trade(msgspec.Struct, frozen=True, tag=True):
    """A fill of a client's order (rest-trading 4). Fee and rebate are both at or above 0."""

    transaction_id: int
    order_id: int
    client_order_id: str
    portfolio_id: int
    user_id: int
    exchange: Exchange
    business: Business
    sym: str
    side: Side
    quantity: Decimal
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_coin: str
    rebate: Decimal
    rebate_coin: str
    realised_pnl: Decimal
    liquidity: Liquidity
    time_ms: int


class PositionChanged(msgspec.Struct, frozen=True, tag=True):
    """`key` names the position inside its account; it may be gone."""

    portfolio_id: int
    exchange: Exchange
    sym: str
    key: str


class PositionReduced(msgspec.Struct, frozen=True, tag=True):
    """The history row of a position, new or told again with more closed."""

    row: PositionHistory


class WalletChanged(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    exchange: Exchange
    coin: str


class AccountChanged(msgspec.Struct, frozen=True, tag=True):
    portfolio_id: int
    exchange: Exchange


class Statement(msgspec.Struct, frozen=True, tag=True):
    """A row of the account statement (risk-model 11)."""

    statement_id: int
    portfolio_id: int
    request_id: str
    coin: str
    sym: str
    statement_type: StatementType
    exchange: Exchange
    business: Business
    before_available: Decimal
    after_available: Decimal
    before_overdraw: Decimal
    after_overdraw: Decimal
    before_borrow: Decimal
    after_borrow: Decimal
    delta: Decimal
    time_ms: int


class KeyChanged(msgspec.Struct, frozen=True, tag=True):
    """A key was made, frozen, freed or deleted: whoever caches keys forgets it."""

    access_key: str


Event = (
    OrderChanged
    | Trade
    | PositionChanged
    | PositionReduced
    | WalletChanged
    | AccountChanged
    | Statement
    | KeyChanged
)
