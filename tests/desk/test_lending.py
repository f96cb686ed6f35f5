"""How much of a pool is out, counted anew by a desk that was started again."""

from decimal import Decimal as D

import msgspec

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.lending import lent, pool_left, pool_size
from openprime.desk.state import State
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, DeskKit

BINANCE = Exchange.BINANCE


def borrower() -> DeskKit:
    """Who bought 0.1 BTC on margin with less than the money."""
    kit = DeskKit()
    kit.cash("USDT", 5_000)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_MARGIN, "59999.9", "60000.1")
    kit.trade(BTC_MARGIN, "BUY", "0.1", 60000)
    return kit


def test_who_has_borrowed_is_found_again_after_a_start() -> None:
    kit = borrower()
    out = kit.account().wallets["USDT"].borrowed
    assert out > 1_000
    state = msgspec.msgpack.decode(kit.desk.snapshot(), type=State)
    again = Desk(kit.desk.turn.base, state=state)
    for desk in (kit.desk, again):
        assert lent(desk.turn, BINANCE, "USDT") == out
        assert pool_left(desk.turn, BINANCE, "USDT") == pool_size(desk.turn, BINANCE, "USDT") - out


def test_who_borrows_and_pays_back_is_followed_from_then_on() -> None:
    kit = borrower()
    before = lent(kit.desk.turn, BINANCE, "USDT")
    kit.trade(BTC_MARGIN, "BUY", "0.01", 60000)
    assert lent(kit.desk.turn, BINANCE, "USDT") > before
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "USDT", D(10_000)))
    assert lent(kit.desk.turn, BINANCE, "USDT") == 0
