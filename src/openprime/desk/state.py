"""The desk's state: plain data, nothing computed here.

Everything is in ordinary dicts, whose order is the order of insertion, so that two desks fed the
same commands encode to the same bytes. Amounts are Decimals in the coin named by their field.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.desk.algo_state import AlgoOrder, Attached, Watch
from openprime.desk.effective import Overrides
from openprime.desk.funds import (
    Deposit,
    DepositAddress,
    DepositRoute,
    FundingWallet,
    Transfer,
    TransferRequest,
    WithdrawAddress,
    Withdrawal,
)
from openprime.desk.limits import TradeLimits
from openprime.desk.liquidation_state import HousePosition, Liquidation, Ranking
from openprime.desk.markups import Markup, MarkupChange
from openprime.desk.news_items import NewsItem
from openprime.desk.pool_state import Pool
from openprime.desk.settings import DeskSettings
from openprime.desk.switches import ClockLine, Fault, Window
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    NO_SIDE,
    AccountStatus,
    Actor,
    ClosedType,
    Exchange,
    OrderAction,
    OrderOrigin,
    OrderState,
    OrderType,
    Permission,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    UserKind,
    UserState,
)


class TaskKind(StrEnum):
    """What can be on the agenda."""

    FINISH_TRANSFER = "finish_transfer"
    FINISH_DEPOSIT = "finish_deposit"
    FINISH_WITHDRAWAL = "finish_withdrawal"
    CHANGE_MARKUPS = "change_markups"
    RUN_SLICE = "run_slice"
    SET_OFF = "set_off"
    CLOSE_HOUR = "close_hour"
    CHARGE_LOANS = "charge_loans"
    LIQUIDATE = "liquidate"
    LOOK = "look"


class Due(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A task of the agenda: when, after which others of that moment, what, and about what."""

    time_ms: int
    number: int
    kind: TaskKind
    subject: int


class Round(msgspec.Struct):
    """A task's way through many accounts: the keys of those that it has still to come to, the next
    one last, and the prices and funding rates as they were when it began, where it needs them.
    """

    waiting: list[str]
    marks: dict[str, Decimal] = {}
    funding_rates: dict[str, Decimal] = {}


class User(msgspec.Struct):
    """A user with its funding account and address book. `transfer_requests` are the request ids
    that transfers used up, oldest first.
    """

    user_id: int
    kind: UserKind
    state: UserState
    created_at_ms: int
    funding_wallets: dict[str, FundingWallet] = {}
    transfer_requests: dict[str, TransferRequest] = {}
    withdraw_addresses: dict[int, WithdrawAddress] = {}


class ApiKey(msgspec.Struct):
    """A key. `sealed_secret` is the secret encrypted under the data folder's own key; `suspended`
    says that it is frozen with its user.
    """

    access_key: str
    sealed_secret: bytes
    user_id: int
    portfolio_id: int
    name: str
    permissions: list[Permission]
    addresses: list[str]
    frozen: bool
    created_at_ms: int
    updated_at_ms: int
    suspended: bool = False

    @property
    def is_frozen(self) -> bool:
        """Whether calls of this key answer 100041."""
        return self.frozen or self.suspended


def leg_key(sym: str, side: PositionSide) -> str:
    """What a position is kept under in its account: its symbol, for a leg of BOTH its side too."""
    return sym if side is NO_SIDE else f"{sym}:{side}"


class Amendment(msgspec.Struct):
    """A change asked of the venue and not yet confirmed."""

    price: Decimal
    quantity: Decimal
    venue_quantity_before: Decimal


