"""A desk under test: made in one line, driven by commands, its venue played by the test."""

import json
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files

import msgspec

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.exposures import exposure_of
from openprime.desk.ledger import OUTSIDE, check_balanced, post, wallet_of
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Order, Position, leg_key
from openprime.model.reference import Reference, build
from openprime.model.venue import Accepted, Cancelled, Filled, VenueReport
from openprime.model.vocabulary import (
    Exchange,
    Liquidity,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    UserKind,
)

START_MS = 1_760_000_000_000
BTC_PERP = "BINANCE_PERP_BTC_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
BTC_MARGIN = "BINANCE_MARGIN_BTC_USDT"


def reference() -> Reference:
    document = files("openprime").joinpath("data/reference.json").read_bytes()
    return build(json.loads(document))


class DeskKit:
    """A desk with one user, its MainPortfolio and an initialised BINANCE and OKX account."""

    def __init__(
        self,
        settings: DeskSettings | None = None,
        change: Callable[[Reference], Reference] = lambda rules: rules,
        funded: bool = True,
    ) -> None:
        self.desk = Desk(change(reference()), settings or DeskSettings())
        self.now_ms = START_MS
        self.quotes: dict[str, c.Quote] = {}
        self.trade_id = 0
        self.journal: list[c.Envelope] = []
        self.do(c.CreateUser(UserKind.BROKER))
        self.portfolio_id = next(iter(self.desk.state.portfolios))
        if funded:
            for exchange in (Exchange.BINANCE, Exchange.OKX):
                self.do(c.Credit(self.portfolio_id, exchange, "USDT", Decimal(1)))
                self.cash("USDT", 0, exchange)

    def do(self, command: c.Command) -> Outcome:
        """Apply a command a millisecond after the last; the books must balance afterwards."""
        self.now_ms += 1
        sym = getattr(command, "sym", None)
        if isinstance(command, c.ReplaceOrder):
            order = self.desk.state.orders.get(command.order_id or 0)
            sym = order.sym if order else None
        quote = self.quotes.get(sym or "", c.NO_QUOTE)
        envelope = c.Envelope(self.desk.state.sequence + 1, self.now_ms, command, quote)
        outcome = self.desk.apply(envelope)
        if outcome.refusal is None:
            self.journal.append(envelope)
        check_balanced(self.desk.state)
        return outcome

    def account(self, exchange: Exchange = Exchange.BINANCE) -> Account:
        return self.desk.state.portfolios[self.portfolio_id].accounts[exchange]

    def cash(self, coin: str, amount: object, exchange: Exchange = Exchange.BINANCE) -> None:
        """Make the cash of a wallet so much, against the outside world."""
        account = self.account(exchange)
        self.desk.turn.begin(self.now_ms, c.NO_QUOTE)
        wallet = wallet_of(self.desk.turn, account, coin)
        post(self.desk.turn, account, coin, Decimal(str(amount)) - wallet.cash, OUTSIDE)

    def mark(self, sym: str, price: object) -> None:
        self.do(c.SetPrices({sym: Decimal(str(price))}, {}))

    def index(self, coin: str, price: object) -> None:
        self.do(c.SetPrices({}, {coin: Decimal(str(price))}))

    def quote(self, sym: str, bid: object, ask: object) -> None:
        """Set the best prices that later commands of the symbol are stamped with."""
        tick = self.desk.reference.instruments[sym].tick_size
        self.quotes[sym] = c.Quote(int(Decimal(str(bid)) / tick), int(Decimal(str(ask)) / tick))

    def hold(self, sym: str, quantity: object, average: object) -> Position:
        """Put a position on the books as if it had been traded long ago, free of fees."""
        instrument = self.desk.reference.instruments[sym]
        account = self.account(instrument.exchange)
        turn = self.desk.turn
        turn.begin(self.now_ms, c.NO_QUOTE)
        side = PositionSide.NONE
        if account.position_mode is PositionMode.BOTH:
            side = PositionSide.LONG if Decimal(str(quantity)) > 0 else PositionSide.SHORT
        leg = leg_key(sym, side)
        exposure_of(turn, account, instrument, leg)
        position = Position(
            position_id=turn.new_long_id(),
            portfolio_id=self.portfolio_id,
            exchange=instrument.exchange,
            sym=sym,
            side=side,
            created_at_ms=self.now_ms,
            updated_at_ms=self.now_ms,
            quantity=Decimal(str(quantity)),
            average_price=Decimal(str(average)),
            max_quantity=abs(Decimal(str(quantity))),
        )
        account.positions[leg] = position
        account.stale_syms[leg] = None
        turn.touch_position(account, sym, leg)
        return position

    def place(
        self,
        sym: str,
        side: str,
        quantity: object = 0,
        price: object = 0,
        *,
        market: bool = False,
        tif: str = "GTC",
        quote_quantity: object = 0,
        reduce_only: bool = False,
        client_order_id: str = "",
        leg: str | None = None,
    ) -> Outcome:
        return self.do(
            c.PlaceOrder(
                portfolio_id=self.portfolio_id,
                sym=sym,
                side=Side(side),
                order_type=OrderType.MARKET if market else OrderType.LIMIT,
                time_in_force=TimeInForce(tif),
                quantity=Decimal(str(quantity)),
                quote_quantity=Decimal(str(quote_quantity)),
                limit_price=Decimal(str(price)),
                client_order_id=client_order_id,
                reduce_only=reduce_only,
                position_side=PositionSide(leg) if leg else None,
            )
        )

    def rest(self, sym: str, side: str, quantity: object, price: object, **more: object) -> Order:
        """Place an order and let the venue accept it."""
        outcome = self.place(sym, side, quantity, price, **more)  # type: ignore[arg-type]
        assert outcome.refusal is None, outcome.refusal
        assert isinstance(outcome.reply, Order)
        self.report(Accepted(outcome.reply.order_id))
        return self.desk.state.orders[outcome.reply.order_id]

    def report(self, *reports: VenueReport) -> Outcome:
        return self.do(c.VenueReports(list(reports)))

    def fill(
        self,
        order: Order,
        price: object,
        quantity: object,
        *,
        maker: bool = False,
        done: bool = True,
    ) -> Outcome:
        instrument = self.desk.reference.instruments[order.sym]
        self.trade_id += 1
        return self.report(
            Filled(
                order_id=order.order_id,
                trade_id=self.trade_id,
                price_ticks=int(Decimal(str(price)) / instrument.tick_size),
                quantity_lots=int(Decimal(str(quantity)) / instrument.lot_size),
                liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
                done=done,
            )
        )

    def trade(
        self,
        sym: str,
        side: str,
        quantity: object,
        price: object,
        *,
        maker: bool = False,
        leg: str | None = None,
    ) -> Outcome:
        """Place an order and fill it at once."""
        order = self.rest(sym, side, quantity, price, leg=leg)
        return self.fill(order, price, quantity, maker=maker)

    def confirm_cancel(self, order_id: int) -> Outcome:
        return self.report(Cancelled(order_id, requested=True))

    def switch(self, mode: str, exchange: Exchange = Exchange.BINANCE) -> Outcome:
        """Ask for the account's position mode to be NET or BOTH."""
        return self.do(c.SetPositionMode(self.portfolio_id, exchange, PositionMode(mode)))

    def code(self, outcome: Outcome) -> int | None:
        return outcome.refusal.code if outcome.refusal else None


def with_discount(rules: Reference, coin: str, discount: str) -> Reference:
    discounts = rules.discounts | {coin: Decimal(discount)}
    return msgspec.structs.replace(rules, discounts=discounts)
