"""What happened at the desk.

Events hold copies or plain keys, so they stay true after later commands. Those that name a
wallet, position or account say only that it changed: its values are read from the state.
"""

from decimal import Decimal

import msgspec

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.funds import Deposit, Transfer, Withdrawal
from openprime.desk.liquidation_state import Reduced, Step
from openprime.desk.news_items import NewsItem
from openprime.desk.state import Order, PositionHistory
from openprime.model.vocabulary import (
    AccountStatus,
    Business,
    Exchange,
    Liquidity,
    LoanKind,
    Side,
    StatementType,
)


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
    algo_order_id: int = 0


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


class LoanOrder(msgspec.Struct, frozen=True, tag=True):
    """Coins that were borrowed from RapidX or paid back, and what is owed and free thereafter."""

    order_id: int
    client_order_id: str
    portfolio_id: int
    exchange: Exchange
    kind: LoanKind
    coin: str
    amount: Decimal
    loan: Decimal
    available: Decimal
    time_ms: int


class LoanEntry(msgspec.Struct, frozen=True, tag=True):
    """A row of the loan statement: `delta` went into the wallet, whose cash is `balance` since."""

    statement_id: int
    portfolio_id: int
    exchange: Exchange
    kind: LoanKind
    coin: str
    delta: Decimal
    balance: Decimal
    time_ms: int


class KeyChanged(msgspec.Struct, frozen=True, tag=True):
    """A key was made, frozen, freed or deleted: whoever caches keys forgets it."""

    access_key: str


class TransferChanged(msgspec.Struct, frozen=True, tag=True):
    """A transfer is new, done or failed."""

    transfer: Transfer


class DepositChanged(msgspec.Struct, frozen=True, tag=True):
    """A deposit is announced, arrived or failed."""

    deposit: Deposit


class WithdrawalChanged(msgspec.Struct, frozen=True, tag=True):
    """A withdrawal is new or has ended."""

    withdrawal: Withdrawal


class ReferenceChanged(msgspec.Struct, frozen=True, tag=True):
    """An override of the rules was made or taken back: whoever holds rules reads them again."""

    table: str
    key: str


class MarkupCollected(msgspec.Struct, frozen=True, tag=True):
    """The markup of a fill, charged to a sub-portfolio and credited to the MainPortfolio, which
    `portfolio_id` names. `business` is SPOT or PERP, as brokers state markups.
    """

    collection_id: int
    user_id: int
    portfolio_id: int
    sub_portfolio_id: int
    exchange: Exchange
    business: Business
    sym: str
    transaction_id: int
    coin: str
    amount: Decimal
    time_ms: int


class Audited(msgspec.Struct, frozen=True, tag=True):
    """A row of the operator's audit: what was asked, from where, and how it was answered."""

    audit_id: int
    time_ms: int
    action: str
    body: str
    peer: str
    code: int


class NewsPublished(msgspec.Struct, frozen=True, tag=True):
    """An item of news is there: whoever listens is told."""

    item: NewsItem


class AlgoChanged(msgspec.Struct, frozen=True, tag=True):
    """An algo order is new or has changed. `finished` on its last change."""

    algo: AlgoOrder
    finished: bool


class MarginCalled(msgspec.Struct, frozen=True, tag=True):
    """An account came down to a status that its owner is given notice of."""

    portfolio_id: int
    exchange: Exchange
    status: AccountStatus


class LiquidationStepped(msgspec.Struct, frozen=True, tag=True):
    """A liquidation took a step, or ended."""

    event_id: int
    portfolio_id: int
    exchange: Exchange
    step: Step
    status: AccountStatus


class LiquidationReduced(msgspec.Struct, frozen=True, tag=True):
    """An order of a liquidation is over: what it closed."""

    portfolio_id: int
    reduced: Reduced


Event = (
    OrderChanged
    | MarginCalled
    | LiquidationStepped
    | LiquidationReduced
    | Trade
    | PositionChanged
    | PositionReduced
    | WalletChanged
    | AccountChanged
    | Statement
    | LoanOrder
    | LoanEntry
    | KeyChanged
    | TransferChanged
    | DepositChanged
    | WithdrawalChanged
    | ReferenceChanged
    | Audited
    | MarkupCollected
    | NewsPublished
    | AlgoChanged
)
