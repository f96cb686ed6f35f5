"""Promises about lists: pages cover a history without gap or double, in one order."""

from typing import Any

from openprime.simulation.checks.scene import Scene, succeeded
from openprime.simulation.people import Client

ORDERS = "/api/v1/trading/history/orders"
# Path, and the field that names a row.
LISTS = (
    (ORDERS, "orderId"),
    ("/api/v1/trading/archive/history/orders", "orderId"),
    ("/api/v1/trading/executions/pageable", "transactionId"),
    ("/api/v1/trading/statement", "statementId"),
    ("/api/v1/trading/history/position", "positionId"),
)
PAGES_MAX = 200
DAY_MS = 86_400_000


def _kept_orders(scene: Scene, client: Client, begin_ms: int, end_ms: int) -> set[str]:
    """The orders of the client's portfolio that history has of that time."""
    return {
        str(order.order_id)
        for order in scene.finished_orders()
        if order.portfolio_id == client.portfolio_id and begin_ms <= order.created_at_ms <= end_ms
    }


def pages_cover_history(scene: Scene) -> str | None:
    """The pages of a list, of whatever size, are the list that one large page gives."""
    clients = scene.people.clients
    path, key = scene.draw.choice(LISTS)
    client = scene.draw.choice(clients)
    now_ms = scene.host.broker.clock_ms()
    window = {"begin": now_ms - DAY_MS, "end": now_ms, "portfolioId": client.portfolio_id}
    whole = scene.ask(client, "GET", path, page=1, pageSize=1000, **window)
    if not succeeded(whole):
        return None
    rows, total = whole["data"]["list"], whole["data"]["totalSize"]
    ids = [row[key] for row in rows]
    if len(set(ids)) != len(ids) or (total <= 1000 and total != len(ids)):
        return f"{path} of {client.name}: {total} rows are told, found {len(ids)}"
    if path == ORDERS and total <= 1000:
        kept = _kept_orders(scene, client, now_ms - DAY_MS, now_ms)
        if set(ids) != kept:
            return f"{path} of {client.name}: {len(ids)} rows, history has {len(kept)}"
    size = max(scene.draw.choice((1, 3, 7, 50)), -(-len(ids) // PAGES_MAX))
    paged: list[Any] = []
    for page in range(1, -(-len(ids) // size) + 2):
        answer = scene.ask(client, "GET", path, page=page, pageSize=size, **window)
        paged += [row[key] for row in answer["data"]["list"]]
    if paged[: len(ids)] != ids:
        return f"{path} of {client.name} by {size}: {len(paged)} rows, whole {len(ids)}"
    return None
