"""Deposits: addresses that stay, the exchange that is credited, and what a network brings."""

from __future__ import annotations

import re

import pytest

from openprime.desk import commands as c
from openprime.desk.addresses import address_key
from openprime.desk.events import DepositChanged, Statement
from openprime.desk.funds import DepositAddress
from openprime.model.vocabulary import DepositStatus, Exchange
from tests.desk.funds_kit import BINANCE, EDX, OKX, FundsKit, only, refused

CONFIRM_MS = 10_000


@pytest.fixture
def kit() -> FundsKit:
    return FundsKit()


def address(
    kit: FundsKit, account_id: int, coin: str = "USDT", network: str = "TRC20"
) -> DepositAddress:
    outcome = kit.do(c.MakeDepositAddress(account_id, coin, network))
    found = kit.desk.state.deposit_addresses[address_key(account_id, coin, network)]
    assert outcome.reply == found.address_id
    return found


# -- addresses


def test_an_address_is_made_once(kit: FundsKit) -> None:
    first = address(kit, kit.portfolio_id)
    assert address(kit, kit.portfolio_id) == first
    others = {address(kit, kit.second_id).address, address(kit, kit.user_id).address}
    assert len(others | {first.address}) == 3


@pytest.mark.parametrize(
    ("coin", "network", "form"),
    [
        ("USDT", "TRC20", r"T[1-9A-HJ-NP-Za-km-z]{33}"),
        ("USDT", "ERC20", r"0x[0-9a-f]{40}"),
        ("BTC", "BTC", r"bc1q[02-9ac-hj-np-z]{38}"),
        ("SOL", "SOL", r"[1-9A-HJ-NP-Za-km-z]{44}"),
        ("ADA", "ADA", r"addr1q[02-9ac-hj-np-z]{97}"),
        ("XRP", "XRP", r"r[1-9A-HJ-NP-Za-km-z]{33}"),
    ],
)
def test_addresses_look_like_those_of_their_network(
    kit: FundsKit, coin: str, network: str, form: str
) -> None:
    assert re.fullmatch(form, address(kit, kit.user_id, coin, network).address)


def test_every_network_has_a_form(kit: FundsKit) -> None:
    for coin, currency in kit.desk.reference.currencies.items():
        for network in currency.networks:
            assert len(address(kit, kit.user_id, coin, network).address) >= 34


def test_no_address_for_what_does_not_move(kit: FundsKit) -> None:
    refused(kit.do(c.MakeDepositAddress(kit.user_id, "XYZ", "TRC20")), 403010)
    refused(kit.do(c.MakeDepositAddress(kit.user_id, "USDT", "MOON")), 400000)
    refused(kit.do(c.MakeDepositAddress(kit.user_id, "IMX", "ERC20")), 400000)


# -- money that a network brings


def test_a_deposit_is_credited_once_it_is_confirmed(kit: FundsKit) -> None:
    outcome = kit.announce("25.5", tx_id="abc")
    (changed,) = only(outcome, DepositChanged)
    assert changed.deposit.deposit_id == outcome.reply
    assert changed.deposit.status is DepositStatus.EXECUTING
    assert kit.held(kit.funding) == 0
    assert only(kit.wait(CONFIRM_MS - 10), DepositChanged) == []
    (changed,) = only(kit.wait(10), DepositChanged)
    assert (changed.deposit.status, changed.deposit.tx_id) == (DepositStatus.SUCCESS, "abc")
    assert str(kit.held(kit.funding)) == "25.5"
    assert kit.desk.state.deposits == {}


def test_a_deposit_to_an_address_goes_to_its_account(kit: FundsKit) -> None:
    where = address(kit, kit.second_id)
    outcome = kit.announce(50, address=where.address, account_id=None)
    (changed,) = only(outcome, DepositChanged)
    assert changed.deposit.address == where.address
    assert len(changed.deposit.tx_id) == 64
    done = kit.wait(CONFIRM_MS)
    (row,) = only(done, Statement)
    assert (row.portfolio_id, row.delta, row.request_id) == (kit.second_id, 50, str(outcome.reply))
    assert kit.desk.state.portfolios[kit.second_id].accounts[BINANCE].initialised


