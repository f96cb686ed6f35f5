"""The clients' longs, counted from the events of the desk."""

from decimal import Decimal

from openprime.server.open_interest import ClientLongs
from tests.desk.kit import BTC_PERP, DeskKit


def test_longs_of_netted_and_hedged_accounts() -> None:
    kit = DeskKit()
    kit.cash("USDT", 100_000)
    kit.mark(BTC_PERP, 60000)
    longs: dict[str, Decimal] = {}
    counted = ClientLongs(kit.desk, longs)

    def trade(side: str, quantity: int, leg: str | None = None) -> Decimal:
        outcome = kit.trade(BTC_PERP, side, quantity, 60000, leg=leg)
        counted.observe(kit.journal[-1], outcome)
        return longs[BTC_PERP]

    assert trade("BUY", 2) == 2
    assert trade("SELL", 3) == 0, "shorts do not count"
    trade("BUY", 1)
    assert kit.switch("BOTH").refusal is None
    assert trade("BUY", 2, "LONG") == 2
    assert trade("SELL", 1, "SHORT") == 2, "a short leg takes nothing from a long one"
    assert trade("SELL", 1, "LONG") == 1
    again: dict[str, Decimal] = {}
    ClientLongs(kit.desk, again)
    assert again[BTC_PERP] == 1
