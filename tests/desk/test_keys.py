"""API keys: how many, and what of them can be changed (errors 6.1, resolutions 28 to 30)."""

from __future__ import annotations

from openprime.desk import commands as c
from openprime.desk.events import KeyChanged
from openprime.desk.keys import is_good
from openprime.model.vocabulary import Permission
from tests.desk.kit import DeskKit

READ, TRADE = Permission.READ, Permission.TRADE


def with_key() -> DeskKit:
    kit = DeskKit()
    key = c.CreateKey(kit.portfolio_id, "key", b"sealed", "name", [READ, TRADE], ["10.0.0.1"])
    kit.do(key)
    return kit


def test_ten_keys_a_portfolio() -> None:
    kit = DeskKit()
    for number in range(10):
        outcome = kit.do(c.CreateKey(kit.portfolio_id, f"key{number}", b"", "k", []))
        assert kit.code(outcome) is None
    assert kit.code(kit.do(c.CreateKey(kit.portfolio_id, "key10", b"", "k", []))) == 400000
    kit.do(c.DeleteKey("key3"))
    assert kit.code(kit.do(c.CreateKey(kit.portfolio_id, "key10", b"", "k", []))) is None


def test_a_key_of_no_portfolio_and_a_key_twice() -> None:
    kit = with_key()
    assert kit.code(kit.do(c.CreateKey(1, "new", b"", "k", []))) == 402006
    assert kit.code(kit.do(c.CreateKey(kit.portfolio_id, "key", b"", "k", []))) == 400000


def test_what_is_not_given_is_kept() -> None:
    kit = with_key()
    key = kit.desk.state.keys["key"]
    outcome = kit.do(c.UpdateKey("key"))
    assert (key.name, key.permissions, key.addresses) == ("name", [READ, TRADE], ["10.0.0.1"])
    assert outcome.events == [KeyChanged("key")]
    assert key.updated_at_ms == kit.now_ms
    kit.do(c.UpdateKey("key", "other", [READ], []))
    assert (key.name, key.permissions, key.addresses) == ("other", [READ], [])


def test_changes_of_no_key() -> None:
    kit = with_key()
    changes: list[c.Command] = [
        c.UpdateKey("nope", "x"),
        c.FreezeKey("nope", True),
        c.DeleteKey("nope"),
    ]
    for command in changes:
        assert kit.code(kit.do(command)) == 405001


def test_a_key_is_good_until_something_is_wrong() -> None:
    kit = with_key()
    state = kit.desk.state
    assert is_good(state, "key")
    kit.do(c.FreezeKey("key", True))
    assert not is_good(state, "key")
    kit.do(c.FreezeKey("key", False))
    kit.do(c.ClosePortfolio(kit.portfolio_id, True))
    assert not is_good(state, "key")
    kit.do(c.ClosePortfolio(kit.portfolio_id, False))
    assert is_good(state, "key")
    kit.do(c.DeleteKey("key"))
    assert not is_good(state, "key")
