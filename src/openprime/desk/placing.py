"""What the checks of a new order look at: the order as it would be, and what it was asked for."""

from decimal import Decimal

from openprime.desk.commands import PlaceOrder
from openprime.desk.margin import Totals, Worth, mark_of
from openprime.desk.state import Account, Exposure, Order, Portfolio, Wallet
from openprime.desk.turn import Turn
from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, ZERO
from openprime.model.vocabulary import (
    BUY,
    IOC,
    MARGIN,
    MARKET,
    NET,
    NO_SIDE,
    PERP,
    Side,
)


class Placing:
    """An order under test. Nothing here is in the state until the order is accepted.

    `instrument`, `account` and `order` are set once the checks before them have passed. `sums` are
    the account's totals before the order; `worth` is what the symbol weighs with a PERP order in
    it, found by the margin check.
    """

    __slots__ = (
        "account",
        "closes_position",
        "command",
        "exposure",
        "increases",
        "instrument",
        "mark",
        "order",
        "portfolio",
        "reduces",
        "sums",
        "turn",
        "worth",
    )

    turn: Turn
    command: PlaceOrder
    portfolio: Portfolio
    instrument: Instrument
    account: Account
    exposure: Exposure | None
    order: Order
    mark: Decimal
    closes_position: bool
    increases: bool
    reduces: bool
    sums: Totals
    worth: Worth | None

    def __init__(
        self, turn: Turn, command: PlaceOrder, portfolio: Portfolio, closes_position: bool = False
    ) -> None:
        self.turn = turn
        self.command = command
        self.portfolio = portfolio
        self.closes_position = closes_position
        self.increases = True
        self.worth = None

    def set_instrument(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.mark = mark_of(self.turn, instrument)
        if not self.mark:
            self.mark = self.turn.index_price(instrument.base) or ZERO

    @property
    def quantity(self) -> Decimal:
        return self.command.quantity

    @property
    def leverage(self) -> int:
        """The leverage of the PERP symbol that counts for the account."""
        if self.exposure is not None:
            return self.exposure.leverage
        return self.turn.leverage(self.account, self.instrument)

    @property
    def is_market(self) -> bool:
        return self.command.order_type is MARKET

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
    command, instrument = placing.command, placing.instrument
    market = command.order_type is MARKET
    net = placing.account.position_mode is NET
    return Order(
        order_id=0,
        client_order_id=command.client_order_id,
        portfolio_id=command.portfolio_id,
        exchange=instrument.exchange,
        sym=command.sym,
        side=command.side,
        order_type=command.order_type,
        time_in_force=IOC if market else command.time_in_force,
        quantity=command.quantity,
        quote_quantity=command.quote_quantity,
        limit_price=ZERO if market else command.limit_price,
        reduce_only=command.reduce_only,
        position_side=NO_SIDE if net else command.position_side or NO_SIDE,
        leverage=order_leverage(placing),
        created_at_ms=placing.turn.now_ms,
        updated_at_ms=placing.turn.now_ms,
        assumed_price=placing.assumed_market_price() if market else ZERO,
        closes_position=placing.closes_position,
        frozen_coin=frozen_coin_of(instrument, command.side),
    )


def frozen_coin_of(instrument: Instrument, side: Side) -> str:
    if instrument.business is PERP:
        return ""
    return instrument.quote if side is BUY else instrument.base


def order_leverage(placing: Placing) -> int:
    instrument = placing.instrument
    if instrument.business is PERP:
        return placing.leverage
    if instrument.business is MARGIN:
        coin = frozen_coin_of(instrument, placing.command.side)
        return placing.account.coin_leverage.get(coin, 1)
    return 1
