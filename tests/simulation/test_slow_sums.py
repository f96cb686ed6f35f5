"""The slow model of an account's sums: it agrees with the desk, and on more than nothing."""

from decimal import Decimal

from openprime.desk.margin import refresh, totals
from openprime.simulation.checks.slow import slow_sums
from tests.desk.kit import BTC_MARGIN, BTC_PERP, BTC_SPOT, DeskKit


def test_the_slow_model_and_the_desk_agree() -> None:
    kit = DeskKit()
    kit.cash("USDT", 60_000)
    kit.index("BTC", 60_000)
    kit.mark(BTC_PERP, 60_000)
    for sym in (BTC_PERP, BTC_SPOT, BTC_MARGIN):
        kit.quote(sym, 59_999, 60_001)
    kit.trade(BTC_PERP, "BUY", "0.2", 60_100)
    kit.rest(BTC_PERP, "SELL", "0.3", 60_500)
    kit.rest(BTC_MARGIN, "BUY", "1.5", 59_000)
    account = kit.account()
    refresh(kit.desk.turn, account)
    kept, made = totals(account), slow_sums(kit.desk, account)
    assert made == {name: getattr(kept, name) for name in made}
    assert all(value > Decimal(0) for value in made.values())
