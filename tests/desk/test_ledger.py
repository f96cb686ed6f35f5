"""Money is neither made nor lost, and comes in only to places that there are."""

from decimal import Decimal as D

import pytest

from openprime.desk import commands as c
from openprime.desk.insurance import fund_balance
from openprime.desk.ledger import check_balanced
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Exchange
from tests.desk.kit import DeskKit


def test_books_that_do_not_balance_are_named() -> None:
    kit = DeskKit()
    kit.account().wallets["USDT"].cash += D("0.00000001")
    with pytest.raises(AssertionError) as found:
        check_balanced(kit.desk.state)
    assert str(found.value) == (
        "ledger: expected every coin to sum to 0, found {'USDT': Decimal('1E-8')}"
    )
    kit.account().wallets["USDT"].cash -= D("0.00000001")
    check_balanced(kit.desk.state)


def test_money_for_a_portfolio_that_nobody_has() -> None:
    kit = DeskKit()
    outcome = kit.do(c.Credit(12, Exchange.BINANCE, "USDT", D(1)))
    assert kit.code(outcome) == 402006


def test_money_for_an_exchange_where_there_are_no_accounts() -> None:
    kit = DeskKit()
    outcome = kit.do(c.Credit(kit.portfolio_id, Exchange.EDX, "USDT", D(1)))
    assert kit.code(outcome) == 402006


def test_the_fund_has_its_beginning_before_it_is_first_needed() -> None:
    kit = DeskKit(DeskSettings(insurance_fund_initial=D(77)))
    assert fund_balance(kit.desk.turn) == 77
    assert kit.desk.state.house.get("insurance") is None
