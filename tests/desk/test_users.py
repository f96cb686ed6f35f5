"""Users: states, what they mean for keys, and the end of a user (errors 6.1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from openprime.desk import commands as c
from openprime.desk.events import KeyChanged
from openprime.desk.funds import Place, TransferTerms
from openprime.desk.keys import is_good
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Exchange, Permission, UserKind, UserState
from tests.desk.kit import BTC_PERP, DeskKit


@pytest.fixture
def kit() -> DeskKit:
    return DeskKit()


def new_user(kit: DeskKit) -> int:
    reply = kit.do(c.CreateUser(UserKind.NORMAL)).reply
    assert isinstance(reply, int)
    return reply


def portfolios(kit: DeskKit, user_id: int) -> list[int]:
    found = kit.desk.state.portfolios.values()
    return [p.portfolio_id for p in found if p.user_id == user_id]


def new_portfolio(kit: DeskKit, user_id: int, name: str = "Sub001") -> int:
    reply = kit.do(c.CreatePortfolio(user_id, name)).reply
    assert isinstance(reply, int)
    return reply


def new_key(kit: DeskKit, access_key: str, portfolio_id: int) -> str:
    outcome = kit.do(c.CreateKey(portfolio_id, access_key, b"", "k", list(Permission)))
    assert outcome.refusal is None
    return access_key


def told(outcome: Outcome) -> list[str]:
    return [event.access_key for event in outcome.events if isinstance(event, KeyChanged)]


def test_a_user_has_a_main_portfolio_and_nothing_else(kit: DeskKit) -> None:
    user_id = new_user(kit)
    (main,) = portfolios(kit, user_id)
    assert kit.desk.state.portfolios[main].is_main
    assert kit.desk.state.users[user_id].state is UserState.ACTIVE


@pytest.mark.parametrize("state", list(UserState))
def test_every_key_of_a_user_is_told_of_its_state(kit: DeskKit, state: UserState) -> None:
    user_id = new_user(kit)
    (main,) = portfolios(kit, user_id)
    new_key(kit, "a", main)
    new_key(kit, "b", new_portfolio(kit, user_id))
    new_key(kit, "other", kit.portfolio_id)
    outcome = kit.do(c.SetUserState(user_id, state))
    assert told(outcome) == ["a", "b"]
    assert kit.desk.state.users[user_id].state is state
    assert is_good(kit.desk.state, "a") is (state is UserState.ACTIVE)
    assert is_good(kit.desk.state, "other")


def test_suspension_freezes_portfolio_keys_until_activation(kit: DeskKit) -> None:
    user_id = new_user(kit)
    (main,) = portfolios(kit, user_id)
    sub = new_portfolio(kit, user_id)
    for access_key, portfolio_id in (("main", main), ("sub", sub), ("cold", sub)):
        new_key(kit, access_key, portfolio_id)
    kit.do(c.FreezeKey("cold", True))
    state = kit.desk.state

    def frozen() -> list[str]:
        return [key.access_key for key in state.keys.values() if key.is_frozen]

    kit.do(c.SetUserState(user_id, UserState.SUSPENDED))
    new_key(kit, "late", sub)
    assert frozen() == ["sub", "cold", "late"]
    kit.do(c.FreezeKey("sub", False))
    assert frozen() == ["sub", "cold", "late"], "a key of a suspended user is not freed alone"
    kit.do(c.SetUserState(user_id, UserState.ACTIVE))
    assert frozen() == ["cold"]


def test_states_of_nobody(kit: DeskKit) -> None:
    assert kit.code(kit.do(c.SetUserState(1, UserState.CLOSED))) == 401022
    assert kit.code(kit.do(c.DeleteUser(1))) == 401022
    assert kit.code(kit.do(c.CreatePortfolio(1, "Sub001"))) == 401022


def test_a_deleted_user_is_gone_with_its_keys_and_nobody_is_told(kit: DeskKit) -> None:
    user_id = new_user(kit)
    (main,) = portfolios(kit, user_id)
    new_key(kit, "gone", main)
    new_key(kit, "stays", kit.portfolio_id)
    outcome = kit.do(c.DeleteUser(user_id))
    assert (kit.code(outcome), outcome.events) == (None, [])
    assert user_id not in kit.desk.state.users
    assert list(kit.desk.state.keys) == ["stays"]
    assert kit.code(kit.do(c.CreateKey(main, "late", b"", "k", []))) == 402006
    assert kit.code(kit.do(c.ClosePortfolio(main, True))) == 402006
    assert kit.code(kit.do(c.ForbidTrading(main, True))) == 402006


def test_a_user_who_owns_something_stays(kit: DeskKit) -> None:
    user_id = new_user(kit)
    (kit.portfolio_id,) = portfolios(kit, user_id)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", Decimal(10_000)))
    assert kit.code(kit.do(c.DeleteUser(user_id))) == 400000
    kit.mark(BTC_PERP, 60000)
    kit.rest(BTC_PERP, "BUY", "0.01", "59000")
    assert kit.code(kit.do(c.DeleteUser(user_id))) == 401043
    assert user_id in kit.desk.state.users


def test_a_user_whose_money_left_may_go(kit: DeskKit) -> None:
    user_id = new_user(kit)
    (kit.portfolio_id,) = portfolios(kit, user_id)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", Decimal(10)))
    kit.cash("USDT", 0)
    assert kit.code(kit.do(c.DeleteUser(user_id))) is None
    kit.index("BTC", 60000)


def test_a_user_with_money_in_its_funding_account_or_under_way_stays() -> None:
    kit = DeskKit(DeskSettings(transfer_delay_ms=60_000))
    user_id = new_user(kit)
    (kit.portfolio_id,) = portfolios(kit, user_id)
    kit.do(c.Credit(kit.portfolio_id, Exchange.BINANCE, "USDT", Decimal(10)))
    terms = TransferTerms(
        Place(kit.portfolio_id, Exchange.BINANCE), Place(user_id), "USDT", Decimal(10)
    )
    assert kit.code(kit.do(c.ApplyTransfer(user_id, None, "", terms))) is None
    kit.cash("USDT", 0)
    assert kit.code(kit.do(c.DeleteUser(user_id))) == 400000, "a transfer is under way"
    kit.cash("USDT", 10)
    kit.now_ms += 60_000
    kit.do(c.RunAgenda())
    wallet = kit.desk.state.users[user_id].funding_wallets["USDT"]
    assert (wallet.cash, kit.desk.state.transfers) == (Decimal(10), {})
    assert kit.code(kit.do(c.DeleteUser(user_id))) == 400000, "the funding account holds money"
