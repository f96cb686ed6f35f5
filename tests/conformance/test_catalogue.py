"""Every code of the founding catalogue on a served broker: by its natural cause, and forced."""

from __future__ import annotations

from typing import Any

import pytest

from openprime.errors import row, rows
from tests.conformance import cases
from tests.conformance.answers import ORDERS_CHANNEL, Answer, Json, check
from tests.conformance.forced_frames import FRAMES, ForcedFrame
from tests.conformance.registry import NATURAL, Case
from tests.conformance.sound import SOUND
from tests.conformance.trader import ORDER, Trader
from tests.conformance.world import World

assert cases
FOUNDING = [each.code for each in rows() if each.in_seed]
OF_REQUESTS = [code for code in FOUNDING if not NATURAL[code].surface.startswith("WS /")]
OF_SOCKETS = [code for code in FOUNDING if NATURAL[code].surface.startswith("WS /")]
UNKNOWN_KEY, WRONG_ADDRESS, LATE = 100018, 2001, 7000


def test_every_forced_request_is_known() -> None:
    assert {*FRAMES} == {*OF_SOCKETS}


def test_every_code_has_a_natural_cause() -> None:
    assert len(FOUNDING) == 126
    assert [code for code in FOUNDING if code not in NATURAL] == []
    assert len(OF_REQUESTS) + len(OF_SOCKETS) == 126


@pytest.mark.parametrize("case", NATURAL.values(), ids=lambda case: str(case.code))
def test_by_its_natural_cause(world: World, case: Case) -> None:
    begun_ms = world.now_ms()
    answer = case.provoke(world)
    check(answer, case.code, case.arguments)
    assert answer.surface == case.surface
    audit = world.operator.ask("GET", "audit")["list"]
    done = [each["body"] for each in audit if each["time"] >= begun_ms]
    assert [body for body in done if "force_code" in body] == []


@pytest.mark.parametrize("code", OF_REQUESTS)
def test_forced_on_a_request(world: World, code: int) -> None:
    surface, arguments = NATURAL[code].surface, NATURAL[code].arguments
    told_by_push = surface == ORDERS_CHANNEL
    method, _, path = (f"POST {ORDER}" if told_by_push else surface).partition(" ")
    trader = world.trader()
    sound = SOUND[f"{method} {path}"]
    parameters = sound.parameters(world, trader)
    match = {"apiKey": trader.client.access_key, "method": method, "path": path}
    if code == WRONG_ADDRESS:
        del match["apiKey"]  # what stands before it is a key that nobody has
    with trader.unchanged(), world.operator.forced(code, match, arguments) as standing:
        earlier, answer = broken_earlier(trader, code, method, path, parameters)
        if earlier == 404:
            assert (answer.status, answer.message) == (404, "Not Found")
        else:
            check(answer, earlier)
        assert standing(), "a fault that was not met stays"
        if told_by_push:
            with trader.socket() as socket:
                answer = socket.end_of(trader.data(method, path, **parameters)["orderId"])
        else:
            answer = trader.ask(method, path, **parameters)
        check(answer, code, arguments)
        assert not standing()


def broken_earlier(
    trader: Trader, code: int, method: str, path: str, parameters: Json
) -> tuple[int, Answer]:
    """The code that a request must get in which something is broken that stands before a code, and
    what it got.
    """
    if row(code).stage != "auth":
        breach = SOUND[f"{method} {path}"].breach_before(code)
        if breach is not None:
            return breach[0], trader.ask(method, path, **{**parameters, **breach[1]})
    headers = trader.client.headers(parameters)
    if code == UNKNOWN_KEY:
        return 404, trader.send(method, f"{path}/nowhere", parameters, headers)
    if code == WRONG_ADDRESS:
        headers["X-MBX-APIKEY"] = "nope"
        return UNKNOWN_KEY, trader.send(method, path, parameters, headers)
    headers["nonce"] = str(int(headers["nonce"]) - 120)
    return LATE, trader.send(method, path, parameters, headers)


@pytest.mark.parametrize("code", OF_SOCKETS)
def test_forced_on_a_frame(world: World, code: int) -> None:
    frame: ForcedFrame = FRAMES[code]
    asked: Any = frame.login(world) if frame.logs_in else frame.sound
    match = {"path": frame.path}
    with world.main.unchanged():
        if frame.earlier is not None:
            with world.operator.forced(code, match) as standing:
                check(world.say(frame.path, frame.breach), frame.earlier)
                assert standing()
        with world.operator.forced(code, match) as standing:
            if frame.connects:
                check(world.crowd(frame.path, 1), code)
            else:
                check(world.say(frame.path, asked), code)
            assert not standing()
