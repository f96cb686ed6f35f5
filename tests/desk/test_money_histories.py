"""Random histories of trading, borrowing, funding and interest: the books balance after every step,
and what is kept by difference equals what is made anew (the kit asks the first of every command).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.ledger import available, liability, overdraw
from openprime.desk.lending import lent as out_of_pool
from openprime.desk.margin import refresh
from openprime.desk.state import Account, State, account_key
from openprime.desk.views import account_view, asset_view
from openprime.desk.watched import HOUR_MS
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, DeskKit, reference

D = Decimal
BINANCE = Exchange.BINANCE
ACTIONS = ("perp", "margin", "rest", "borrow", "repay", "mark", "index", "rate", "hours", "credit")

steps = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.sampled_from(["BUY", "SELL"]),
        st.sampled_from(["USDT", "BTC"]),
        st.integers(1, 40),
        st.integers(-30, 30),
    ),
    min_size=1,
    max_size=20,
)
Step = tuple[str, str, str, int, int]


def begin() -> DeskKit:
    """A desk whose account may borrow much, all of whose money came by commands."""
    kit = DeskKit(funded=False)
    for coin, amount in (("USDT", 20_000), ("BTC", 1)):
        kit.do(c.Credit(kit.portfolio_id, BINANCE, coin, D(amount)))
        terms = {"loanLeverage": "3", "maxLoanValue": "90000", "loanMmr": "0.05"}
        kit.do(c.Override("loanConfig", coin, terms | {"loanInterestRate": "0.3"}))
        kit.do(c.SetCoinLeverage(kit.portfolio_id, BINANCE, coin, 3))
    prices = c.SetPrices({BTC_PERP: D(60000)}, {"BTC": D(60000)}, funding={BTC_PERP: D("0.0001")})
    kit.do(prices)
    return kit


def take(kit: DeskKit, step: Step) -> None:
    action, side, coin, size, shift = step
    price = D(60000 + shift * 300)
    if action in ("perp", "margin", "rest"):
        sym = BTC_PERP if action == "perp" else BTC_MARGIN
        outcome = kit.place(sym, side, D(size) / 20, price)
        if outcome.refusal is None and action != "rest":
            kit.fill(outcome.reply, price, D(size) / 20)  # type: ignore[arg-type]
    elif action in ("borrow", "repay"):
        kind = c.Borrow if action == "borrow" else c.Repay
        amount = D(size) / 100 if coin == "BTC" else D(size) * 200
        kit.do(kind(kit.portfolio_id, BINANCE, coin, amount))
    elif action == "mark":
        kit.mark(BTC_PERP, price)
    elif action == "index":
        kit.index("BTC", price)
    elif action == "rate":
        kit.do(c.SetPrices({}, {}, funding={BTC_PERP: D(shift) / 10_000}))
    elif action == "hours":
        kit.now_ms += size * HOUR_MS // 4
        kit.do(c.RunAgenda())
    else:
        kit.do(c.Credit(kit.portfolio_id, BINANCE, coin, D(size) / 10))


def views(desk: Desk, account: Account) -> list[object]:
    return [account_view(desk, account), *(asset_view(desk, account, w) for w in account.wallets)]


def holds(kit: DeskKit) -> None:
    state, account = kit.desk.state, kit.account()
    fresh = Desk(
        reference(), state=msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)
    )
    refresh(kit.desk.turn, account)
    lent = state.house.get("lent", {})
    for coin, wallet in account.wallets.items():
        assert lent.get(coin, D(0)) == -wallet.loan
        assert out_of_pool(kit.desk.turn, BINANCE, coin) == wallet.borrowed + wallet.loan
        assert (coin in account.loan_coins) == bool(wallet.loan)
        assert wallet.borrowed >= 0
        if available(wallet):
            assert wallet.borrowed == overdraw(wallet) == 0
        assert wallet.cash + wallet.borrowed + overdraw(wallet) >= 0
        if account.positions or liability(wallet):
            assert account_key(account) in state.watched
    assert (account_key(account) in state.borrowers) == bool(account.loan_coins)
    again = fresh.find_account(kit.portfolio_id, BINANCE)
    assert again is not None
    fresh.snapshot()  # drops what is kept by difference
    assert views(kit.desk, account) == views(fresh, again)


@given(steps)
def test_histories(history: list[Step]) -> None:
    kit = begin()
    for step in history:
        take(kit, step)
        holds(kit)
    replayed = Desk(reference())
    for envelope in kit.journal:
        replayed.apply(envelope)
    assert replayed.snapshot() == kit.desk.snapshot()
