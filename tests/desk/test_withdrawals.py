"""Withdrawals: in which order they are refused, what they hold back, and how they end."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.events import Statement, WithdrawalChanged
from openprime.desk.funds import Place
from openprime.model.vocabulary import AddressStatus, UserKind, WithdrawalStatus
from tests.desk.funds_kit import ADDRESS, BINANCE, FundsKit, only, refused
from tests.desk.kit import BTC_PERP

CONFIRM_MS = 10_000


@pytest.fixture
def kit() -> FundsKit:
    made = FundsKit()
    made.approve()
    return made


def test_amount_and_fee_are_held_back_and_leave_together(kit: FundsKit) -> None:
    outcome = kit.withdraw(200)
    (changed,) = only(outcome, WithdrawalChanged)
    assert changed.withdrawal.withdrawal_id == outcome.reply
    assert changed.withdrawal.status is WithdrawalStatus.APPROVED
    assert (kit.held(kit.main), kit.frozen(kit.main)) == (1000, 201)
    assert only(kit.wait(CONFIRM_MS - 10), WithdrawalChanged) == []
    done = kit.wait(10)
    (changed,) = only(done, WithdrawalChanged)
    sent = changed.withdrawal
    assert sent.status is WithdrawalStatus.EXECUTED
    assert (sent.amount, sent.fee) == (200, 1)
    assert len(sent.tx_id) == len(sent.tx_id_out) == 64
    assert sent.tx_id != sent.tx_id_out
    assert (kit.held(kit.main), kit.frozen(kit.main)) == (799, 0)
    (row,) = only(done, Statement)
    assert (row.delta, row.before_available, row.after_available) == (-201, 1000, 799)
    assert row.request_id == str(outcome.reply)
    assert kit.desk.state.withdrawals == {}


def test_what_came_to_be_needed_as_margin_does_not_leave(kit: FundsKit) -> None:
    kit.withdraw(900)
    kit.hold(BTC_PERP, 10, 100)
    kit.mark(BTC_PERP, 100)
    (changed,) = only(kit.wait(CONFIRM_MS), WithdrawalChanged)
    assert changed.withdrawal.status is WithdrawalStatus.FAILED
    left = "Insufficient balance, available: 799.629962996299629962"
    assert changed.withdrawal.info == left
    assert (kit.held(kit.main), kit.frozen(kit.main)) == (1000, 0)


def test_out_of_the_funding_account(kit: FundsKit) -> None:
    kit.give_funding(300)
    refused(kit.withdraw(300, account_id=kit.user_id, account_type="LTP"), 403013, "300")
    assert kit.withdraw(299, account_id=kit.user_id, account_type="").refusal is None
    kit.wait(CONFIRM_MS)
    assert (kit.held(kit.funding), kit.frozen(kit.funding)) == (0, 0)


@pytest.mark.parametrize("status", [WithdrawalStatus.FAILED, WithdrawalStatus.REJECTED])
def test_the_operator_ends_one_and_its_money_is_free(
    kit: FundsKit, status: WithdrawalStatus
) -> None:
    outcome = kit.withdraw()
    assert isinstance(outcome.reply, int)
    ended = kit.do(c.EndWithdrawal(outcome.reply, status, "because"))
    (changed,) = only(ended, WithdrawalChanged)
    assert (changed.withdrawal.status, changed.withdrawal.info) == (status, "because")
    assert (kit.held(kit.main), kit.frozen(kit.main)) == (1000, 0)
    assert only(kit.wait(CONFIRM_MS), WithdrawalChanged) == []
    refused(kit.do(c.EndWithdrawal(outcome.reply, status, "again")), 403014)


def test_what_was_to_leave_the_funding_account_is_free_there_again(kit: FundsKit) -> None:
    kit.give_funding(300)
    outcome = kit.withdraw(200, account_id=kit.user_id, account_type="")
    assert isinstance(outcome.reply, int)
    assert kit.frozen(kit.funding) == 201
    kit.do(c.EndWithdrawal(outcome.reply, WithdrawalStatus.REJECTED, "because"))
    assert (kit.held(kit.funding), kit.frozen(kit.funding)) == (300, 0)


def test_one_whose_reserve_is_gone_fails(kit: FundsKit) -> None:
    kit.withdraw()
    kit.account().wallets["USDT"].transfer_frozen = Decimal(200)
    (changed,) = only(kit.wait(CONFIRM_MS), WithdrawalChanged)
    assert changed.withdrawal.status is WithdrawalStatus.FAILED
    assert changed.withdrawal.info == "Insufficient frozen"
    assert (kit.held(kit.main), kit.frozen(kit.main)) == (1000, 0)


@pytest.mark.parametrize(
    ("coin", "network", "minimum"),
    [
        ("USDT", "ERC20", "100"),
        ("BTC", "BTC", "0.01"),
        ("ETH", "ERC20", "0.1"),
        ("TRX", "TRC20", "10"),
    ],
)
def test_smallest_amounts(kit: FundsKit, coin: str, network: str, minimum: str) -> None:
    kit.approve(coin=coin, network=network)
    less = Decimal(minimum) * Decimal("0.99")
    refused(kit.withdraw(less, coin=coin, network=network), 403012, minimum)
    kit.do(c.Credit(kit.portfolio_id, BINANCE, coin, Decimal(1000)))
    assert kit.withdraw(minimum, coin=coin, network=network).refusal is None


# -- the address book


@pytest.mark.parametrize("status", sorted(set(AddressStatus) - {AddressStatus.APPROVED}))
def test_only_approved_addresses_can_be_used(status: AddressStatus) -> None:
    kit = FundsKit()
    entry = kit.approve(status)
    refused(kit.withdraw(), 400000)
    kit.do(c.SetWithdrawAddressStatus(kit.user_id, entry, AddressStatus.APPROVED))
    assert kit.withdraw().refusal is None
    kit.do(c.SetWithdrawAddressStatus(kit.user_id, entry, status))
    refused(kit.withdraw(), 400000)


def test_an_address_is_for_its_coin_network_and_tag() -> None:
    kit = FundsKit()
    kit.approve(network="ERC20", address_tag="7")
    usual = {"network": "ERC20", "address_tag": "7"}
    for change in ({"network": "TRC20"}, {"address_tag": ""}, {"address": "T1"}, {"coin": "USDC"}):
        refused(kit.withdraw(**(usual | change)), 400000)
    assert kit.withdraw(**usual).refusal is None
    kit.approve(network="ERC20", category=2)
    kit.do(c.Credit(kit.portfolio_id, BINANCE, "USDC", Decimal(1000)))
    assert kit.withdraw(coin="USDC", network="ERC20").refusal is None


def test_the_book_refuses_what_cannot_be(kit: FundsKit) -> None:
    def add(**changes: Any) -> c.AddWithdrawAddress:
        values = {
            "user_id": kit.user_id,
            "coin": "USDT",
            "network": "TRC20",
            "address": ADDRESS,
            "memo": "",
            "address_tag": "",
            "category": 1,
            "status": AddressStatus.PENDING,
        }
        return c.AddWithdrawAddress(**(values | changes))

    refused(kit.do(add(user_id=1)), 401022)
    refused(kit.do(add(coin="XYZ")), 403010)
    refused(kit.do(add(network="MOON")), 400000)
    refused(kit.do(c.SetWithdrawAddressStatus(kit.user_id, 1, AddressStatus.APPROVED)), 400000)
    refused(kit.do(c.SetWithdrawAddressStatus(1, 1, AddressStatus.APPROVED)), 401022)


# -- the order of the checks

# Each way to be wrong, in the order of the codes (resolutions 83); some exclude each other.
WRONG: list[tuple[int, tuple[str, ...], dict[str, Any]]] = [
    (403006, (), {"account_id": None}),
    (403003, (), {"account_type": "FTX"}),
    (403010, (), {"coin": "XYZ"}),
    (400000, (), {"network": "MOON"}),
    (400000, (), {"address": "nowhere"}),
    (403005, (), {"amount": None}),
    (403011, ("6",), {"amount": "0.0000001"}),
    (403012, ("100",), {"amount": 99}),
    (403013, ("1000",), {"amount": 1000}),
]


@pytest.mark.parametrize(("first", "second"), list(combinations(WRONG, 2)))
def test_the_first_wrong_thing_is_told(
    kit: FundsKit, first: tuple[int, Any, Any], second: tuple[int, Any, Any]
) -> None:
    refused(kit.withdraw(**(second[2] | first[2])), first[0], *first[1])


def test_what_cannot_be_given(kit: FundsKit) -> None:
    kit.approve(coin="BTC", network="BTC")
    refused(kit.withdraw(1, coin="BTC", network="BTC"), 401035)
    kit.mark(BTC_PERP, 60000)
    kit.hold(BTC_PERP, "0.1", 72000)
    refused(kit.withdraw(), 401045)
    refused(kit.withdraw(account_type="EDX"), 401066)


def test_accounts_out_of_reach(kit: FundsKit) -> None:
    kit.do(c.CreateUser(UserKind.NORMAL))
    foreign_user = list(kit.desk.state.users)[-1]
    foreign = list(kit.desk.state.portfolios)[-1]
    for account_id in (9999999999999999, foreign, foreign_user):
        refused(kit.withdraw(account_id=account_id), 403006)
    reach = kit.second_id
    refused(kit.withdraw(reach=reach), 403006)
    refused(kit.withdraw(reach=reach, account_id=kit.user_id, account_type=""), 2002)
    refused(kit.withdraw(reach=reach, account_id=reach), 401035)
    kit.transfer(kit.main, Place(reach, BINANCE), 500)
    assert kit.withdraw(reach=reach, account_id=reach).refusal is None
    refused(kit.withdraw(user_id=1), 401022)


def test_a_user_has_so_many_under_way_and_no_more(
    kit: FundsKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openprime.desk.withdrawals.UNDER_WAY_MAX", 2)
    for _ in range(2):
        assert kit.withdraw(100).refusal is None
    refused(kit.withdraw(100), 400011)
    kit.wait(CONFIRM_MS)
    assert kit.withdraw(100).refusal is None
