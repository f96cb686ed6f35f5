"""One turn of the desk: the state and the rules, the moment, and what comes of the command.

Every behaviour of the desk is a function over a Turn. It is the only thing that they share, and
the only place from which they learn the time and where they leave their events.
"""

from decimal import Decimal

from openprime.desk.bands import Bands
from openprime.desk.commands import NO_QUOTE, Quote
from openprime.desk.effective import SETTINGS, effective
from openprime.desk.events import (
    AccountChanged,
    Event,
    PositionChanged,
    WalletChanged,
)
from openprime.desk.rules import RuleBooks, name_of
from openprime.desk.settings import in_force
from openprime.desk.state import (
    Account,
    Order,
    Portfolio,
    State,
    Wallet,
    account_key,
)
from openprime.errors import Refusal, message
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE
from openprime.model.reference import LISTED_EXCHANGES, VALUATION_COIN, Reference
from openprime.model.venue import VenueRequest
from openprime.model.vocabulary import Exchange

# Ids count from here in steps of a millisecond, so that they rise with time and stay below 2^53.
ID_EPOCH_MS = 1_704_067_200_000
ID_BASE = 10**15
IDS_PER_MS = 10_000
LONG_ID_BASE = 10**16
LONG_IDS_PER_MS = 100_000


class Turn:
    """State, rules and the outcome in the making. `begin` starts a new command.

    `base` are the venues' own rules, `reference` those in force, `rules` what follows from them by
    symbol. Fees are a portfolio's own: `rules_of` has the rules by portfolio. `debtors` says who
    owes which coin where (see lending.py), once somebody asked; `looks` how many accounts the
    command looked at because of prices.
    """

    __slots__ = (
        "accounts_touched",
        "bands",
        "base",
        "debt_rates",
        "debtors",
        "events",
        "forced",
        "looks",
        "moved",
        "now_ms",
        "positions_touched",
        "prices_told",
        "quote",
        "reference",
        "requests",
        "rules",
        "rules_name",
        "rules_of",
        "settings",
        "state",
        "wallets_touched",
    )

    def __init__(self, state: State, reference: Reference) -> None:
        self.state = state
        self.base = reference
        self.bands = Bands(state)
        # Accounts whose status may be another now, by identity; and how often prices were told.
        self.moved: dict[int, Account] = {}
        self.prices_told = 1
        self.debtors: dict[str, dict[int, Wallet]] | None = None
        self.configure()
        # What changed, by the identity of its account; for a wallet or position its name as well.
        self.positions_touched: dict[tuple[int, str], PositionChanged] = {}
        self.wallets_touched: dict[tuple[int, str], WalletChanged] = {}
        self.accounts_touched: dict[int, AccountChanged] = {}
        # What a fault makes of a new order, at its stage of the checks (errors 7).
        self.forced: Refusal | None = None
        self.begin(state.time_ms, NO_QUOTE)

    def configure(self) -> None:
        """Go on under the state's settings and overrides; what others gave is forgotten."""
        overrides = self.state.overrides
        self.settings = in_force(self.state.settings, overrides.get(SETTINGS, {}))
        self.reference = effective(self.base, overrides)
        self.rules_of = RuleBooks(self.state, self.reference, self.settings)
        self.rules = self.rules_of.general
        self.rules_name = name_of(self.reference, self.settings)
        # By exchange and coin, the highest maintenance rate of a debt (see drawing.py).
        self.debt_rates: dict[tuple[Exchange, str], Decimal] = {}

    def begin(self, now_ms: int, quote: Quote) -> None:
        """Start a command stamped `now_ms` ms, with the best prices of its symbol."""
        self.now_ms = now_ms
        self.quote = quote
        self.looks = 0
        self.events: list[Event] = []
        self.requests: list[VenueRequest] = []
        if self.positions_touched:
            self.positions_touched = {}
        if self.wallets_touched:
            self.wallets_touched = {}
        if self.accounts_touched:
            self.accounts_touched = {}

    def all_events(self) -> list[Event]:
        """What happened: orders and trades as they came, then what they changed, once each."""
        if self.positions_touched:
            self.events.extend(self.positions_touched.values())
        if self.wallets_touched:
            self.events.extend(self.wallets_touched.values())
        if self.accounts_touched:
            self.events.extend(self.accounts_touched.values())
        return self.events

    def new_id(self) -> int:
        """A fresh 16-digit id, above all earlier ones."""
        timely = ID_BASE + (self.now_ms - ID_EPOCH_MS) * IDS_PER_MS
        fresh = self.state.last_id + 1
        if fresh < timely:
            fresh = timely
        if fresh < ID_BASE:
            fresh = ID_BASE
        self.state.last_id = fresh
        return fresh

    def new_long_id(self) -> int:
        """A fresh 17-digit id, above all earlier ones."""
        timely = LONG_ID_BASE + (self.now_ms - ID_EPOCH_MS) * LONG_IDS_PER_MS
        fresh = self.state.last_long_id + 1
        if fresh < timely:
            fresh = timely
        if fresh < LONG_ID_BASE:
            fresh = LONG_ID_BASE
        self.state.last_long_id = fresh
        return fresh

    def text(self, code: int, *arguments: str) -> str:
        """The catalogue's text of a code, in the profile of this desk."""
        return message(code, arguments, self.settings.newest_messages)

    def leverage(self, account: Account, instrument: Instrument) -> int:
        """The leverage that counts for a PERP symbol: as set, or the symbol's default, which an
        operator may have made 0: none."""
        chosen = account.leverage.get(instrument.sym, instrument.default_leverage)
        return min(chosen, self.rules[instrument.sym].max_leverage)

    def index_price(self, coin: str) -> Decimal | None:
        """The price of a coin in USDT, None while none is known."""
        if coin == VALUATION_COIN:
            return ONE
        return self.state.indexes.get(coin)

    def touch_account(self, account: Account) -> None:
        """Say that an account changed, once a command."""
        if id(account) not in self.accounts_touched:
            touched = AccountChanged(account.portfolio_id, account.exchange)
            self.accounts_touched[id(account)] = touched
        self.moved[id(account)] = account

    def touch_wallet(self, account: Account, coin: str) -> None:
        """Say that a wallet changed, and that its sums must be brought up to date."""
        account.stale_coins[coin] = None
        key = (id(account), coin)
        if key not in self.wallets_touched:
            self.wallets_touched[key] = WalletChanged(account.portfolio_id, account.exchange, coin)
        self.moved[id(account)] = account

    def touch_position(self, account: Account, sym: str, position_key: str) -> None:
        """Say that a position changed, once a command."""
        key = (id(account), position_key)
        if key not in self.positions_touched:
            self.positions_touched[key] = PositionChanged(
                account.portfolio_id, account.exchange, sym, position_key
            )
        self.moved[id(account)] = account


