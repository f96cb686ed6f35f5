"""Sums kept by difference equal sums made from scratch, to the last digit, on any history.

The accounts are netted or hedged, and may be switched from one mode to the other on the way.
"""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.desk import Desk
from openprime.desk.settings import DeskSettings
from openprime.desk.state import State
from openprime.model.venue import Accepted, Cancelled, Replaced
from openprime.model.vocabulary import Exchange, PositionMode, PositionSide
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit, reference

D = Decimal
OKX_PERP = "OKX_PERP_BTC_USDT"
SYMS = (BTC_PERP, BTC_SPOT, BTC_MARGIN, "BINANCE_PERP_ETH_USDT", OKX_PERP)
PRICES = {"BINANCE_PERP_ETH_USDT": D(2600)}

ACTIONS = (
    "place",
    "fill",
    "part",
    "cancel",
    "close",
    "mark",
    "replace",
    "index",
    "lever",
    "lend",
    "switch",
)

steps = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.sampled_from(SYMS),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 30),
        st.integers(-40, 40),
        st.booleans(),
        st.sampled_from(["LONG", "SHORT"]),
    ),
    min_size=1,
    max_size=30,
)
modes = st.sampled_from(["NET", "BOTH"])
Step = tuple[str, str, str, int, int, bool, str]


def fresh_views(kit: DeskKit) -> list[object]:
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    return all_views(Desk(reference(), state=state), kit.portfolio_id)


def all_views(desk: Desk, portfolio_id: int) -> list[object]:
    found: list[object] = []
    for exchange in (Exchange.BINANCE, Exchange.OKX):
        account = desk.find_account(portfolio_id, exchange)
        assert account is not None
        found.append(views.account_view(desk, account))
        found += [views.asset_view(desk, account, coin) for coin in account.wallets]
        found += [views.position_view(desk, account, p) for p in account.positions.values()]
    return found


def price_of(sym: str, move: int) -> Decimal:
    base = PRICES.get(sym, D(60000))
    return (base * (1000 + move) / 1000).quantize(D("0.1"))


def take(kit: DeskKit, step: Step) -> None:
    action, sym, side, size, move, flag, leg = step
    instrument = kit.desk.reference.instruments[sym]
    orders = [o for o in kit.desk.state.orders.values() if o.sym == sym]
    price = price_of(sym, move)
    if action == "place":
        unit = D(1) if sym == OKX_PERP else D("0.01")
        hedged = kit.account(instrument.exchange).position_mode is PositionMode.BOTH
        outcome = kit.place(
            sym,
            side,
            size * unit,
            price,
            reduce_only=instrument.is_perp and flag and size % 3 == 0,
            leg=leg if hedged else None,
        )
        if outcome.refusal is None:
            kit.report(Accepted(outcome.reply.order_id))  # type: ignore[union-attr]
    elif action in ("fill", "part") and orders:
        left = orders[0].venue_quantity - orders[0].executed_quantity
        quantity = instrument.lot_size * max(1, int(left / instrument.lot_size / 2))
        done = action == "fill" or quantity >= left
        kit.fill(orders[0], orders[0].limit_price or price, left if done else quantity, done=done)
    elif action == "cancel" and orders:
        kit.report(Cancelled(orders[-1].order_id, requested=False))
    elif action == "replace" and orders:
        command = c.ReplaceOrder(kit.portfolio_id, orders[0].order_id, "", price, None)
        if kit.do(command).refusal is None:
            ticks = int(price / instrument.tick_size)
            kit.report(Replaced(orders[0].order_id, ticks, 0))
    elif action == "close" and instrument.is_perp:
        hedged = kit.account(instrument.exchange).position_mode is PositionMode.BOTH
        kit.do(c.ClosePosition(kit.portfolio_id, sym, PositionSide(leg) if hedged else None))
    elif action == "switch":
        kit.switch("BOTH" if flag else "NET", instrument.exchange)
    elif action == "lend":
        coin = "USDT" if flag else "BTC"
        kit.do(c.SetCoinLeverage(kit.portfolio_id, instrument.exchange, coin, 1 + size % 5))
    elif action == "mark" and instrument.is_perp:
        kit.mark(sym, price)
    elif action == "index":
        kit.index("BTC", price_of(BTC_SPOT, move))
    elif action == "lever" and instrument.is_perp:
        kit.do(c.SetLeverage(kit.portfolio_id, sym, 1 + size % 20))


@given(modes, steps)
def test_sums_by_difference_are_the_sums(mode: str, history: list[Step]) -> None:
    kit = DeskKit()
    for exchange in (Exchange.BINANCE, Exchange.OKX):
        kit.switch(mode, exchange)
        kit.cash("USDT", 60_000, exchange)
    kit.cash("BTC", "0.5")
    kit.index("BTC", 60000)
    for sym in SYMS:
        kit.quote(sym, price_of(sym, -1), price_of(sym, 1))
        kit.mark(sym, price_of(sym, 0))
    for step in history:
        take(kit, step)
        kept = all_views(kit.desk, kit.portfolio_id)
        assert kept == fresh_views(kit)
        assert kept == all_views(kit.desk, kit.portfolio_id)


def test_of_two_orders_at_a_price_the_first_come_closes_the_position_whatever_its_fees() -> None:
    kit = DeskKit()
    kit.cash("USDT", 60_000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_PERP, 59999, 60001)
    kit.trade(BTC_PERP, "BUY", "0.2", 60000)
    kit.rest(BTC_PERP, "SELL", "0.1", 61000)
    kit.rest(BTC_PERP, "SELL", "0.5", 61000, tif="GTX")
    assert all_views(kit.desk, kit.portfolio_id) == fresh_views(kit)


@given(modes, steps)
def test_the_same_commands_make_the_same_desk(mode: str, history: list[Step]) -> None:
    kit = DeskKit(DeskSettings(default_position_mode=PositionMode(mode)), funded=False)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(100_000)))
    kit.do(c.Credit(kit.portfolio_id, Exchange.OKX, "USDT", D(100_000)))
    for sym in SYMS:
        kit.mark(sym, price_of(sym, 0))
    for step in history:
        take(kit, step)
        all_views(kit.desk, kit.portfolio_id)
    twin = Desk(reference(), DeskSettings(default_position_mode=PositionMode(mode)))
    for envelope in kit.journal:
        twin.apply(envelope)
    assert twin.snapshot() == kit.desk.snapshot()
