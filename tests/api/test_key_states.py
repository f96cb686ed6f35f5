"""What becomes of keys and their sockets when a user, a portfolio or a key changes (errors 6.1)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from openprime.desk.commands import (
    ClosePortfolio,
    Command,
    CreateKey,
    CreateUser,
    DeleteKey,
    DeleteUser,
    FreezeKey,
    SetUserState,
    UpdateKey,
)
from openprime.errors import message
from openprime.model.vocabulary import Permission, UserKind, UserState
from tests.api.kit import ORDER, SECRET, Answer, Broker, base_order, refuses
from tests.api.socket_kit import Peer, in_loop, logged_in, login_frame, private_socket

ORDERS = "/api/v1/trading/orders"
TTL_MS = 30_000
SUSPENDED, ACTIVE = UserState.SUSPENDED, UserState.ACTIVE


def get(broker: Broker, key: str | None = None) -> Answer:
    return broker.call("GET", ORDERS, key=key)


@pytest.fixture
def fresh(broker: Broker) -> tuple[int, str]:
    """A user who owns nothing, and the key of its MainPortfolio."""
    user_id = int(broker.do(CreateUser(UserKind.NORMAL)))
    main_id = int(list(broker.state.portfolios)[-1])
    return user_id, broker.make_key("fresh-key", main_id)


# ---------------------------------------------------------------- REST


@pytest.mark.parametrize("state", [UserState.PENDING_KYB, SUSPENDED, UserState.CLOSED])
def test_a_user_who_is_kept_out(broker: Broker, state: UserState) -> None:
    assert get(broker).json["code"] == 200000
    broker.do(SetUserState(broker.user_id, state))
    refuses(get(broker), 100002)
    refuses(get(broker, broker.sub_key), 100041 if state is SUSPENDED else 100002)
    broker.do(SetUserState(broker.user_id, ACTIVE))
    assert get(broker).json["code"] == 200000
    assert get(broker, broker.sub_key).json["code"] == 200000


def test_a_key_that_was_frozen_alone_outlasts_its_user_s_suspension(broker: Broker) -> None:
    broker.do(FreezeKey(broker.sub_key, True))
    broker.do(SetUserState(broker.user_id, SUSPENDED))
    broker.do(SetUserState(broker.user_id, ACTIVE))
    refuses(get(broker, broker.sub_key), 100041)


def test_a_closed_portfolio_and_an_open_one_again(broker: Broker) -> None:
    assert get(broker, broker.sub_key).json["code"] == 200000
    broker.do(ClosePortfolio(broker.sub_id, True))
    refuses(get(broker, broker.sub_key), 100001)
    assert get(broker).json["code"] == 200000
    refuses(broker.call("GET", ORDERS, {"portfolioId": broker.sub_id}), 401010)
    broker.do(ClosePortfolio(broker.sub_id, False))
    assert get(broker, broker.sub_key).json["code"] == 200000


def test_a_deleted_user_is_met_at_the_second_look_while_the_key_is_remembered(
    broker: Broker, fresh: tuple[int, str]
) -> None:
    user_id, key = fresh
    assert get(broker, key).json["code"] == 200000
    broker.do(DeleteUser(user_id))
    refuses(get(broker, key), 401022)
    refuses(broker.call("POST", ORDER, base_order(side="HOLD"), key), 401022)
    broker.clock_ms += TTL_MS - 1
    refuses(get(broker, key), 401022)
    broker.clock_ms += 1
    refuses(get(broker, key), 100018)


def test_a_deleted_user_whose_key_nobody_remembers(broker: Broker, fresh: tuple[int, str]) -> None:
    user_id, key = fresh
    broker.do(DeleteUser(user_id))
    refuses(get(broker, key), 100018)


def test_permission_and_level_come_before_the_second_look(
    broker: Broker, fresh: tuple[int, str]
) -> None:
    user_id, _ = fresh
    main_id = next(p for p, found in broker.state.portfolios.items() if found.user_id == user_id)
    reader = broker.make_key("reader", main_id, [Permission.READ])
    assert get(broker, reader).json["code"] == 200000
    broker.do(DeleteUser(user_id))
    refuses(broker.call("POST", ORDER, base_order(), reader), 2002)
    refuses(get(broker, reader), 401022)


# ---------------------------------------------------------------- sockets


def changes(broker: Broker) -> list[Command]:
    """All that ends the sockets of the second portfolio's key."""
    return [
        FreezeKey(broker.sub_key, True),
        DeleteKey(broker.sub_key),
        ClosePortfolio(broker.sub_id, True),
        SetUserState(broker.user_id, SUSPENDED),
        SetUserState(broker.user_id, UserState.PENDING_KYB),
        SetUserState(broker.user_id, UserState.CLOSED),
    ]


