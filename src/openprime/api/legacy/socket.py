"""The older public sockets: /v1/public and /v2/public (websocket 4, 5, resolutions 195 to 198).

The first speaks text, the second gzip; both answer a text ping. A login is not needed; it raises
the number of pairs where limits are on.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.api.edge.auth import Caller
from openprime.api.legacy import requests
from openprime.api.legacy.channels import LEGACY_CHANNELS
from openprime.api.market.frames import Frame
from openprime.api.market.hub import MarketHub, StreamKey
from openprime.api.market.streams import Stream
from openprime.api.market.subscriptions import TOO_SLOW, Subscriptions
from openprime.api.services import Services
from openprime.api.sockets.door import caller_address, refuse_crowd
from openprime.api.sockets.faulted import SocketFaults
from openprime.api.sockets.limits import Pace
from openprime.api.sockets.link import (
    CLOSE_POLICY,
    CLOSE_TRY_AGAIN,
    Link,
    Links,
    LinkSettings,
    Receive,
    Scope,
    Send,
)
from openprime.api.sockets.login import PRIVATE_FAMILY, Logins, generic_failure
from openprime.api.sockets.outgoing import PONG
from openprime.errors import Refusal

TOO_MANY_CONNECTIONS = Refusal(601010)
TOO_FREQUENT = Refusal(601013)
CONNECTIONS_WINDOW_S = 60.0


class Edition(msgspec.Struct, frozen=True):
    """What sets the two sockets apart. `tells_success`: an answer that is no refusal says so in
    words as well.
    """

    name: str
    path: str
    verb: str
    binary: bool
    tells_success: bool
    frames_per_second: int


FIRST = Edition(
    "v1", "/v1/public", "action", binary=False, tells_success=False, frames_per_second=1
)
SECOND = Edition("v2", "/v2/public", "event", binary=True, tells_success=True, frames_per_second=10)


class LegacySettings(msgspec.Struct, frozen=True):
    """Budgets count where `enforced`, bounds always."""

    enforced: bool = False
    connections_per_minute: int = 60
    connections_max: int = 5000
    pairs_anonymous: int = 5
    pairs_known: int = 50
    pairs_max: int = 1000
    frame_bytes_max: int = 4096
    conflate_from: int = 256
    link: LinkSettings = LinkSettings(idle_seconds=35.0, frames_waiting_max=4096)


class LegacySession:
    """One client, and what it asks."""

    def __init__(self, socket: "LegacySocket", link: Link, address: str) -> None:
        self._socket = socket
        self._link = link
        self._address = address
        self.caller: Caller | None = None
        settings = socket.settings
        self.subscriptions = Subscriptions(
            socket.hub, link, socket.edition.binary, settings.conflate_from
        )

    def refuse(self, event: str, refusal: Refusal, **more: Any) -> None:
        """Answer with a code, in all the words that readers look for (resolutions 195)."""
        told = self._socket.services.texts.of(refusal)
        if refusal == requests.OTHER_DIALECT:
            told += requests.form(event.lower(), self._socket.edition.verb)
        answer = {"event": event, "code": refusal.code, "msg": told, "message": told}
        self.subscriptions.say(Frame(answer | more))

    def on_frame(self, data: str | bytes) -> None:
        """Answer one frame of the client."""
        if data in ("ping", b"ping"):
            if not self._link.put(PONG):
                self._link.close(CLOSE_TRY_AGAIN, TOO_SLOW)
            return
        socket = self._socket
        edge = socket.services.settings.edge
        asked = requests.read(data, socket.settings.frame_bytes_max, edge)
        if socket.faults.armed:
            asked = self._under_faults(asked)
        if isinstance(asked, requests.Refused):
            self.refuse(asked.event, asked.refusal)
        elif asked.action == requests.LOGIN:
            self._login(asked)
        elif not socket.frames.take(self._address):
            self.refuse(asked.event, TOO_FREQUENT)
        elif len(asked.arguments) > requests.ENTRIES_MAX:
            self.refuse(asked.event, requests.TOO_MANY_ENTRIES)
        elif not asked.arguments:
            self.refuse(asked.event, Refusal(requests.NO_INSTRUMENT))
        else:
            self._judge(asked)

    def _under_faults(
        self, asked: requests.Asked | requests.Refused
    ) -> requests.Asked | requests.Refused:
        """The frame, or the code that a fault of the operator forces on it (errors 7)."""
        found = asked.refusal if isinstance(asked, requests.Refused) else None
        subscribes = isinstance(asked, requests.Asked) and asked.action != requests.LOGIN
        forced = self._socket.faults.on_frame(self.caller, subscribes, found)
        return asked if forced is None else requests.Refused(asked.event, forced)

    def _login(self, asked: requests.Asked) -> None:
        socket = self._socket
        caller = socket.logins.check(asked.arguments, self._address, PRIVATE_FAMILY)
        caller = socket.faults.on_login(asked.arguments, caller)
        if not isinstance(caller, Refusal):
            self.caller = self._link.caller = caller
            success = {"id": None, "event": asked.event, "code": "200000", "msg": "success"}
            self.subscriptions.say(Frame(success))
        elif socket.services.settings.generic_socket_errors:
            self.subscriptions.say(Frame(generic_failure(asked.event)))
        else:
            self.refuse(asked.event, caller)

    def _judge(self, asked: requests.Asked) -> None:
        """Do what each entry asks, and answer; one bad entry does not undo the good ones."""
        shown: list[Stream] = []
        accepted, refused, first_code = [], [], 0
        for entry in asked.arguments:
            code = self._act(asked.action, entry, shown)
            if code:
                refused.append(entry)
                first_code = first_code or code
            else:
                accepted.append(entry)
        if first_code:
            more = {asked.member: accepted, "invalidArg": refused}
            self.refuse(asked.event, Refusal(first_code), **more)
        else:
            answer = {"event": asked.event, asked.member: accepted, "code": 0}
            told = {"message": "Success"} if self._socket.edition.tells_success else {}
            self.subscriptions.say(Frame(answer | told))
        for stream in shown:
            self.subscriptions.show(stream)

    def _act(self, action: str, entry: Any, shown: list[Stream]) -> int:
        """Subscribe to an entry, or unsubscribe; the code against it, 0 where there is none."""
        socket = self._socket
        key = requests.read_entry(entry, socket.edition.name, LEGACY_CHANNELS, socket.hub)
        if isinstance(key, int):
            return key
        if action == requests.UNSUBSCRIBE:
            self.subscriptions.remove(key)
            return 0
        stream = self.subscriptions.find(key)
        if stream is None:
            if not self._has_room(key):
                return requests.TOO_MANY_PAIRS
            stream = self.subscriptions.add(key)
        shown.append(stream)
        return 0

    def _has_room(self, key: StreamKey) -> bool:
        """Whether the connection may have one more pair, or has this one already."""
        settings, pairs = self._socket.settings, self.subscriptions.pairs
        if key[1] in pairs:
            return True
        most = settings.pairs_max
        if settings.enforced:
            known = self.caller is not None
            most = settings.pairs_known if known else settings.pairs_anonymous
        return len(pairs) < most


class LegacySocket:
    """The ASGI application behind one of the two paths."""

    def __init__(
        self,
        edition: Edition,
        services: Services,
        hub: MarketHub,
        logins: Logins,
        clock_s: Callable[[], float],
        settings: LegacySettings | None = None,
    ) -> None:
        self.edition = edition
        self.services = services
        self.hub = hub
        self.logins = logins
        self.settings = settings or LegacySettings()
        enforced = self.settings.enforced
        # Subscribes and unsubscribes of an address, and its connections.
        self.frames = Pace(edition.frames_per_second if enforced else None, 1.0, clock_s)
        most = self.settings.connections_per_minute if enforced else None
        self._connects = Pace(most, CONNECTIONS_WINDOW_S, clock_s)
        self.links = Links()
        self.faults = SocketFaults(services.faults, edition.path)

    @property
    def connection_count(self) -> int:
        return len(self.links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        if len(self.links) >= self.settings.connections_max:
            await refuse_crowd(scope, send, TOO_MANY_CONNECTIONS.code)
            return
        address = caller_address(scope, self.services.proxies)
        link = Link(scope, receive, send, self.settings.link)
        session = LegacySession(self, link, address)
        try:
            await send({"type": "websocket.accept"})
            refusal = None if self._connects.take(address) else TOO_MANY_CONNECTIONS
            refusal = refusal or self.faults.on_connect()
            if refusal is not None:
                session.refuse("error", refusal)
                link.close(CLOSE_POLICY, "too many connections")
            await self.links.run(link, session.on_frame)
        finally:
            session.subscriptions.end()

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self.links.close_all(reason)