def test_dust_is_not_credited(kit: FundsKit) -> None:
    kit.announce("0.009")
    (changed,) = only(kit.wait(CONFIRM_MS), DepositChanged)
    assert changed.deposit.status is DepositStatus.FAILED
    assert changed.deposit.info == "below the minimum of 0.01"
    assert kit.held(kit.funding) == 0


def test_the_operator_fails_a_deposit(kit: FundsKit) -> None:
    outcome = kit.announce(50)
    assert isinstance(outcome.reply, int)
    (changed,) = only(kit.do(c.FailDeposit(outcome.reply, "lost")), DepositChanged)
    assert (changed.deposit.status, changed.deposit.info) == (DepositStatus.FAILED, "lost")
    assert only(kit.wait(CONFIRM_MS), DepositChanged) == []
    assert kit.held(kit.funding) == 0
    refused(kit.do(c.FailDeposit(outcome.reply, "lost")), 403014)


def test_the_user_of_a_deposit_is_gone(kit: FundsKit) -> None:
    kit.announce(50)
    del kit.desk.state.users[kit.user_id]
    (changed,) = only(kit.wait(CONFIRM_MS), DepositChanged)
    assert changed.deposit.status is DepositStatus.FAILED


def test_announcements_that_cannot_be(kit: FundsKit) -> None:
    refused(kit.announce(1, coin="XYZ"), 403010)
    refused(kit.announce(1, network="MOON"), 400000)
    refused(kit.announce(1, account_id=1), 403007)
    refused(kit.announce(1, account_id=None), 403007)
    refused(kit.announce(1, address="nowhere"), 403007)
    where = address(kit, kit.second_id)
    refused(kit.announce(1, address=where.address, network="ERC20"), 403007)
    kit.do(c.ClosePortfolio(kit.second_id, True))
    refused(kit.announce(1, address=where.address), 403007)


# -- the exchange that is credited


def _credited(kit: FundsKit, network: str = "TRC20") -> Exchange | None:
    outcome = kit.announce(1, account_id=kit.portfolio_id, network=network)
    (changed,) = only(outcome, DepositChanged)
    return changed.deposit.place.exchange  # type: ignore[no-any-return]


def test_default_and_specific_exchange(kit: FundsKit) -> None:
    assert _credited(kit) is BINANCE
    kit.do(c.SetDepositExchange(kit.portfolio_id, OKX))
    kit.do(c.SetDepositExchange(kit.portfolio_id, BINANCE, "USDT", "ERC20"))
    assert (_credited(kit), _credited(kit, "ERC20")) == (OKX, BINANCE)
    kit.do(c.SetDepositExchange(kit.portfolio_id, BINANCE))
    kit.do(c.SetDepositExchange(kit.portfolio_id, OKX, "USDT", "ERC20"))
    assert (_credited(kit), _credited(kit, "ERC20")) == (BINANCE, OKX)


def test_new_portfolios_start_with_the_main_one_s_default(kit: FundsKit) -> None:
    kit.do(c.SetDepositExchange(kit.portfolio_id, OKX))
    outcome = kit.do(c.CreatePortfolio(kit.user_id, "Third001"))
    assert isinstance(outcome.reply, int)
    assert kit.desk.state.portfolios[outcome.reply].deposit_exchange is OKX
    assert kit.desk.state.portfolios[kit.second_id].deposit_exchange is BINANCE


def test_choices_that_cannot_be(kit: FundsKit) -> None:
    refused(kit.do(c.SetDepositExchange(1, OKX)), 401010)
    refused(kit.do(c.SetDepositExchange(kit.portfolio_id, EDX)), 401066)
    refused(kit.do(c.SetDepositExchange(kit.portfolio_id, OKX, "XYZ", "ERC20")), 403010)
    refused(kit.do(c.SetDepositExchange(kit.portfolio_id, OKX, "USDT", "MOON")), 400000)


def test_a_user_with_money_in_the_funding_account_stays(kit: FundsKit) -> None:
    kit.transfer(kit.main, kit.funding, 1000)
    refused(kit.do(c.DeleteUser(kit.user_id)), 400000)
    kit.approve()
    assert kit.withdraw(999, account_id=kit.user_id, account_type="").refusal is None
    refused(kit.do(c.DeleteUser(kit.user_id)), 400000)
    kit.wait(CONFIRM_MS)
    assert kit.do(c.DeleteUser(kit.user_id)).refusal is None
