"""What operators do: every row of the operator's table, some more often than others.

As with the clients' calls, the members of a body are drawn one by one, by name or by type.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, get_args

import msgspec

from openprime.api.operator import ADMIN
from openprime.api.operator.action import AdminRow
from openprime.simulation import faults
from openprime.simulation.calls import Params, Route
from openprime.simulation.network import Request, query_of
from openprime.simulation.values import ADDRESS, Asker, value_of

PREFIX = "/admin/v1"
ARM: Route = ("POST", f"{PREFIX}/faults")
GROUPS = ("first", "second")

# How often an action is done, next to 1 for all others; 0 for those that would end the play.
WEIGHTS: dict[Route, float] = {
    ("POST", f"{PREFIX}/users"): 0.1,
    ("POST", f"{PREFIX}/users/delete"): 0.3,
    ("POST", f"{PREFIX}/users/state"): 0.5,
    ("POST", f"{PREFIX}/keys/delete"): 0.1,
    ("POST", f"{PREFIX}/keys/freeze"): 0.5,
    ("POST", f"{PREFIX}/portfolios/close"): 0.3,
    ("POST", f"{PREFIX}/portfolios/fund"): 6,
    ("POST", f"{PREFIX}/marks/pin"): 6,
    ("POST", f"{PREFIX}/marks/release"): 4,
    ("POST", f"{PREFIX}/indexes/pin"): 3,
    ("POST", f"{PREFIX}/indexes/release"): 3,
    ("POST", f"{PREFIX}/deposits"): 4,
    ("POST", f"{PREFIX}/withdrawals/end"): 4,
    ("POST", f"{PREFIX}/withdrawAddresses"): 3,
    ("POST", f"{PREFIX}/accounts/seize"): 3,
    ARM: 6,
    ("DELETE", f"{PREFIX}/faults"): 2,
    ("POST", f"{PREFIX}/clock"): 2,
    ("POST", f"{PREFIX}/maintenance"): 0.5,
}


def _clock(asker: Asker) -> Params:
    draw = asker.draw
    if draw.random() < 0.8:
        return {"advanceMs": draw.choice((1000, 60_000, 3_600_000, 8 * 3_600_000, 30 * 3_600_000))}
    return {"speed": draw.choice(("1", "2", "60"))}


def _perp(asker: Asker) -> str:
    """A symbol that has a mark; the asker goes on with it."""
    syms = [i.sym for i in asker.reference.instruments.values() if i.is_perp]
    asker.sym = asker.draw.choice(syms)
    return asker.sym


def _near(asker: Asker) -> str:
    """A price that moves accounts, but seldom all of them."""
    factor = Decimal(repr(1 + asker.draw.gauss(0, 0.03)))
    return format(asker.price_of(asker.sym) * factor, ".2f")


def _seen(name: str) -> Callable[[Asker], object]:
    """What an operator was told of under that name."""
    return lambda asker: asker.people.seen(0, name, asker.draw)


FORMS: dict[Route, Callable[[Asker], Params]] = {
    ARM: lambda a: faults.drawn(a.draw, faults.EVERY),
    ("POST", f"{PREFIX}/clock"): _clock,
    ("POST", f"{PREFIX}/maintenance"): lambda a: {"durationMs": a.draw.randrange(1, 500)},
    ("POST", f"{PREFIX}/instruments/rules"): lambda a: {
        "sym": a.sym,
        "changes": {"maxNumOrders": str(a.draw.randint(1, 60))},
    },
    ("POST", f"{PREFIX}/settings"): lambda a: {
        "name": "transfer_delay_ms",
        "value": str(a.draw.choice((0, 50, 2000))),
    },
    ("POST", f"{PREFIX}/marks/pin"): lambda a: {"sym": _perp(a), "price": _near(a)},
    ("POST", f"{PREFIX}/marks/release"): lambda a: {"sym": _perp(a)},
    ("POST", f"{PREFIX}/accounts/seize"): lambda a: {
        "portfolioId": a.draw.choice(list(a.people.owners)),
        "exchange": a.exchange,
        "coin": a.coin,
        "amount": "10" if a.coin == "USDT" else "0.0001",
    },
    ("POST", f"{PREFIX}/pool/groups"): lambda a: {
        "name": a.draw.choice(GROUPS),
        "exchange": a.instrument.exchange,
        "businessType": a.instrument.business,
    },
    ("POST", f"{PREFIX}/deposits"): lambda a: {
        "currency": a.coin,
        "network": "BTC" if a.coin == "BTC" else "ERC20",
        "amount": "3",
        "accountId": a.place(),
    },
}

MEMBERS: dict[str, Callable[[Asker], object]] = {
    "userId": lambda a: a.draw.choice(a.people.users),
    "ownerId": lambda a: a.client.portfolio_id,
    "portfolioId": lambda a: a.draw.choice(list(a.people.owners)),
    "accessKey": lambda a: a.draw.choice(a.people.clients).access_key,
    "businessType": lambda a: a.instrument.business,
    "price": _near,
    "sym": lambda a: a.sym,
    "syms": lambda a: [],
    "exchanges": lambda a: [],
    "marketsOff": lambda a: [],
    "symsAllowed": lambda a: [],
    "symsDenied": lambda a: [],
    "address": lambda a: ADDRESS + str(a.draw.randrange(3)),
    "group": lambda a: a.draw.choice(GROUPS),
    "owner": lambda a: "default",
    "title": lambda a: a.fresh_name(),
    "depositId": _seen("depositId"),
    "withdrawalId": _seen("id"),
    "addressId": _seen("id"),
    "id": _seen("id"),
    "accountId": _seen("accountId"),
    "windowId": _seen("windowId"),
    "maxNotional": lambda a: str(a.draw.choice((0, 1000, 100_000))),
    "takerFeeRate": lambda a: str(a.draw.choice(("0.0005", "0.001", "0"))),
    "makerFeeRate": lambda a: str(a.draw.choice(("0.0002", "-0.0001", "0"))),
    "loanMmr": lambda a: "0.02",
    "loanInterestRate": lambda a: "0.0001",
    "discount": lambda a: a.draw.choice(("0.9", "1", None)),
    "tiers": lambda a: None,
    "levels": lambda a: None,
    "code": lambda a: None,
}


def _member(asker: Asker, name: str, kind: Any) -> object:
    """A value for a member of a body."""
    make = MEMBERS.get(name)
    if make is not None:
        return make(asker)
    if isinstance(kind, UnionType):
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return asker.one_of(kind)
    if kind is bool:
        # Mostly what lets things go on.
        return asker.draw.random() < 0.3
    return value_of(name, asker)


# Switches that keep clients out are mostly set back at once.
_KEEPING_OUT = frozenset("banned forbidden closed frozen".split())


def body_of(row: AdminRow, asker: Asker) -> Params:
    """The members of one action, as they go on the wire."""
    form = FORMS.get((row.method, row.path))
    if form is not None:
        return form(asker)
    found: Params = {}
    for field in msgspec.structs.fields(row.body):
        if field.required or field.encode_name in _KEEPING_OUT or asker.draw.random() < 0.4:
            value = _member(asker, field.encode_name, field.type)
            if value is not None:
                found[field.encode_name] = value
    return found


def request_of(row: AdminRow, members: Params, token: str) -> Request:
    """The action as a request."""
    headers = [(b"x-admin-token", token.encode())]
    if row.method == "GET":
        return Request(row.method, row.path, headers, query_of(members).encode())
    return Request(row.method, row.path, headers, body=json.dumps(members, default=str).encode())


def rows() -> tuple[list[AdminRow], list[float]]:
    """All actions with their weights."""
    every = list(ADMIN.values())
    return every, [WEIGHTS.get((row.method, row.path), 1.0) for row in every]
