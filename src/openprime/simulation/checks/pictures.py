"""Promises about sockets: frames are answered, and pushes folded up are what REST answers."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from openprime.simulation.calls import ALGO, ORDER
from openprime.simulation.checks.scene import Scene, succeeded
from openprime.simulation.sockets import ACTIONS, PRIVATE, Listener

LISTENERS_MAX = 3
ORDERS_MAX = 8
# What of a row no price moves.
_POSITION = ("positionQty", "avgPrice", "positionSide", "sym", "fee")
_WALLET = ("balance", "frozen", "borrow")


def pushes_equal_answers(scene: Scene) -> str | None:
    """Orders, algo orders, positions and wallets as pushed last are those that REST answers; and
    whatever changed since the login was pushed.
    """
    listening = [
        each
        for each in scene.listeners
        if each.open and each.logged_in and each.path in ACTIONS and not each.stalled
    ]
    for listener in scene.draw.sample(listening, min(LISTENERS_MAX, len(listening))):
        looked_at = _OF_ORDERS if listener.path == PRIVATE else _OF_ALGOS
        for look in looked_at:
            found = look(scene, listener)
            if found:
                return f"socket of {listener.client.name}: {found}"
    return None


def frames_are_answered(scene: Scene) -> str | None:
    """Of a private socket every frame was answered, and once; bytes that are none ended it."""
    for listener in scene.listeners:
        peer = listener.peer
        if not listener.open or listener.stalled or listener.path not in ACTIONS:
            continue
        name = f"socket of {listener.client.name}"
        if peer.broken:
            return f"{name} is open, and was sent what is no websocket"
        if peer.said != listener.replies:
            return f"{name} has said {peer.said} frames and heard {listener.replies} answers"
    return None


class _Orders(NamedTuple):
    """One kind of order: how it is called, where REST tells of one and of those at work, and which
    fields are told by one side alone or in another form.
    """

    what: str
    id_name: str
    one: str
    at_work: str
    rows: Callable[[Any], list[dict[str, Any]]]
    apart: tuple[str, ...]


_ORDERS = _Orders(
    "order",
    "orderId",
    ORDER,
    "/api/v1/trading/orders",
    itemgetter("list"),
    ("portfolioName", "algoOrderId", "leverage"),
)
_ALGOS = _Orders(
    "algo order",
    "algoOrderId",
    ALGO,
    "/api/v1/algo/openOrders",
    list,
    ("lastPrice", "markPrice", "reduceOnly"),
)


def _orders(scene: Scene, listener: Listener) -> str | None:
    return _of_kind(scene, listener, _ORDERS, listener.orders)


def _algos(scene: Scene, listener: Listener) -> str | None:
    return _of_kind(scene, listener, _ALGOS, listener.algos)


def _of_kind(
    scene: Scene, listener: Listener, kind: _Orders, pushed: dict[str, dict[str, Any]]
) -> str | None:
    client = listener.client
    mine = {"portfolioId": client.portfolio_id}
    rows = list(pushed.values())
    for row in scene.draw.sample(rows, min(ORDERS_MAX, len(rows))):
        name = row[kind.id_name]
        answer = scene.ask(client, "GET", kind.one, **{kind.id_name: name}, **mine)
        if not succeeded(answer):
            if answer["code"] == 401018:
                return f"{kind.what} {name} was pushed, REST knows none"
            return None  # the key is no longer let in
        differs = _differing(row, answer["data"], [n for n in row if n not in kind.apart])
        if differs:
            return f"{kind.what} {name} {differs}"
    answer = scene.ask(client, "GET", kind.at_work, **mine)
    for row in kind.rows(answer["data"]) if succeeded(answer) else ():
        if int(row["updateAt"]) > listener.login_ms and row[kind.id_name] not in pushed:
            name, changed_at = row[kind.id_name], row["updateAt"]
            return f"{kind.what} {name} changed at {changed_at} and was not pushed"
    return None


def _positions(scene: Scene, listener: Listener) -> str | None:
    client = listener.client
    answer = scene.ask(client, "GET", "/api/v1/trading/position", portfolioId=client.portfolio_id)
    if not succeeded(answer):
        return None
    answered = {row["positionId"]: row for row in answer["data"]}
    for position_id, row in listener.positions.items():
        if position_id not in answered:
            if row["positionQty"] != "0":
                return f"position {position_id} was pushed with {row['positionQty']}, REST has none"
            continue
        differs = _differing(row, answered[position_id], _POSITION)
        if differs:
            return f"position {position_id} {differs}"
    for position_id, row in answered.items():
        if int(row["updateAt"]) > listener.login_ms and position_id not in listener.positions:
            return f"position {position_id} changed and was not pushed"
    return None


def _wallets(scene: Scene, listener: Listener) -> str | None:
    client = listener.client
    answer = scene.ask(
        client, "GET", "/api/v1/trading/portfolio/assets", portfolioId=client.portfolio_id
    )
    if not succeeded(answer):
        return None
    answered = {(row["exchangeType"], row["coin"]): row for row in answer["data"]["list"]}
    for key, row in listener.wallets.items():
        differs = _differing(row, answered[key], _WALLET)
        if differs:
            return f"wallet {key} {differs}"
    for key, row in answered.items():
        if int(row["updateAt"]) > listener.login_ms and key not in listener.wallets:
            return f"wallet {key} changed at {row['updateAt']} and was not pushed"
    return None


def _differing(pushed: dict[str, Any], answered: dict[str, Any], names: Any) -> str | None:
    wrong = [n for n in names if n in pushed and pushed[n] != answered.get(n)]
    if not wrong:
        return None
    return ", ".join(f"{n} was pushed as {pushed[n]!r}, is {answered.get(n)!r}" for n in wrong)


Look = Callable[[Scene, Listener], str | None]

_OF_ORDERS: tuple[Look, ...] = (_orders, _positions, _wallets)
_OF_ALGOS: tuple[Look, ...] = (_algos,)