class Order(msgspec.Struct):
    """One order, from placement to its end (rest-trading 1.9).

    Quantities are in order units, `frozen` in `frozen_coin`. `assumed_price` is the price that
    margin is computed with where the order itself has none (risk-model 5.1). `venue_quantity` is
    the total that the venue was told: less than `quantity` where a reduce-only order is clipped.
    `seized` is what was taken of the reserve by others than the order (errors 6.4). `algo_order_id`
    names the algo order that set it off, `attached` is the take profit and stop loss of its own.
    """

    order_id: int
    client_order_id: str
    portfolio_id: int
    exchange: Exchange
    sym: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    quote_quantity: Decimal
    limit_price: Decimal
    reduce_only: bool
    position_side: PositionSide
    leverage: int
    created_at_ms: int
    updated_at_ms: int
    origin: OrderOrigin = OrderOrigin.DMA
    state: OrderState = OrderState.NEW
    assumed_price: Decimal = ZERO
    closes_position: bool = False
    venue_quantity: Decimal = ZERO
    last_trade_id: int = 0
    executed_quantity: Decimal = ZERO
    executed_amount: Decimal = ZERO
    last_quantity: Decimal = ZERO
    last_price: Decimal = ZERO
    last_amount: Decimal = ZERO
    fee: Decimal = ZERO
    fee_coin: str = ""
    rebate: Decimal = ZERO
    rebate_coin: str = ""
    reason: str = ""
    reason_code: int = 0
    action: OrderAction = OrderAction.NONE
    action_message: str = ""
    cancel_type: Actor = Actor.NONE
    amend_type: Actor = Actor.NONE
    borrow_amount: Decimal = ZERO
    borrow_coin: str = ""
    frozen: Decimal = ZERO
    frozen_coin: str = ""
    amendment: Amendment | None = None
    seized: Decimal = ZERO
    algo_order_id: int = 0
    attached: Attached | None = None

    @property
    def remaining(self) -> Decimal:
        """What is left to fill, with a change under way counted as done."""
        wanted = self.amendment.quantity if self.amendment else self.quantity
        return wanted - self.executed_quantity

    @property
    def working_price(self) -> Decimal:
        """The price that the order has, or will have once a change under way is done."""
        if self.amendment:
            return self.amendment.price
        return self.limit_price or self.assumed_price

    @property
    def leg(self) -> str:
        """The key of the position that the order acts on."""
        side = self.position_side
        return self.sym if side is NO_SIDE else leg_key(self.sym, side)


# An order as it is now, apart from what becomes of it.
copy_of: Callable[[Order], Order] = Order.__copy__  # type: ignore[attr-defined]


class Position(msgspec.Struct):
    """An open position, in BOTH mode one leg. `quantity` is signed, below 0 for a short;
    `average_price` has 18 decimals and is used as held.

    The closed_* fields gather what the history row of this position will tell.
    """

    position_id: int
    portfolio_id: int
    exchange: Exchange
    sym: str
    side: PositionSide
    created_at_ms: int
    updated_at_ms: int
    quantity: Decimal = ZERO
    average_price: Decimal = ZERO
    fee: Decimal = ZERO
    funding_fee: Decimal = ZERO
    liquidation_fee: Decimal = ZERO
    max_quantity: Decimal = ZERO
    closed_quantity: Decimal = ZERO
    closed_entry_amount: Decimal = ZERO
    closed_exit_amount: Decimal = ZERO
    closed_pnl: Decimal = ZERO

    @property
    def leg(self) -> str:
        """The key that the position is kept under."""
        return leg_key(self.sym, self.side)


class PositionHistory(msgspec.Struct):
    """What is told of a position that was reduced or closed (rest-trading 2.2)."""

    position_id: int
    portfolio_id: int
    exchange: Exchange
    sym: str
    closed_type: ClosedType
    closed_pnl: Decimal
    closed_pnl_ratio: Decimal
    closed_average_price: Decimal
    open_average_price: Decimal
    max_quantity: Decimal
    closed_quantity: Decimal
    liquidation_fee: Decimal
    funding_fee: Decimal
    fee: Decimal
    leverage: int
    side: PositionSide
    position_mode: PositionMode
    created_at_ms: int
    updated_at_ms: int