@pytest.mark.parametrize("which", range(6))
@in_loop
async def test_sockets_of_a_key_that_is_no_longer_let_in_are_closed(
    broker: Broker, which: int
) -> None:
    command = changes(broker)[which]
    socket = private_socket(broker)
    peer = await logged_in(broker, socket, broker.sub_key)
    other = await logged_in(broker, socket)
    await broker.sequencer.submit(command)
    assert await peer.ended() == (1008, "key changed")
    if isinstance(command, SetUserState):
        assert await other.ended() == (1008, "key changed")
    else:
        assert await other.ask("ping") == "pong"
        await other.leave()


@in_loop
async def test_sockets_of_a_key_that_only_changed_stay(broker: Broker) -> None:
    peer = await logged_in(broker, private_socket(broker))
    await broker.sequencer.submit(UpdateKey(broker.key, "other", [Permission.READ]))
    answer = await peer.ask({"id": "1", "action": "place_order", "args": base_order()})
    assert answer == refused("place_order", 2002)
    await broker.sequencer.submit(UpdateKey(broker.key, None, None, ["127.0.0.1"]))
    assert await peer.ask("ping") == "pong"
    await peer.leave()


def refused(event: str, code: int, frame_id: Any = "1") -> dict[str, Any]:
    return {"id": frame_id, "event": event, "code": code, "msg": message(code), "data": None}


@in_loop
async def test_actions_of_a_deleted_user(broker: Broker) -> None:
    """The socket's key is remembered, its user is gone; later the key is gone too."""
    user_id, main_id, key = await _fresh(broker)
    peer = await logged_in(broker, private_socket(broker), key)
    await broker.sequencer.submit(DeleteUser(user_id))
    frame = {"id": "1", "action": "place_order", "args": base_order(side="HOLD")}
    assert await peer.ask(frame) == refused("place_order", 401022)
    broker.clock_ms += TTL_MS
    assert await peer.ask(frame) == refused("place_order", 2002)
    await peer.leave()
    assert not broker.state.portfolios[main_id].closed


async def _fresh(broker: Broker) -> tuple[int, int, str]:
    reply = (await broker.sequencer.submit(CreateUser(UserKind.NORMAL))).reply
    main_id = int(list(broker.state.portfolios)[-1])
    sealed = broker.store.vault.seal(SECRET, "fresh-key")
    await broker.sequencer.submit(CreateKey(main_id, "fresh-key", sealed, "k", list(Permission)))
    return int(str(reply)), main_id, "fresh-key"


LOGINS = [
    (lambda b: FreezeKey(b.sub_key, True), 100041),
    (lambda b: SetUserState(b.user_id, UserState.CLOSED), 100002),
    (lambda b: ClosePortfolio(b.sub_id, True), 100001),
    (lambda b: DeleteKey(b.sub_key), 601007),
    (lambda b: UpdateKey(b.sub_key, None, None, ["203.0.113.7"]), 2001),
]


@pytest.mark.parametrize(("change", "code"), LOGINS)
@in_loop
async def test_logins(broker: Broker, change: Any, code: int) -> None:
    await broker.sequencer.submit(change(broker))
    peer = Peer(private_socket(broker))
    await peer.opened()
    expected = refused("login", code, None)
    assert await peer.ask(login_frame(broker, broker.sub_key)) == expected
    await peer.leave()


@in_loop
async def test_login_of_a_deleted_user(broker: Broker) -> None:
    user_id, _, key = await _fresh(broker)
    socket = private_socket(broker)
    first = await logged_in(broker, socket, key)
    await broker.sequencer.submit(DeleteUser(user_id))
    second = Peer(socket)
    await second.opened()
    assert await second.ask(login_frame(broker, key)) == refused("login", 401022, None)
    await asyncio.gather(first.leave(), second.leave())
