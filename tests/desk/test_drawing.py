"""How wide a band may be beside a debt: to where its rate jumps, whichever way is nearer."""

from decimal import Decimal as D

import msgspec

from openprime.desk.drawing import RADIUS_MAX, _to_next_rate
from openprime.model.instrument import LoanTier
from openprime.model.reference import Reference, coin_key
from openprime.model.vocabulary import Exchange
from tests.desk.kit import DeskKit

# Where the tiers of a debt in USDT end, but for the last, which has no next one.
CAPS = [D(1000), D(5000), D(20_000)]


def with_tiers(rules: Reference) -> Reference:
    tiers = [LoanTier("1", D(0), cap, D("0.05"), 5) for cap in (*CAPS, D(50_000))]
    key = coin_key(Exchange.BINANCE, "USDT")
    return msgspec.structs.replace(rules, loan_tiers={**rules.loan_tiers, key: tiers})


def radius(debt: D, moved: object = 1) -> D:
    kit = DeskKit(change=with_tiers)
    wallet = kit.account().wallets["USDT"]
    wallet.cash = -debt
    return _to_next_rate(kit.desk.turn, kit.account(), wallet, D(str(moved)))


def test_below_the_first_jump_it_is_the_first() -> None:
    assert radius(D(10)) == CAPS[0] - 10


def test_between_two_it_is_the_nearer() -> None:
    assert radius(CAPS[0] + 1) == 1
    assert radius(CAPS[1] - 1) == 1


def test_above_all_it_is_the_last() -> None:
    assert radius(CAPS[-1] + 5) == 5


def test_the_more_is_moved_by_a_price_the_nearer_it_is() -> None:
    assert radius(CAPS[0] + 1, moved=4) == D("0.25")


def test_what_nothing_moves_comes_nowhere() -> None:
    assert radius(D(10), moved=0) == RADIUS_MAX