def open_accounts(turn: Turn, portfolio: Portfolio) -> None:
    """Give a new portfolio its account row at every exchange that lists instruments."""
    for exchange in LISTED_EXCHANGES:
        portfolio.accounts[exchange] = Account(
            portfolio_id=portfolio.portfolio_id,
            exchange=exchange,
            position_mode=turn.settings.default_position_mode,
        )


def account_at(turn: Turn, portfolio: Portfolio, exchange: Exchange) -> Account:
    """The portfolio's account at an exchange; where it has none, one that nothing came to yet."""
    account = portfolio.accounts.get(exchange)
    if account is None:
        mode = turn.settings.default_position_mode
        account = Account(portfolio.portfolio_id, exchange, mode)
    return account


def account_of(state: State, order: Order) -> Account:
    """The account that an order works in."""
    return state.portfolios[order.portfolio_id].accounts[order.exchange]


def account_named(state: State, key: str) -> Account:
    """The account that an `account_key` names."""
    portfolio_id, exchange = key.split(":")
    return state.portfolios[int(portfolio_id)].accounts[exchange]


def hold(state: State, price_key: str, account: Account) -> None:
    """Note that a price moves this account: `price_key` is a PERP symbol or a coin."""
    state.holders.setdefault(price_key, {})[account_key(account)] = None
