"""A body gives back what it was made of."""

from decimal import Decimal

import msgspec
import pytest

from openprime.desk.state import Amendment
from openprime.store import bodies
from tests.store.samples import order, position, statement, trade


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (
            "orders",
            order(1, amendment=Amendment(Decimal(1), Decimal("0.30"), Decimal(1)), reason="a"),
        ),
        ("orders", order(2)),
        ("executions", trade(12345678901234567)),
        ("position_history", position(3)),
        ("statements", statement(4)),
    ],
)
def test_round_trip(kind: str, value: msgspec.Struct) -> None:
    body = bodies.encode(value)
    assert bodies.ALL[kind].decode(body) == value
    assert type(bodies.ALL[kind].decode(body)) is type(value)


def test_a_body_without_the_newest_fields_takes_their_defaults() -> None:
    values = msgspec.msgpack.decode(bodies.content_of(bodies.encode(order(1))))
    assert bodies.ORDER.decode(msgspec.msgpack.encode(values[:-10])) == order(1)
