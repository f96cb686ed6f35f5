"""Tiers of debt: which rate counts, at their ends too."""

from decimal import Decimal as D

import msgspec

from openprime.desk.tiers import debt_maintenance_rate
from openprime.model.reference import Reference, coin_key
from openprime.model.vocabulary import Exchange
from tests.desk.kit import DeskKit

BINANCE = Exchange.BINANCE


def without_loan_tiers(rules: Reference) -> Reference:
    return msgspec.structs.replace(rules, loan_tiers={})


def test_the_rate_of_a_debt_is_that_of_its_tier_and_above_the_last_the_last_one_s() -> None:
    kit = DeskKit()
    tiers = kit.desk.reference.loan_tiers[coin_key(BINANCE, "USDT")]
    assert len(tiers) > 1

    def rate(debt: D) -> D:
        return debt_maintenance_rate(kit.desk.turn, BINANCE, "USDT", debt)

    assert rate(D(0)) == tiers[0].mm_rate
    assert rate(tiers[0].cap) == tiers[1].mm_rate
    assert rate(tiers[-1].cap * 2) == tiers[-1].mm_rate


def test_a_coin_that_is_not_lent_has_no_rate() -> None:
    turn = DeskKit(change=without_loan_tiers).desk.turn
    assert debt_maintenance_rate(turn, BINANCE, "USDT", D(5)) == 0