class Wallet(msgspec.Struct):
    """One coin of one account (risk-model 3). `loan` is the principal of a RapidX loan, which is
    part of the cash; the fields from `upnl` on are sums kept by difference.
    """

    coin: str
    created_at_ms: int
    updated_at_ms: int
    cash: Decimal = ZERO
    borrowed: Decimal = ZERO
    loan: Decimal = ZERO
    order_frozen: Decimal = ZERO
    transfer_frozen: Decimal = ZERO
    upnl: Decimal = ZERO
    perp_margin: Decimal = ZERO
    margin_value: Decimal = ZERO
    equity_value: Decimal = ZERO
    debt_margin: Decimal = ZERO
    debt_maintenance: Decimal = ZERO
    loan_value: Decimal = ZERO
    loan_margin: Decimal = ZERO
    loan_maintenance: Decimal = ZERO


class Exposure(msgspec.Struct):
    """One symbol of one account, of a PERP in BOTH mode one leg: its working orders and, for a
    PERP, the leverage that counts and what orders and position weigh, in the settlement coin,
    valued at `mark`.
    """

    sym: str
    is_perp: bool
    leverage: int
    orders: dict[int, None] = {}
    reduce_only_count: int = 0
    had_position: bool = False
    mark: Decimal = ZERO
    position_value: Decimal = ZERO
    upnl: Decimal = ZERO
    buy_notional: Decimal = ZERO
    sell_notional: Decimal = ZERO
    initial_margin: Decimal = ZERO
    maintenance: Decimal = ZERO
    open_loss: Decimal = ZERO


class Account(msgspec.Struct):
    """One margin account: a portfolio at one exchange. The sums are kept by difference.

    Positions and exposures are kept by leg (see legs.py). `loan_coins` are those of its loans.
    `status` is where the ladder last saw it, `notices_ms` when it last gave notice of a status.
    `stale_syms`, by leg too, and `stale_coins` name what changed since the sums were last brought
    up to date, `prices_seen` which prices they are of. `band` is, by price, between which values
    the status stays as it is; one that is `loose` has none until prices move (see bands.py).
    """

    portfolio_id: int
    exchange: Exchange
    position_mode: PositionMode
    initialised: bool = False
    restricted: bool = False
    trade_banned: bool = False
    pinned_status: AccountStatus | None = None
    status: AccountStatus = AccountStatus.NORMAL
    notices_ms: dict[AccountStatus, int] = {}
    liquidation: Liquidation | None = None
    wallets: dict[str, Wallet] = {}
    positions: dict[str, Position] = {}
    exposures: dict[str, Exposure] = {}
    leverage: dict[str, int] = {}
    coin_leverage: dict[str, int] = {}
    loan_coins: dict[str, None] = {}
    order_count: int = 0
    spot_orders: dict[int, Decimal] = {}
    perp_margin: Decimal = ZERO
    perp_maintenance: Decimal = ZERO
    perp_open_loss: Decimal = ZERO
    position_value: Decimal = ZERO
    margin_value: Decimal = ZERO
    equity: Decimal = ZERO
    debt_margin: Decimal = ZERO
    debt_maintenance: Decimal = ZERO
    spot_open_loss: Decimal = ZERO
    stale_syms: dict[str, None] = {}
    stale_coins: dict[str, None] = {}
    spot_orders_stale: bool = False
    prices_seen: int = 0
    band: dict[str, tuple[Decimal, Decimal]] = {}
    loose: bool = False


def account_key(account: Account) -> str:
    """The text that names an account in the sets of the state."""
    return f"{account.portfolio_id}:{account.exchange}"


class Portfolio(msgspec.Struct):
    """A portfolio. `client_order_ids` maps the clients' own ids to orders, of finished orders for
    as long as they stay blocked: `blocked_until_ms` says how long, oldest first. Deposits go to
    `deposit_exchange`, but for those that `deposit_routes` names by coin and network. `markups`
    are what its broker adds to its fees, by market.
    """

    portfolio_id: int
    user_id: int
    name: str
    is_main: bool
    created_at_ms: int
    updated_at_ms: int
    closed: bool = False
    trade_forbidden: bool = False
    accounts: dict[str, Account] = {}
    client_order_ids: dict[str, int] = {}
    blocked_until_ms: dict[str, int] = {}
    algo_orders: dict[int, None] = {}
    algo_client_ids: dict[str, int] = {}
    algo_ids_blocked_until_ms: dict[str, int] = {}
    loan_ids_blocked_until_ms: dict[str, int] = {}
    deposit_exchange: Exchange = Exchange.BINANCE
    deposit_routes: dict[str, DepositRoute] = {}
    markups: dict[str, Markup] = {}
    limits: TradeLimits | None = None
    markups_to_come: list[MarkupChange] = []


