"""Keys that freeze after so many wrong signatures in a row (errors 6.1, resolutions 22)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openprime.api.edge.bad_signatures import COUNTED_MAX, BadSignatures
from openprime.api.edge.keys import KeyEntry
from openprime.api.edge.signature import Signer
from openprime.api.settings import ApiSettings
from openprime.desk.commands import FreezeKey
from tests.api.kit import Answer, Broker, refuses
from tests.api.socket_kit import Peer, in_loop, login_frame, private_socket

ORDERS = "/api/v1/trading/orders"
LIMIT = 20


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker(ApiSettings(freeze_after_bad_signatures=LIMIT))
    yield made
    made.close()


def get(broker: Broker, right: bool = True, key: str | None = None, **sent: str) -> Answer:
    changes = sent if right else {"signature": "0" * 64, **sent}
    return broker.send("GET", ORDERS, broker.headers(f"&{broker.nonce}", key, **changes))


def test_the_twentieth_in_a_row_freezes(broker: Broker) -> None:
    for _ in range(LIMIT):
        refuses(get(broker, right=False), 2000)
    refuses(get(broker), 100041)
    refuses(get(broker, right=False), 2000)
    assert broker.state.keys[broker.key].frozen
    assert get(broker, key=broker.sub_key).json["code"] == 200000


def test_a_right_one_ends_the_row(broker: Broker) -> None:
    for _ in range(3):
        for _ in range(LIMIT - 1):
            refuses(get(broker, right=False), 2000)
        assert get(broker).json["code"] == 200000


def test_a_freed_key_starts_anew(broker: Broker) -> None:
    for _ in range(LIMIT):
        get(broker, right=False)
    broker.do(FreezeKey(broker.key, False))
    for _ in range(LIMIT - 1):
        refuses(get(broker, right=False), 2000)
    assert get(broker).json["code"] == 200000


def test_what_is_refused_for_another_reason_does_not_count(broker: Broker) -> None:
    late = str(int(broker.nonce) - 3600)
    listed = broker.make_key("listed", broker.main_id, addresses=["203.0.113.7"])
    for _ in range(LIMIT + 1):
        refuses(get(broker, right=False, nonce=late), 7000)
        refuses(get(broker, right=False, key=listed), 2001)
        refuses(get(broker, right=False, key="nope"), 100018)
    assert get(broker).json["code"] == 200000
    assert not broker.state.keys[listed].frozen


def test_never_unless_asked_for() -> None:
    broker = Broker()
    for _ in range(3 * LIMIT):
        refuses(get(broker, right=False), 2000)
    assert get(broker).json["code"] == 200000
    broker.close()


@in_loop
async def test_logins_count_too(broker: Broker) -> None:
    peer = Peer(private_socket(broker))
    await peer.opened()
    for _ in range(LIMIT):
        assert (await peer.ask(login_frame(broker, sign="0" * 64)))["code"] == 601009
    assert (await peer.ask(login_frame(broker)))["code"] == 100041
    await peer.leave()


def test_no_more_keys_are_counted_than_the_bound() -> None:
    frozen: list[str] = []
    counts = BadSignatures(2, frozen.append)
    signer = Signer("s")

    def wrong(name: str) -> None:
        entry = KeyEntry(name, signer, 1, 1, True, frozenset(), (), False, 0)
        counts.note(entry, verified=False)

    wrong("first")
    for number in range(COUNTED_MAX):
        wrong(f"k{number}")
    wrong("first")
    assert frozen == []
    wrong("first")
    assert frozen == ["first"]
