"""Promises about sockets: what was pushed, folded up, is what REST answers."""

from collections.abc import Callable
from typing import Any

from openprime.simulation.calls import ALGO, ORDER
from openprime.simulation.checks.scene import Scene, succeeded
from openprime.simulation.sockets import ACTIONS, PRIVATE, Listener

LISTENERS_MAX = 3
ORDERS_MAX = 8
# Told by REST alone, or told in another form.
_REST_ALONE = ("portfolioName", "algoOrderId", "leverage")
_ALGO_PUSH_ALONE = ("lastPrice", "markPrice", "reduceOnly")
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


def _algos(scene: Scene, listener: Listener) -> str | None:
    client = listener.client
    mine = {"portfolioId": client.portfolio_id}
    pushed = list(listener.algos.values())
    for row in scene.draw.sample(pushed, min(ORDERS_MAX, len(pushed))):
        answer = scene.ask(client, "GET", ALGO, algoOrderId=row["algoOrderId"], **mine)
        if not succeeded(answer):
            if answer["code"] == 401018:
                return f"algo order {row['algoOrderId']} was pushed, REST knows none"
            return None  # the key is no longer let in
        differs = _differing(row, answer["data"], [n for n in row if n not in _ALGO_PUSH_ALONE])
        if differs:
            return f"algo order {row['algoOrderId']} {differs}"
    answer = scene.ask(client, "GET", "/api/v1/algo/openOrders", **mine)
    for row in answer["data"] if succeeded(answer) else ():
        if int(row["updateAt"]) > listener.login_ms and row["algoOrderId"] not in listener.algos:
            return f"algo order {row['algoOrderId']} changed and was not pushed"
    return None


def _orders(scene: Scene, listener: Listener) -> str | None:
    client = listener.client
    pushed = list(listener.orders.values())
    for row in scene.draw.sample(pushed, min(ORDERS_MAX, len(pushed))):
        answer = scene.ask(
            client, "GET", ORDER, orderId=row["orderId"], portfolioId=client.portfolio_id
        )
        if not succeeded(answer):
            if answer["code"] == 401018:
                return f"order {row['orderId']} was pushed, REST knows none"
            return None  # the key is no longer let in
        differs = _differing(row, answer["data"], [n for n in row if n not in _REST_ALONE])
        if differs:
            return f"order {row['orderId']} {differs}"
    answer = scene.ask(client, "GET", "/api/v1/trading/orders", portfolioId=client.portfolio_id)
    for row in answer["data"]["list"] if succeeded(answer) else ():
        if int(row["updateAt"]) > listener.login_ms and row["orderId"] not in listener.orders:
            return f"order {row['orderId']} changed at {row['updateAt']} and was not pushed"
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