class State(msgspec.Struct):
    """All that the desk knows.

    `house` is the other side of every posting: by house account and coin, in double entry with the
    wallets, so that per coin everything sums to zero. `holders` names, by symbol and by coin, the
    accounts that a price moves, as (portfolio, exchange) texts. `pinned_marks` and `pinned_indexes`
    are those that the operator holds. `news` are the items that are told of. `agenda` is in the
    order of time. `transfers`, `deposits` and `withdrawals` are those under way;
    `deposit_addresses` are by account, coin and network. `overrides` is what the operator changed
    of the rules (see effective.py), `pool` the venue accounts where it changed any, `clock` the
    course of time where it set it. `algos` are the algo orders at work and `watches` who waits for
    which price; `volumes` and `last_prices` are of the symbols that algo orders follow, and
    `attached_orders` holds, by order, the algo order that it brought along. `recurring` are the
    tasks that come round, by kind, with their next moment, `rounds` those of them that are under
    way. `watched` names the accounts that have positions or less cash than they hold back, and some
    that had; `borrowers` those with loans. `funding_rates` are the running rates by PERP symbol.
    `liquidations` names the account of each liquidation under way, `house_positions` are what the
    house took over, by symbol, `rankings` who is deleveraged first, by symbol and side. `loose`
    names the accounts without a band, of which the first `looks_due` are still to be looked at
    under the present prices; `looks_noted` says that the agenda has that. `banded_by` names the
    rules that bands are drawn by, `unseen` the portfolios whose bands are by others, the last one
    first.
    """

    sequence: int = 0
    time_ms: int = 0
    last_id: int = 0
    last_long_id: int = 0
    users: dict[int, User] = {}
    portfolios: dict[int, Portfolio] = {}
    keys: dict[str, ApiKey] = {}
    orders: dict[int, Order] = {}
    house: dict[str, dict[str, Decimal]] = {}
    marks: dict[str, Decimal] = {}
    indexes: dict[str, Decimal] = {}
    pinned_marks: dict[str, Decimal] = {}
    pinned_indexes: dict[str, Decimal] = {}
    holders: dict[str, dict[str, None]] = {}
    next_purge_ms: int = 0
    agenda: list[Due] = []
    tasks_noted: int = 0
    transfers: dict[int, Transfer] = {}
    deposits: dict[int, Deposit] = {}
    withdrawals: dict[int, Withdrawal] = {}
    deposit_addresses: dict[str, DepositAddress] = {}
    windows: dict[int, Window] = {}
    faults: dict[int, Fault] = {}
    news: dict[int, NewsItem] = {}
    algos: dict[int, AlgoOrder] = {}
    watches: dict[str, Watch] = {}
    volumes: dict[str, Decimal] = {}
    last_prices: dict[str, Decimal] = {}
    attached_orders: dict[int, int] = {}
    recurring: dict[TaskKind, int] = {}
    rounds: dict[TaskKind, Round] = {}
    watched: dict[str, None] = {}
    borrowers: dict[str, None] = {}
    funding_rates: dict[str, Decimal] = {}
    liquidations: dict[int, str] = {}
    house_positions: dict[str, HousePosition] = {}
    rankings: dict[str, Ranking] = {}
    loose: dict[str, None] = {}
    looks_due: int = 0
    looks_noted: bool = False
    banded_by: str = ""
    unseen: list[int] = []
    settings: DeskSettings = DeskSettings()
    overrides: Overrides = {}
    pool: Pool | None = None
    clock: ClockLine | None = None
