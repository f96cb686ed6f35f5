"""What is found of sockets whose frames are not answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from openprime.simulation.checks.pictures import frames_are_answered
from openprime.simulation.sockets import PRIVATE


def found(**given: Any) -> str | None:
    """What is found where one client listens."""
    listener = SimpleNamespace(
        client=SimpleNamespace(name="somebody"),
        peer=SimpleNamespace(said=given.pop("said", 3), broken=given.pop("broken", False)),
        **{"open": True, "stalled": False, "path": PRIVATE, "replies": 3} | given,
    )
    return frames_are_answered(SimpleNamespace(listeners=[listener]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"replies": 2, "open": False},
        {"replies": 2, "stalled": True},
        {"replies": 2, "path": "/marketdata/v2/public"},
        {"broken": True, "open": False},
    ],
)
def test_nothing_is_found(given: Any) -> None:
    assert found(**given) is None


@pytest.mark.parametrize("replies", [2, 4])
def test_a_frame_without_its_one_answer_is_found(replies: int) -> None:
    told = f"socket of somebody has said 3 frames and heard {replies} answers"
    assert found(replies=replies) == told


def test_a_socket_that_outlives_broken_frames_is_found() -> None:
    told = "socket of somebody is open, and was sent what is no websocket"
    assert found(broken=True) == told
