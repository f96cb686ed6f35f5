"""The market socket: /marketdata/v2/public (websocket 3, resolutions 185 to 196).

Frames leave as gzip, or as text where the address says `?binary=false`. A client that reads too
slowly skips what can be skipped and is then brought up to date from the present; where nothing
can be skipped (trades) it is dropped.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from openprime.api.edge.auth import Caller
from openprime.api.edge.keys import Proxies
from openprime.api.market import requests
from openprime.api.market.frames import Frame
from openprime.api.market.hub import MarketHub, StreamKey
from openprime.api.market.limits import AddressBook, MarketLimits
from openprime.api.market.streams import Stream
from openprime.api.sockets.door import caller_address, refuse_crowd
from openprime.api.sockets.limits import SlidingWindow
from openprime.api.sockets.link import (
    CLOSE_TRY_AGAIN,
    SERVER_EXTENSION,
    Link,
    Links,
    LinkSettings,
    Message,
    Receive,
    Scope,
    Send,
)
from openprime.api.sockets.login import MARKET_FAMILY, Logins
from openprime.errors import Refusal

TOO_MANY_CONNECTIONS = 11200
TOO_MANY_ENTRIES = 11240
TOO_MANY_FRAMES = 11260
NOT_SUBSCRIBED = 11112


class MarketSocketSettings(msgspec.Struct, frozen=True):
    """`conflate_from` frames waiting, a stream that can be skipped is."""

    limits: MarketLimits = MarketLimits()
    link: LinkSettings = LinkSettings(idle_seconds=180.0, pongs_count=True, frames_waiting_max=4096)
    conflate_from: int = 256


class MarketSession:
    """One client: its subscriptions, and what it has missed."""

    def __init__(
        self,
        socket: "MarketSocket",
        link: Link,
        address: str,
        binary: bool,
    ) -> None:
        self.caller: Caller | None = None
        self._socket = socket
        self._hub = socket.hub
        self._limits = socket.settings.limits
        self._conflate_from = socket.settings.conflate_from
        self._link = link
        self._address = address
        self._binary = binary
        self._streams: dict[StreamKey, Stream] = {}
        self._pairs: dict[str, int] = {}
        self._behind: dict[Stream, None] = {}
        self._entry_pace = SlidingWindow(self._limits.entries_per_second, 1.0)
        link.refill = self._catch_up

    # -- outwards

    def offer(self, stream: Stream, frame: Frame) -> None:
        """A stream has a new frame."""
        if stream in self._behind:
            return
        link = self._link
        if link.waiting < self._conflate_from:
            link.put(frame.binary if self._binary else frame.text)
        elif stream.conflatable:
            self._behind[stream] = None
        elif not link.put(self._message(frame)):
            link.close(CLOSE_TRY_AGAIN, "reader too slow")

    def _catch_up(self) -> None:
        """The queue has run dry: bring what was skipped up to date."""
        if not self._behind:
            return
        behind, self._behind = self._behind, {}
        for stream in behind:
            if self in stream.subscribers:
                self._show(stream)

    def _show(self, stream: Stream) -> None:
        frame = stream.current()
        if frame is not None:
            self.offer(stream, frame)

    def _message(self, frame: Frame) -> Message:
        return frame.binary if self._binary else frame.text

    def _answer(self, content: Any) -> None:
        if not self._link.put(self._message(Frame(content))):
            self._link.close(CLOSE_TRY_AGAIN, "reader too slow")

    # -- inwards

    async def on_frame(self, data: str | bytes) -> None:
        """Answer one frame of the client."""
        if data in ("ping", b"ping"):
            self._answer(msgspec.Raw(b"pong"))
            return
        frame = requests.read_frame(data, self._limits.frame_bytes_max)
        if frame is None:
            self._answer(requests.refusal("error", requests.UNREADABLE))
        elif "ping" in frame:
            self._answer({"pong": frame["ping"]})
        else:
            self._take_request(frame)

    def _take_request(self, frame: dict[str, Any]) -> None:
        event = frame.get("event") or frame.get("action")
        arguments = frame.get("arg") if frame.get("arg") is not None else frame.get("args")
        if event == requests.LOGIN:
            self._login(arguments)
        elif event not in requests.EVENTS:
            self._answer(requests.refusal(event, requests.UNREADABLE))
        elif not isinstance(arguments, list) or not arguments:
            self._answer(requests.refusal(event, requests.BAD_PARAMETER))
        elif not self._socket.addresses.frames.take(self._address):
            self._answer(requests.refusal(event, TOO_MANY_FRAMES))
        elif event == requests.SUBSCRIBE:
            self._subscribe(arguments)
        else:
            self._unsubscribe(arguments)

    def _login(self, arguments: Any) -> None:
        if not isinstance(arguments, dict):
            self._answer(requests.refusal(requests.LOGIN, requests.BAD_PARAMETER))
            return
        caller = self._socket.logins.check(arguments, self._address, MARKET_FAMILY)
        if not isinstance(caller, Refusal) and self.caller is None:
            addresses = self._socket.addresses
            if addresses.enter(self._address, known=True):
                addresses.leave(self._address, known=False)
            else:
                caller = Refusal(TOO_MANY_CONNECTIONS)
        if isinstance(caller, Refusal):
            self._answer(requests.refusal(requests.LOGIN, caller.code))
            return
        self.caller = caller
        self._answer({"event": requests.LOGIN, "code": "200000", "msg": "success"})

    def _subscribe(self, entries: list[Any]) -> None:
        added: list[Stream] = []
        self._judge(requests.SUBSCRIBE, entries, lambda key: self._add(key, added))
        for stream in added:
            self._show(stream)

    def _unsubscribe(self, entries: list[Any]) -> None:
        self._judge(requests.UNSUBSCRIBE, entries, self._remove)

    def _judge(self, event: str, entries: list[Any], act: Callable[[StreamKey], int]) -> None:
        """Do what each entry asks, and answer; one bad entry does not undo the good ones."""
        accepted, refused, first_code = [], [], 0
        for entry in entries:
            key = requests.read_entry(entry, self._hub)
            code = key if isinstance(key, int) else self._paced() or act(key)
            if code:
                refused.append(entry)
                first_code = first_code or code
            else:
                accepted.append(entry)
        self._answer(requests.acknowledgement(event, accepted, refused, first_code))

    def _paced(self) -> int:
        if not self._limits.enforced or self._entry_pace.take(self._socket.clock_s()):
            return 0
        return TOO_MANY_ENTRIES

    def _add(self, key: StreamKey, added: list[Stream]) -> int:
        stream = self._streams.get(key)
        if stream is None:
            sym = key[1]
            if sym not in self._pairs:
                known = self.caller is not None
                code = self._limits.pairs_code(len(self._pairs) + 1, known)
                if code:
                    return code
            self._pairs[sym] = self._pairs.get(sym, 0) + 1
            stream = self._streams[key] = self._hub.subscribe(key, self)
        added.append(stream)
        return 0

    def _remove(self, key: StreamKey) -> int:
        stream = self._streams.pop(key, None)
        if stream is None:
            return NOT_SUBSCRIBED
        self._behind.pop(stream, None)
        self._pairs[key[1]] -= 1
        if not self._pairs[key[1]]:
            del self._pairs[key[1]]
        self._hub.unsubscribe(key, self)
        return 0

    def end(self) -> None:
        """The connection is gone."""
        for key in list(self._streams):
            self._remove(key)


class MarketSocket:
    """The ASGI application behind /marketdata/v2/public."""

    def __init__(
        self,
        hub: MarketHub,
        logins: Logins,
        proxies: Proxies,
        clock_s: Callable[[], float],
        settings: MarketSocketSettings | None = None,
    ) -> None:
        self.hub = hub
        self.logins = logins
        self.clock_s = clock_s
        self.settings = settings or MarketSocketSettings()
        self.addresses = AddressBook(self.settings.limits, clock_s)
        self._proxies = proxies
        self._links = Links()

    @property
    def connection_count(self) -> int:
        return len(self._links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        address = caller_address(scope, self._proxies)
        if not self.addresses.enter(address, known=False):
            await refuse_crowd(scope, send, TOO_MANY_CONNECTIONS)
            return
        link = Link(scope, receive, send, self._link_settings(scope))
        session = MarketSession(self, link, address, _wants_binary(scope))
        try:
            await send({"type": "websocket.accept"})
            await self._links.run(link, session.on_frame)
        finally:
            session.end()
            self.addresses.leave(address, known=session.caller is not None)

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self._links.close_all(reason)

    def _link_settings(self, scope: Scope) -> LinkSettings:
        """A listener says nothing but the answers to the server's pings. Where those cannot be
        seen, silence proves nothing, and the server's own ping timeout has to do.
        """
        settings = self.settings.link
        if SERVER_EXTENSION in (scope.get("extensions") or {}):
            return settings
        return msgspec.structs.replace(settings, idle_seconds=None)


def _wants_binary(scope: Scope) -> bool:
    query = dict(parse_qsl(str(scope.get("query_string", b""), "latin-1")))
    return query.get("binary", "").lower() != "false"
