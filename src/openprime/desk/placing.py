"""What the checks of a new order look at: the order as it would be, and what it was asked for."""

from decimal import Decimal

from openprime.desk.commands import PlaceOrder
from openprime.desk.margin import Totals, totals
from openprime.desk.pool_state import VenueAccount
from openprime.desk.rules import Rules
from openprime.desk.state import Account, Exposure, Order, Portfolio, Wallet
from openprime.desk.turn import Turn
from openprime.desk.worth import Worth
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO
from openprime.model.vocabulary import (
    BUY,
    DMA,
    IOC,
    MARGIN,
    MARKET,
    NET,
    NEW,
    NO_SIDE,
    PERP,
    Side,
)


class Placing:
    """An order under test. Nothing here is in the state until the order is accepted.

    `instrument`, `account` and `order` are set once the checks before them have passed. `leg` is
    what the position that the order acts on is kept under, and `exposure` its exposure. `worth` is
    what they weigh with a PERP order in it, found by the margin check; `venue_account` is where it
    goes, where that is chosen.
    """

    __slots__ = (
        "account",
        "closes_position",
        "command",
        "exposure",
        "increases",
        "instrument",
        "leg",
        "mark",
        "order",
        "portfolio",
        "reduces",
        "rules",
        "turn",
        "venue_account",
        "worth",
    )

    turn: Turn
    command: PlaceOrder
    portfolio: Portfolio
    instrument: Instrument
    account: Account
    leg: str
    exposure: Exposure | None
    order: Order
    mark: Decimal
    closes_position: bool
    increases: bool
    reduces: bool
    rules: Rules
    worth: Worth | None
    venue_account: VenueAccount | None

    def __init__(
        self, turn: Turn, command: PlaceOrder, portfolio: Portfolio, closes_position: bool = False
    ) -> None:
        self.turn = turn
        self.command = command
        self.portfolio = portfolio
        self.closes_position = closes_position
        self.increases = True
        self.worth = None
        self.venue_account = None

    def set_instrument(self, instrument: Instrument) -> None:
        turn = self.turn
        self.instrument = instrument
        self.rules = turn.rules_of[self.portfolio.portfolio_id][instrument.sym]
        mark = turn.state.marks.get(instrument.sym)
        self.mark = mark or turn.index_price(instrument.base) or ZERO

    def set_account(self, account: Account, leg: str) -> None:
        self.account = account
        self.leg = leg
        self.exposure = account.exposures.get(leg)

    @property
    def sums(self) -> Totals:
        """The account's totals before the order; the account must be fresh."""
        return totals(self.account)

    @property
    def leverage(self) -> int:
        """The leverage of the PERP symbol that counts for the account."""
        if self.exposure is not None:
            return self.exposure.leverage
        return self.turn.leverage(self.account, self.instrument)

    def wallet(self, coin: str) -> Wallet | None:
        return self.account.wallets.get(coin)

    def best_opposite(self) -> Decimal:
        """The best price that the order could trade at; 0 where the book has none."""
        quote = self.turn.quote
        ticks = quote.ask_ticks if self.command.side is BUY else quote.bid_ticks
        return self.instrument.price(ticks) if ticks is not None else ZERO

    def assumed_market_price(self) -> Decimal:
        """The price that a MARKET order is taken to fill at (risk-model 5.1)."""
        best = self.best_opposite()
        if self.command.side is BUY:
            return (best or self.mark) * (ONE + self.turn.settings.market_assumed_slip)
        return max(self.mark, best)


def draft(placing: Placing) -> Order:
    """The order as it would be; its id is given when it is accepted."""
    command, instrument, now_ms = placing.command, placing.instrument, placing.turn.now_ms
    market = command.order_type is MARKET
    rules = placing.rules
    one_leg = placing.account.position_mode is NET or not rules.is_perp
    # By position: forty names take msgspec eight times as long.
    order = Order(
        0,
        command.client_order_id,
        command.portfolio_id,
        instrument.exchange,
        command.sym,
        command.side,
        command.order_type,
        IOC if market else command.time_in_force,
        command.quantity,
        command.quote_quantity,
        ZERO if market else command.limit_price,
        command.reduce_only,
        NO_SIDE if one_leg else command.position_side or NO_SIDE,
        order_leverage(placing),
        now_ms,
        now_ms,
        DMA,
        NEW,
        placing.assumed_market_price() if market else ZERO,
        placing.closes_position,
    )
    if command.attached is not None:
        order.attached = command.attached
    if not rules.is_perp:
        order.frozen_coin = frozen_coin_of(instrument, command.side)
    return order


def frozen_coin_of(instrument: Instrument, side: Side) -> str:
    """The coin that an order of a SPOT or MARGIN symbol spends."""
    return instrument.quote if side is BUY else instrument.base


def order_leverage(placing: Placing) -> int:
    instrument = placing.instrument
    if instrument.business is PERP:
        return placing.leverage
    if instrument.business is MARGIN:
        coin = frozen_coin_of(instrument, placing.command.side)
        return placing.account.coin_leverage.get(coin, 1)
    return 1
