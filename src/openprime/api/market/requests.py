"""What a client may ask of the market socket: read and judged (resolutions 101, 191)."""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.api.edge.decoding import read_body
from openprime.api.market.channels import CHANNELS, SYM_FORM, Channel, read_depth, read_interval
from openprime.api.market.hub import MarketHub, StreamKey
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.door import too_long
from openprime.errors import message

SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"
LOGIN = "login"
SUBSCRIPTIONS = (SUBSCRIBE, UNSUBSCRIBE)
EVENTS = (*SUBSCRIPTIONS, LOGIN)

UNREADABLE = 11103
BAD_PARAMETER = 11102
BAD_CHANNEL = 11101
BAD_SYMBOL = 11100
NOT_CARRIED = 11250

SUCCESS_TEXT = "Success"

_decode = msgspec.json.Decoder().decode


def read_frame(data: str | bytes, bytes_max: int, edge: EdgeSettings) -> dict[str, Any] | None:
    """The object in a frame, None where it is too long, holds none, or holds what no request may:
    doubled keys, NUL, half a surrogate pair, too many levels or members (resolutions 12).
    """
    if too_long(data, bytes_max):
        return None
    body = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if read_body(body, edge).unfit:
        return None
    try:
        frame = _decode(body)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None


def read_entry(entry: Any, hub: MarketHub) -> StreamKey | int:
    """The stream that an entry names, or the code against it."""
    if not isinstance(entry, dict):
        return BAD_PARAMETER
    name, sym = entry.get("channel"), entry.get("sym")
    channel = CHANNELS.get(name) if isinstance(name, str) else None
    if channel is None:
        return BAD_CHANNEL
    if not isinstance(sym, str):
        return BAD_SYMBOL
    code = _sym_code(sym, channel, hub)
    if code:
        return code
    detail = _DETAILS[channel.detail](entry)
    if detail is None:
        return BAD_PARAMETER
    return channel.name, sym, detail


_DETAILS: dict[str, Callable[[dict[str, Any]], str | int | None]] = {
    "": lambda entry: "",
    "level": lambda entry: read_depth(entry.get("level")),
    "interval": lambda entry: read_interval(entry.get("interval")),
}


def _sym_code(sym: str, channel: Channel, hub: MarketHub) -> int:
    form = SYM_FORM.fullmatch(sym)
    if form is None or (channel.perp_only and form[2] != "PERP"):
        return BAD_SYMBOL
    return 0 if hub.instrument(sym) is not None else NOT_CARRIED


def acknowledgement(
    event: str, accepted: list[Any], refused: list[Any], code: int
) -> dict[str, Any]:
    """The answer to a subscribe or unsubscribe; `code` is the first refusal's, else 0."""
    text = message(code) if code else SUCCESS_TEXT
    answer = {"event": event, "arg": accepted, "code": code, "message": text, "msg": text}
    if refused:
        answer["invalidArg"] = refused
    return answer


def refusal(event: Any, code: int, newest: bool = False) -> dict[str, Any]:
    """The answer to a frame that nothing can be done with, in the words of the profile."""
    text = message(code, newest=newest)
    named = event if isinstance(event, str) and event else "error"
    return {"event": named, "code": code, "message": text, "msg": text}
