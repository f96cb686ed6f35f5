"""What a broker answered, seen alike from REST and from a socket."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx

Json = dict[str, Any]


class Answer(NamedTuple):
    """`surface` says where it came from, `status` is HTTP's (0 on a socket), `whole` all of it."""

    surface: str
    code: object
    message: str
    status: int
    whole: Json


def of_http(response: httpx.Response) -> Answer:
    whole = response.json()
    surface = f"{response.request.method} {response.request.url.path}"
    return Answer(surface, whole["code"], whole["message"], response.status_code, whole)


def of_frame(path: str, text: str | bytes) -> Answer:
    """The answer to a frame: `msg` on every socket, beside `message` on the public ones."""
    whole = json.loads(text)
    message = whole["msg"] if "msg" in whole else whole["message"]
    return Answer(f"WS {path}", whole["code"], message, 0, whole)


def of_push(order: Json) -> Answer:
    """The end of an order as the Orders channel tells it."""
    return Answer("WS Orders", order["reasonCode"], order["reason"], 0, order)
