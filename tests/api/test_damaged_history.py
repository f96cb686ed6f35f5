"""A damaged row of history is never told: whoever asks for it gets 50001, on every face."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from openprime.desk.commands import Note, OperatorNote
from openprime.store.tables import audit, executions, orders
from tests.api.kit import ORDER, Broker, refuses
from tests.api.socket_kit import in_loop, logged_in, private_socket

UNAVAILABLE = "Service temporarily unavailable"


@pytest.fixture
def order_id(broker: Broker) -> str:
    """An order that has ended, and whose row is damaged."""
    placed = broker.place(clientOrderId="mine")
    assert broker.call("DELETE", ORDER, {"orderId": placed}).data["orderState"] == "CANCELLED"
    assert broker.call("GET", ORDER, {"orderId": placed}).data["orderId"] == placed
    damage(broker, orders)
    return placed


def damage(broker: Broker, table: Any) -> None:
    """One bit of every body of a table."""
    with broker.store.writing() as connection:
        for row in connection.execute(table.select()).all():
            key = next(iter(table.primary_key))
            body = row.body[:-1] + bytes([row.body[-1] ^ 1])
            connection.execute(update(table).where(key == row[0]).values(body=body))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_damaged_order_is_unavailable(broker: Broker, order_id: str, method: str) -> None:
    refuses(broker.call(method, ORDER, {"orderId": order_id}), 50001)


def test_a_damaged_order_is_unavailable_by_its_other_name(broker: Broker, order_id: str) -> None:
    refuses(broker.call("GET", ORDER, {"clientOrderId": "mine"}), 50001)
    assert order_id


def test_a_list_with_a_damaged_row_is_unavailable(broker: Broker, order_id: str) -> None:
    refuses(broker.call("GET", "/api/v1/trading/history/orders"), 50001)
    assert order_id


def test_what_is_not_damaged_is_told(broker: Broker, order_id: str) -> None:
    other = broker.place(clientOrderId="other")
    assert broker.call("GET", ORDER, {"orderId": other}).data["orderState"] == "OPEN"
    damage(broker, executions)
    assert broker.call("GET", "/api/v1/trading/orders").data["list"][0]["orderId"] == other
    assert order_id


def test_over_the_socket_too(broker: Broker, order_id: str) -> None:
    @in_loop
    async def ask(broker: Broker) -> None:
        peer = await logged_in(broker, private_socket(broker))
        told = await peer.ask({"id": "1", "action": "cancel_order", "args": {"orderId": order_id}})
        assert (told["code"], told["msg"]) == (50001, UNAVAILABLE)
        await peer.leave()

    ask(broker)


def test_the_operator_is_told_the_same(broker: Broker) -> None:
    note = OperatorNote("test", "", "127.0.0.1")
    broker.runner.run(broker.sequencer.submit(Note(), note=note))
    assert len(broker.admin("GET", "audit").data["list"]) == 1
    damage(broker, audit)
    refuses(broker.admin("GET", "audit"), 50001)
