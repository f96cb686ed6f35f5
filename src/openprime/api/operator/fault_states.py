"""The kinds of fault that change state: actions of the table under the names of errors 7."""

from collections.abc import Mapping
from typing import Any

import msgspec

from openprime.api.operator.action import PREFIX, AdminRow, Unfit
from openprime.api.operator.reading import converted
from openprime.api.services import Services


class StateKind(msgspec.Struct, frozen=True):
    """An action of the table, by its path under /admin/v1/. `names` says what args are called
    there; `fixed` are members that the kind itself stands for.
    """

    path: str
    names: Mapping[str, str] = {}
    fixed: Mapping[str, Any] = {}


STATE_KINDS: dict[str, StateKind] = {
    "key.freeze": StateKind("keys/freeze", {"apiKey": "accessKey"}),
    "user.status": StateKind("users/state", {"status": "state"}),
    "portfolio.close": StateKind("portfolios/close"),
    "portfolio.forbid": StateKind("portfolios/forbid"),
    "risk.override": StateKind("accounts/status", {"state": "status"}),
    "mark.set": StateKind("marks/pin"),
    "account.state": StateKind("accounts/state"),
    "ledger.seize_frozen": StateKind("accounts/seize"),
    "refdata.drop_precision": StateKind("instruments/known", fixed={"known": False}),
    "refdata.suspend": StateKind("instruments/suspend"),
    "pool.unroute": StateKind("pool/routes", fixed={"group": None}),
    "pool.health": StateKind("pool/accounts/change"),
    "pool.margin": StateKind("pool/accounts/margin"),
    "pool.balance": StateKind("pool/accounts/balance"),
    "pool.allocation": StateKind("pool/allocations"),
}


def action_of(kind: str) -> AdminRow:
    """The action that a kind is another name of."""
    from openprime.api.operator import ADMIN

    return ADMIN["POST", PREFIX + STATE_KINDS[kind].path]


async def change_state(
    services: Services, kind: str, match: Mapping[str, Any], args: Mapping[str, Any]
) -> Any:
    """Do a kind: what its match names and its args are the members of the action's body."""
    names, action = STATE_KINDS[kind].names, action_of(kind)
    known = [field.encode_name for field in msgspec.structs.fields(action.body)]
    members = {names.get(name, name): value for name, value in {**match, **args}.items()}
    for name in match:
        if names.get(name, name) not in known:
            return Unfit(f"expected match of {kind} to name none but {known}, found {name!r}")
    asked = converted({**members, **STATE_KINDS[kind].fixed}, action.body)
    return asked if isinstance(asked, Unfit) else await action.handler(services, asked)
