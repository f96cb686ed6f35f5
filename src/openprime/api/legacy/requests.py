"""What a client may ask of the older public sockets: read and judged (errors 4, 5.6).

The order of what can be wrong with a frame: 601014, 601001, 601008, 601011, 601004; then of a
login what logins check, of a subscription 601013, 601005, 601006, 601002, 601003, 601015.

There are two dialects, and each socket has its own; the other is understood too, as long as a
frame does not mix them.
"""

from typing import Any

import msgspec

from openprime.api.market.channels import Channel
from openprime.api.market.hub import MarketHub, StreamKey
from openprime.api.market.requests import read_frame
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.door import too_long
from openprime.errors import Refusal

LOGIN = "login"
SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"
ENTRIES_MAX = 20

TOO_LONG = Refusal(601014)
UNREADABLE = Refusal(601001)
MISSING = Refusal(601008)
UNKNOWN_ACTION = Refusal(601011)
OTHER_DIALECT = Refusal(601004)
TOO_MANY_ENTRIES = Refusal(601005)
BAD_CHANNEL = 601006
NO_INSTRUMENT = 601002
BAD_INSTRUMENT = 601003
TOO_MANY_PAIRS = 601015

_VERBS = ("action", "event")
# The member that goes with each verb.
PARTNERS = {"action": "args", "event": "arg"}
_CONTENT = {LOGIN: dict, SUBSCRIBE: list, UNSUBSCRIBE: list}


class Asked(msgspec.Struct, frozen=True):
    """A frame that something can be done with. `event` is the action as it was written, `action`
    in lower case; `member` is where the arguments stood.
    """

    event: str
    action: str
    member: str
    arguments: Any


class Refused(msgspec.Struct, frozen=True):
    """A frame that nothing can be done with."""

    event: str
    refusal: Refusal


def form(action: str, verb: str) -> str:
    """The frame of an action in a dialect, as 601004 shows it."""
    content = '{"apiKey":"","timestamp":"","sign":""}'
    if action != LOGIN:
        content = '[{"channel":"","instId":""}]'
    return f'{{"{verb}":"{action}","{PARTNERS[verb]}":{content}}}'


def read(data: str | bytes, bytes_max: int, edge: EdgeSettings) -> Asked | Refused:
    """What a frame asks for, or the first code against it."""
    if too_long(data, bytes_max):
        return Refused("error", TOO_LONG)
    frame = read_frame(data, bytes_max, edge)
    if frame is None:
        return Refused("error", UNREADABLE)
    verb = next((name for name in _VERBS if frame.get(name)), "")
    event = frame.get(verb) if verb else ""
    members = [name for name in PARTNERS.values() if frame.get(name) is not None]
    told = event if isinstance(event, str) and event else "error"
    wrong_types = any(not isinstance(frame[name], dict | list) for name in members)
    if wrong_types or not isinstance(event, str):
        return Refused(told, UNREADABLE)
    if not verb:
        return Refused(told, MISSING)
    action = event.lower()
    if action not in _CONTENT:
        return Refused(told, UNKNOWN_ACTION)
    partner = PARTNERS[verb]
    if not members:
        return Refused(told, MISSING)
    if members != [partner] or not isinstance(frame[partner], _CONTENT[action]):
        return Refused(told, OTHER_DIALECT)
    return Asked(event, action, partner, frame[partner])


def read_entry(
    entry: Any, edition: str, channels: dict[str, Channel], hub: MarketHub
) -> StreamKey | int:
    """The stream that an entry names in an edition, or the code against it."""
    if not isinstance(entry, dict):
        return UNREADABLE.code
    key = f"{edition} {entry.get('channel')}"
    channel = channels.get(key)
    if channel is None:
        return BAD_CHANNEL
    sym = entry.get("instId") or entry.get("sym")
    if not sym:
        return NO_INSTRUMENT
    instrument = hub.instrument(sym) if isinstance(sym, str) else None
    if instrument is None or (channel.perp_only and not instrument.is_perp):
        return BAD_INSTRUMENT
    return key, sym, ""
