"""The market socket: /marketdata/v2/public (websocket 3, resolutions 185 to 196).

Frames leave as gzip, or as text where the address says `?binary=false`.
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
from openprime.api.market.subscriptions import Subscriptions
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.door import caller_address, refuse_crowd
from openprime.api.sockets.faulted import SocketFaults
from openprime.api.sockets.limits import SlidingWindow
from openprime.api.sockets.link import (
    SERVER_EXTENSION,
    Link,
    Links,
    LinkSettings,
    Receive,
    Scope,
    Send,
)
from openprime.api.sockets.login import MARKET_FAMILY, Logins, generic_failure
from openprime.errors import Refusal

PATH = "/marketdata/v2/public"
TOO_MANY_CONNECTIONS = 11200
TOO_MANY_ENTRIES = 11240
TOO_MANY_FRAMES = 11260
NOT_SUBSCRIBED = 11112


class MarketSocketSettings(msgspec.Struct, frozen=True):
    """`conflate_from` frames waiting, a stream that can be skipped is. `edge` bounds what a frame
    may hold. `generic_errors` gives a failed login the older frame, `newest_messages` the newer
    texts.
    """

    edge: EdgeSettings = EdgeSettings()
    limits: MarketLimits = MarketLimits()
    link: LinkSettings = LinkSettings(
        idle_seconds=180.0,
        pongs_count=True,
        frames_waiting_max=4096,
        bytes_waiting_max=4 * 1024 * 1024,
    )
    conflate_from: int = 256
    generic_errors: bool = False
    newest_messages: bool = False


class MarketSession:
    """One client, and what it asks."""

    def __init__(
        self,
        socket: "MarketSocket",
        link: Link,
        address: str,
        binary: bool,
    ) -> None:
        self.caller: Caller | None = None
        self._socket = socket
        self._link = link
        self._hub = socket.hub
        self._limits = socket.settings.limits
        self._address = address
        self._entry_pace = SlidingWindow(self._limits.entries_per_second, 1.0)
        conflate_from = socket.settings.conflate_from
        self.subscriptions = Subscriptions(socket.hub, link, binary, conflate_from)

    def _answer(self, content: Any) -> None:
        self.subscriptions.say(Frame(content))

    def on_frame(self, data: str | bytes) -> None:
        """Answer one frame of the client."""
        if data in ("ping", b"ping"):
            self._answer(msgspec.Raw(b"pong"))
            return
        settings = self._socket.settings
        frame = requests.read_frame(data, self._limits.frame_bytes_max, settings.edge)
        forced = self._forced(frame)
        if forced is not None:
            event = frame.get("event") if frame else "error"
            self._answer(requests.refusal(event, forced.code, settings.newest_messages))
        elif frame is None:
            self._answer(requests.refusal("error", requests.UNREADABLE))
        elif "ping" in frame:
            self._answer({"pong": frame["ping"]})
        else:
            self._take_request(frame)

    def _forced(self, frame: dict[str, Any] | None) -> Refusal | None:
        """The code that a fault of the operator forces on a frame (errors 7)."""
        faults = self._socket.faults
        if faults is None or not faults.armed:
            return None
        found = Refusal(requests.UNREADABLE) if frame is None else None
        subscribes = frame is not None and frame.get("event") in requests.SUBSCRIPTIONS
        return faults.on_frame(self.caller, subscribes, found)

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
        if self._socket.faults is not None:
            caller = self._socket.faults.on_login(arguments, caller)
        if not isinstance(caller, Refusal) and self.caller is None:
            addresses = self._socket.addresses
            if addresses.enter(self._address, known=True):
                addresses.leave(self._address, known=False)
            else:
                caller = Refusal(TOO_MANY_CONNECTIONS)
        if isinstance(caller, Refusal):
            self._answer(self._failed_login(caller))
            return
        self.caller = self._link.caller = caller
        self._answer({"event": requests.LOGIN, "code": "200000", "msg": "success"})

    def _failed_login(self, refusal: Refusal) -> dict[str, Any]:
        settings = self._socket.settings
        if settings.generic_errors:
            return generic_failure(requests.LOGIN)
        return requests.refusal(requests.LOGIN, refusal.code, settings.newest_messages)

    def _subscribe(self, entries: list[Any]) -> None:
        added: list[Stream] = []
        self._judge(requests.SUBSCRIBE, entries, lambda key: self._add(key, added))
        for stream in added:
            self.subscriptions.show(stream)

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
        subscriptions = self.subscriptions
        stream = subscriptions.find(key)
        if stream is None:
            pairs = subscriptions.pairs
            if key[1] not in pairs:
                known = self.caller is not None
                code = self._limits.pairs_code(len(pairs) + 1, known)
                if code:
                    return code
            stream = subscriptions.add(key)
        added.append(stream)
        return 0

    def _remove(self, key: StreamKey) -> int:
        return 0 if self.subscriptions.remove(key) else NOT_SUBSCRIBED


class MarketSocket:
    """The ASGI application behind /marketdata/v2/public."""

    def __init__(
        self,
        hub: MarketHub,
        logins: Logins,
        proxies: Proxies,
        clock_s: Callable[[], float],
        settings: MarketSocketSettings | None = None,
        faults: SocketFaults | None = None,
    ) -> None:
        self.hub = hub
        self.faults = faults
        self.logins = logins
        self.clock_s = clock_s
        self.settings = settings or MarketSocketSettings()
        self.addresses = AddressBook(self.settings.limits, clock_s)
        self._proxies = proxies
        self.links = Links()

    @property
    def connection_count(self) -> int:
        return len(self.links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        address = caller_address(scope, self._proxies)
        forced = self.faults.on_connect() if self.faults else None
        if forced is not None or not self.addresses.enter(address, known=False):
            await refuse_crowd(scope, send, forced.code if forced else TOO_MANY_CONNECTIONS)
            return
        link = Link(scope, receive, send, self._link_settings(scope))
        session = MarketSession(self, link, address, _wants_binary(scope))
        try:
            await send({"type": "websocket.accept"})
            await self.links.run(link, session.on_frame)
        finally:
            session.subscriptions.end()
            self.addresses.leave(address, known=session.caller is not None)

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self.links.close_all(reason)

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
