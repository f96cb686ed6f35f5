"""Bands: whoever no tick looks at has the status that its sums say."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk.drawing import band_of
from openprime.desk.margin import refresh, totals
from openprime.desk.risk import standing
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account
from openprime.model.vocabulary import AccountStatus, Exchange, UserKind
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit

D = Decimal
ETH_PERP = "BINANCE_PERP_ETH_USDT"
PRICES = {BTC_PERP: D(60000), ETH_PERP: D(2600)}

holdings = st.tuples(
    st.integers(-2000, 9000),  # USDT
    st.integers(-5, 20),  # hundredths of BTC
    st.integers(-100, 100),  # hundredths of BTC, as a PERP
    st.integers(-200, 200),  # tenths of ETH, as a PERP
    st.sampled_from(["", BTC_PERP, BTC_MARGIN, BTC_SPOT]),
)
walks = st.lists(
    st.tuples(st.sampled_from(["mark", "eth", "index"]), st.integers(-300, 300)),
    min_size=1,
    max_size=40,
)


def desk_of(accounts: list[tuple[int, int, int, int, str]]) -> DeskKit:
    kit = DeskKit(DeskSettings(broker_max_leverage=0))
    kit.do(c.SetPrices(dict(PRICES), {"BTC": D(60000)}))
    kit.quote(BTC_PERP, 59999, 60001)
    for usdt, coins, btc, eth, order_sym in accounts:
        kit.do(c.CreateUser(UserKind.NORMAL))
        kit.portfolio_id = list(kit.desk.state.portfolios)[-1]
        kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(9000)))
        kit.do(c.SetCoinLeverage(kit.portfolio_id, Exchange.BINANCE, "USDT", 2))
        if order_sym:
            kit.place(order_sym, "BUY", "0.01", 60000)
        kit.cash("BTC", D(coins) / 100)
        for sym, quantity in ((BTC_PERP, D(btc) / 100), (ETH_PERP, D(eth) / 10)):
            if quantity:
                kit.hold(sym, quantity, PRICES[sym])
        kit.cash("USDT", usdt)
    return kit


def check(kit: DeskKit) -> None:
    turn = kit.desk.turn
    for portfolio in kit.desk.state.portfolios.values():
        for account in portfolio.accounts.values():
            refresh(turn, account)
            now = standing(account, totals(account), turn.settings)
            assert now is account.status, (now, account.status, totals(account))


@given(st.lists(holdings, min_size=1, max_size=3), walks)
def test_statuses_are_always_those_of_the_sums(
    accounts: list[tuple[int, int, int, int, str]], walk: list[tuple[str, int]]
) -> None:
    kit = desk_of(accounts)
    mark, eth, index = D(60000), D(2600), D(60000)
    kit.do(c.SetPrices({BTC_PERP: mark}, {}))
    check(kit)
    for what, shift in walk:
        change = 1 + D(shift) / 10_000
        if what == "mark":
            mark = round(mark * change, 1)
            kit.do(c.SetPrices({BTC_PERP: mark}, {}))
        elif what == "eth":
            eth = round(eth * change, 2)
            kit.do(c.SetPrices({ETH_PERP: eth}, {}))
        else:
            index = round(index * change, 1)
            kit.do(c.SetPrices({}, {"BTC": index}))
        check(kit)


def banded(kit: DeskKit, account: Account) -> bool:
    return not account.loose and bool(account.band)


def test_a_tick_looks_only_at_those_it_may_change() -> None:
    kit = desk_of([(9000, 0, 10, 0, "")])
    account = kit.account()
    kit.mark(BTC_PERP, 60000)
    assert banded(kit, account)
    (low, high) = band_of(kit.desk.turn, account)[BTC_PERP]
    assert (low, high) == (30000, 90000)  # the widest there is
    seen = account.prices_seen
    kit.mark(BTC_PERP, 30000)
    kit.mark(BTC_PERP, 90000)
    assert account.prices_seen == seen
    kit.mark(BTC_PERP, 90001)
    assert account.prices_seen > seen


def test_the_nearer_a_threshold_the_narrower_the_band() -> None:
    kit = desk_of([(9000, 0, 0, 0, "")])
    account = kit.account()
    kit.hold(BTC_PERP, 2, 60000)
    kit.cash("USDT", 1500)
    kit.mark(BTC_PERP, 60000)
    assert account.status is AccountStatus.NORMAL
    low, high = band_of(kit.desk.turn, account)[BTC_PERP]
    # 120000 of value, 738 above 1.5 times the maintenance of 480
    assert D(59640) < low < D(59700)
    assert abs(high - 60000 - (60000 - low)) < D("1e-30")


def test_what_a_command_changed_is_looked_at_by_the_next_tick() -> None:
    kit = desk_of([(9000, 0, 10, 0, "")])
    account = kit.account()
    kit.mark(BTC_PERP, 60000)
    assert banded(kit, account)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", D(1)))
    assert not banded(kit, account)
    kit.mark(BTC_PERP, 60000)
    assert banded(kit, account)


def test_other_rules_draw_other_bands() -> None:
    kit = desk_of([(9000, 0, 10, 0, "")])
    account = kit.account()
    kit.mark(BTC_PERP, 60000)
    kit.do(c.Override("discounts", "USDT", "0.1"))
    kit.do(c.Override("settings", "margin_call_uni_mmr", "50"))
    kit.mark(BTC_PERP, 60000)
    assert account.status is AccountStatus.MARGIN_CALL
