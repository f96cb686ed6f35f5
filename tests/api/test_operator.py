"""The operator's way in: who may come, what is read, and the audit."""

from __future__ import annotations

import click
import msgspec
import pytest

from openprime.api.operator import ADMIN
from openprime.api.operator.door import OperatorDoor
from openprime.api.settings import AdminSettings
from openprime.cli.admin import admin, command_words
from tests.api.kit import ADMIN_TOKEN, Broker

TOKEN = {"X-Admin-Token": ADMIN_TOKEN}
ABSENT = {"code": 404, "message": "Not Found", "data": {}}


def test_wrong_token_is_401(broker: Broker) -> None:
    for headers in ({}, {"X-Admin-Token": ""}, {"X-Admin-Token": "é"}, {"X-Admin-Token": "nope"}):
        answer = broker.send("GET", "/admin/v1/actions", headers)
        assert answer.status == 401
        assert answer.json == {"code": 2002, "message": "API Invalid Authorization.", "data": {}}
    assert broker.send("GET", "/admin/v1/nope").status == 401


def test_only_this_machine_finds_it(broker: Broker) -> None:
    for peer in ("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1", ""):
        assert broker.send("GET", "/admin/v1/actions", TOKEN, client=peer).json == ABSENT
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        forwarded = TOKEN | {name: "for=127.0.0.1"}
        assert broker.send("GET", "/admin/v1/actions", forwarded).json == ABSENT
    for peer in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert broker.send("GET", "/admin/v1/actions", TOKEN, client=peer).status == 200


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (AdminSettings(remote=True), 200),
        (AdminSettings(enabled=False), 404),
        (AdminSettings(enabled=False, remote=True), 404),
    ],
)
def test_configuration_opens_and_shuts_it(
    broker: Broker, settings: AdminSettings, status: int
) -> None:
    broker.app.operator = OperatorDoor(broker.services, ADMIN_TOKEN, settings)
    answer = broker.send("GET", "/admin/v1/actions", TOKEN, client="203.0.113.7")
    assert answer.status == status


def test_unknown_actions_and_methods(broker: Broker) -> None:
    assert broker.admin("GET", "nope").json == ABSENT
    answer = broker.admin("DELETE", "audit")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_actions_lists_the_table(broker: Broker) -> None:
    rows = broker.admin("GET", "actions").data
    assert [(row["method"], row["path"]) for row in rows] == list(ADMIN)
    (audit,) = [row for row in rows if row["path"] == "/admin/v1/audit"]
    assert audit["body"]["properties"]["pageSize"] == {"type": "integer", "default": 100}
    assert all(row["summary"] and row["data"] for row in rows)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("page=one", "Expected `int`, got `str` - at `$.page`"),
        ("rows=1", "Object contains unknown field `rows`"),
        ("page=1&page=2", "expected a query of names and values, each once; found another"),
        ("page=0", "expected page from 1 to 1000000 and pageSize from 1 to 1000, found 0 and 100"),
    ],
)
def test_bad_queries_are_told_in_one_line(broker: Broker, query: str, detail: str) -> None:
    answer = broker.send("GET", "/admin/v1/audit", TOKEN, query=query)
    assert answer.json == {
        "code": 400000,
        "message": "Invalid Parameter, please check api doc",
        "data": {"detail": detail},
    }


def test_every_body_is_a_schema() -> None:
    for row in ADMIN.values():
        assert row.path.startswith("/admin/v1/")
        assert row.body.__struct_config__.forbid_unknown_fields, row.name
        assert row.body.__struct_config__.frozen, row.name
        assert not row.summary.endswith("."), row.name
        members = {field.encode_name for field in msgspec.structs.fields(row.body)}
        assert set(row.secrets) <= members


def test_every_action_has_a_command_of_its_own() -> None:
    words = [" ".join(found) for _, found in command_words(list(ADMIN.values()))]
    assert len(words) == len(set(words)) == len(ADMIN)
    context = click.Context(admin)
    for _, found in command_words(list(ADMIN.values())):
        command: click.Command = admin
        for word in found:
            assert isinstance(command, click.Group)
            inner = command.get_command(context, word)
            assert inner is not None, found
            command = inner
        assert not isinstance(command, click.Group), found
        assert command.get_help(click.Context(command, parent=context))
