"""Daily totals are the sums that adding up all executions would give."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.store import History, Store, StoreError, Traded
from openprime.store.totals import DAY_MS, fee_in_quote
from tests.store.samples import BTC_PERP, BTC_SPOT, ETH_SWAP, NOW_MS, PORTFOLIO, USER, keep, trade

TODAY = NOW_MS // DAY_MS

one_trade = st.builds(
    lambda days_ago, amount, sym, user, portfolio: {
        "time_ms": NOW_MS - days_ago * DAY_MS,
        "amount": amount,
        "sym": sym,
        "user_id": user,
        "portfolio_id": portfolio,
    },
    st.integers(0, 3),
    st.decimals("0", "1e12", places=8),
    st.sampled_from([BTC_PERP, BTC_SPOT, ETH_SWAP]),
    st.sampled_from([USER, USER + 1]),
    st.sampled_from([PORTFOLIO, PORTFOLIO + 1]),
)


@given(batches=st.lists(st.lists(one_trade, max_size=5), max_size=5), days=st.integers(0, 3))
def test_totals_equal_the_sum_of_the_executions(
    batches: list[list[dict[str, object]]], days: int
) -> None:
    store = Store.open(None)
    trades = []
    for group in batches:
        made = [trade(len(trades) + number, **fields) for number, fields in enumerate(group)]
        keep(store, *made)
        trades += made
    expected: dict[tuple[int, str], Decimal] = {}
    for done in trades:
        if done.user_id == USER and done.time_ms // DAY_MS >= TODAY - days:
            key = done.portfolio_id, done.sym
            expected[key] = expected.get(key, Decimal(0)) + done.amount
    found = History(store).traded(USER, TODAY - days, TODAY)
    assert {(row.portfolio_id, row.sym): row.amount for row in found} == expected
    store.close()


def test_totals_go_on_after_opening_again(tmp_path: Path) -> None:
    for number in range(3):
        store = Store.open(tmp_path, "relaxed")
        keep(store, trade(number, amount=Decimal("0.1"), fee=Decimal("0.01")))
        store.close()
    store = Store.open(tmp_path, "relaxed")
    first = trade(1)
    assert History(store).traded(USER, TODAY, TODAY) == [
        Traded(
            PORTFOLIO,
            first.exchange,
            first.business,
            BTC_PERP,
            Decimal("0.3"),
            Decimal("0.03"),
            Decimal("-4.5"),
        )
    ]
    store.close()


def test_a_failed_batch_adds_nothing(tmp_path: Path) -> None:
    store = Store.open(None)
    keep(store, trade(1))
    with pytest.raises(StoreError, match="UNIQUE"):
        keep(store, trade(2), trade(1))  # the second one is there already
    keep(store, trade(3))
    assert [row.amount for row in History(store).traded(USER, TODAY, TODAY)] == [Decimal(64000)]
    store.close()


def test_a_fee_in_the_base_coin_counts_at_the_trades_price() -> None:
    bought = trade(1, sym=BTC_SPOT, fee=Decimal("0.001"), fee_coin="BTC", price=Decimal(50000))
    assert fee_in_quote(bought) == 50
    made = trade(1, fee=Decimal(0), fee_coin="", rebate=Decimal(2), rebate_coin="USDT")
    assert fee_in_quote(made) == -2
