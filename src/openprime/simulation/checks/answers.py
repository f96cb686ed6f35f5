"""Promises about what REST answers."""

from openprime.simulation.calls import ORDER
from openprime.simulation.checks.scene import Scene, succeeded

ASKED_MAX = 8


def orders_answer_as_kept(scene: Scene) -> str | None:
    """An acknowledged order is found by its own id and by the client's, and is what was asked."""
    clients = {client.portfolio_id: client for client in scene.people.clients}
    made = [
        promise
        for promise in scene.promises.by_name.values()
        if promise.kind == "order" and promise.made and promise.owner in clients
    ]
    for promise in scene.draw.sample(made, min(ASKED_MAX, len(made))):
        client = clients[promise.owner]
        by_id = scene.ask(client, "GET", ORDER, orderId=promise.made[0])
        if not succeeded(by_id):
            if by_id["code"] == 401018:
                return f"order {promise.made[0]} was acknowledged, GET answers {by_id}"
            continue  # the key is no longer let in
        by_name = scene.ask(client, "GET", ORDER, clientOrderId=promise.name)
        if by_name != by_id:
            return f"order {promise.made[0]} by id is {by_id}, by name {by_name}"
        row = by_id["data"]
        for name in ("sym", "side"):
            if row[name] != promise.params[name]:
                return f"order {promise.made[0]} was asked with {promise.params}, is {row}"
    return None
