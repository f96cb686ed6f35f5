"""What a broker answered, seen alike from REST and from a socket, and what it must look like."""

from __future__ import annotations

import gzip
import json
from typing import Any, NamedTuple

import httpx

from openprime.errors import message, row

Json = dict[str, Any]

PRIVATE_PATHS = ("/v1/private", "/v1/private-algo")
ORDERS_CHANNEL = "WS Orders"
# A code whose text is followed by the form that was expected.
OTHER_DIALECT = 601004
# Into longer frames nobody looks.
READ_BYTES = 4096


class Answer(NamedTuple):
    """`surface` says where it came from, `status` is HTTP's (0 on a socket), `whole` all of it;
    `asked` is the frame that it answers.
    """

    surface: str
    code: object
    message: str
    status: int
    whole: Json
    asked: Any = None


def of_http(response: httpx.Response) -> Answer:
    whole = response.json()
    surface = f"{response.request.method} {response.request.url.path}"
    return Answer(surface, whole["code"], whole["message"], response.status_code, whole)


def of_frame(path: str, frame: str | bytes, asked: Any = None) -> Answer:
    """The answer to a frame: `msg` on every socket, beside `message` on the public ones."""
    whole = decoded(frame)
    told = whole.get("msg", whole.get("message", ""))
    return Answer(f"WS {path}", whole["code"], told, 0, whole, asked)


def decoded(frame: str | bytes) -> Json:
    """A frame as JSON; binary ones are packed."""
    found: Json = json.loads(gzip.decompress(frame) if isinstance(frame, bytes) else frame)
    return found


def of_push(order: Json) -> Answer:
    """The end of an order as the Orders channel tells it."""
    return Answer(ORDERS_CHANNEL, order["reasonCode"], order["reason"], 0, order)


def check(answer: Answer, code: int, arguments: tuple[str, ...] = ()) -> None:
    """Assert the code, the whole text, the envelope and the HTTP status of an answer."""
    text = message(code, arguments)
    assert answer.code == code, answer
    assert "%s" not in text
    if code == OTHER_DIALECT:
        form = answer.message.removeprefix(text)
        assert form != answer.message
        assert isinstance(json.loads(form), dict), answer
        text = answer.message
    assert answer.message == text
    surface, _, path = answer.surface.partition(" ")
    if surface != "WS":
        assert answer.whole == {"code": code, "message": text, "data": {}}
        assert answer.status == row(code).status
    elif answer.surface == ORDERS_CHANNEL:
        assert (answer.whole["orderState"], answer.whole["cancelType"]) == ("CANCELLED", "SYSTEM")
    elif path in PRIVATE_PATHS:
        check_private(answer, code, text)
    else:
        check_public(answer, code, text)


def check_private(answer: Answer, code: int, text: str) -> None:
    """The frame that a private socket refuses with: id and action as they were sent."""
    asked = answer.asked if isinstance(answer.asked, dict) else {}
    expected = {
        "id": asked.get("id"), "event": asked.get("action", "error"),
        "code": code, "msg": text, "data": None,
    }  # fmt: skip
    assert answer.whole == expected


def check_public(answer: Answer, code: int, text: str) -> None:
    """The frame of the older public sockets; one that judged entries names them."""
    asked = answer.asked if isinstance(answer.asked, dict) else {}
    event = asked.get("action") or asked.get("event") or "error"
    if len(json.dumps(asked)) > READ_BYTES:
        event = "error"
    more = {name: answer.whole[name] for name in ("arg", "args") if name in answer.whole}
    expected = {"event": event, "code": code, "msg": text, "message": text} | more
    if more:
        (accepted,) = more.values()
        refused = [entry for entry in asked["arg"] if entry not in accepted]
        expected["invalidArg"] = refused
    assert answer.whole == expected
