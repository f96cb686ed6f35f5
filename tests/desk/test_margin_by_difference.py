"""Sums kept by difference equal sums made from scratch, to the last digit, on any history."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.desk import Desk
from openprime.desk.state import State
from openprime.model.venue import Accepted, Cancelled, Replaced
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit, reference

D = Decimal
OKX_PERP = "OKX_PERP_BTC_USDT"
SYMS = (BTC_PERP, BTC_SPOT, BTC_MARGIN, "BINANCE_PERP_ETH_USDT", OKX_PERP)
PRICES = {"BINANCE_PERP_ETH_USDT": D(2600)}

steps = st.lists(
    st.tuples(
        st.sampled_from(["place", "fill", "part", "cancel", "mark", "replace", "index", "lever"]),
        st.sampled_from(SYMS),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 30),
        st.integers(-40, 40),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


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


def take(kit: DeskKit, step: tuple[str, str, str, int, int, bool]) -> None:
    action, sym, side, size, move, flag = step
    instrument = kit.desk.reference.instruments[sym]
    orders = [o for o in kit.desk.state.orders.values() if o.sym == sym]
    price = price_of(sym, move)
    if action == "place":
        unit = D(1) if sym == OKX_PERP else D("0.01")
        outcome = kit.place(sym, side, size * unit, price, reduce_only=flag and size % 3 == 0)
        if outcome.refusal is None:
            kit.report(Accepted(outcome.reply.order_id))  # type: ignore[union-attr]
    elif action in ("fill", "part") and orders:
        left = orders[0].venue_quantity - orders[0].executed_quantity
        quantity = instrument.lot_size * max(1, int(left / instrument.lot_size / 2))
        done = action == "fill" or quantity >= left
        kit.fill(orders[0], orders[0].limit_price, left if done else quantity, done=done)
    elif action == "cancel" and orders:
        kit.report(Cancelled(orders[-1].order_id, requested=False))
    elif action == "replace" and orders:
        command = c.ReplaceOrder(kit.portfolio_id, orders[0].order_id, "", price, None)
        if kit.do(command).refusal is None:
            ticks = int(price / instrument.tick_size)
            kit.report(Replaced(orders[0].order_id, ticks, 0))
    elif action == "mark" and instrument.is_perp:
        kit.mark(sym, price)
    elif action == "index":
        kit.index("BTC", price_of(BTC_SPOT, move))
    elif action == "lever" and instrument.is_perp:
        kit.do(c.SetLeverage(kit.portfolio_id, sym, 1 + size % 20))


@given(steps)
def test_sums_by_difference_are_the_sums(
    history: list[tuple[str, str, str, int, int, bool]],
) -> None:
    kit = DeskKit()
    for exchange in (Exchange.BINANCE, Exchange.OKX):
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


@given(steps)
def test_the_same_commands_make_the_same_desk(
    history: list[tuple[str, str, str, int, int, bool]],
) -> None:
    kit = DeskKit(funded=False)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(100_000)))
    kit.do(c.Credit(kit.portfolio_id, Exchange.OKX, "USDT", D(100_000)))
    for sym in SYMS:
        kit.mark(sym, price_of(sym, 0))
    for step in history:
        take(kit, step)
        all_views(kit.desk, kit.portfolio_id)
    twin = Desk(reference())
    for envelope in kit.journal:
        twin.apply(envelope)
    assert twin.snapshot() == kit.desk.snapshot()
