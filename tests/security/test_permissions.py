"""Who may use which route: over the whole endpoint table (errors 5.2, resolutions 21, 24, 25).

Keys of every permission and both levels, of a user of either kind, ask every route. 2002 (2003 on
the routes of another product, 100003 on a broker's) must come exactly where the table says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.errors import message
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import Broker

READ = Permission.READ
GRANTS: dict[str, list[Permission]] = {
    "nothing": [],
    "all": list(Permission),
    **{str(permission): [permission] for permission in Permission},
}
SIGNED = [row for row in ENDPOINTS.values() if row.permission is not None]
NOT_ALLOWED = (2002, 2003, 100003)
OTHER_PRODUCTS = ("/api/v2/", "/api/v1/feeds/")


@pytest.fixture(scope="module", params=list(UserKind))
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    made = Broker(kind=request.param)
    for name, permissions in GRANTS.items():
        made.make_key(f"{name}-main", made.main_id, permissions)
        made.make_key(f"{name}-sub", made.sub_id, permissions)
    yield made
    made.close()


def expected(row: Endpoint, grant: list[Permission], level: str, kind: UserKind) -> int | None:
    """The code that the table's words mean; READ comes with every key."""
    forbidden = 2003 if row.path.startswith(OTHER_PRODUCTS) else 2002
    if row.permission is not READ and row.permission not in grant:
        return forbidden
    takes = {
        KeyLevel.ANY: ("main", "sub"),
        KeyLevel.PRIMARY: ("main",),
        KeyLevel.PORTFOLIO: ("sub",),
        KeyLevel.BROKER: ("main",),
    }[row.level]
    if level not in takes:
        return forbidden
    return 100003 if row.level is KeyLevel.BROKER and kind is not UserKind.BROKER else None


@pytest.mark.parametrize("row", SIGNED, ids=[f"{r.method} {r.path}" for r in SIGNED])
def test_a_route_takes_the_keys_that_the_table_names(broker: Broker, row: Endpoint) -> None:
    kind = broker.state.users[broker.user_id].kind
    for name, grant in GRANTS.items():
        for level in ("main", "sub"):
            answer = broker.call(row.method, row.path, {"sym": "NONE"}, f"{name}-{level}")
            code = expected(row, grant, level, kind)
            if code is None:
                assert answer.json["code"] not in NOT_ALLOWED, (name, level, answer.json)
            else:
                told = {"code": code, "message": message(code), "data": {}}
                assert answer.json == told, (name, level)
                assert answer.status == 200


def test_every_write_needs_more_than_reading() -> None:
    assert [row.path for row in SIGNED if row.writes and row.permission is READ] == []


def test_every_read_needs_reading_alone() -> None:
    assert [row.path for row in SIGNED if not row.writes and row.permission is not READ] == []


def test_only_prices_and_networks_answer_unsigned() -> None:
    unsigned = {path for (_, path), row in ENDPOINTS.items() if row.permission is None}
    assert unsigned <= {
        "/api/v1/market/fundingRate",
        "/api/v1/market/markPrice",
        "/api/v2/transfer/networks",
    }
