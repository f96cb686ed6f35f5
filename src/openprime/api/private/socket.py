"""The private socket: /v1/private (websocket 1, resolutions 86, 98, 99, 175 to 183).

An action is a row of the endpoint table under another name: the same parameters, checks and
handler as over HTTP. Actions are begun in the order of their arrival, and so reach the desk in
that order; each answers when its outcome is durable, so answers to different frames may change
places. A bounded number is under way at once; beyond it the socket is not read.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog

from openprime.api.edge.auth import Caller
from openprime.api.edge.decoding import Value
from openprime.api.endpoints import Endpoint
from openprime.api.envelope import RAPIDX, SUCCESS_TEXTS
from openprime.api.private.frames import (
    FORMS,
    LOGIN,
    OTHER_DIALECT,
    SUBSCRIBE,
    Asked,
    Id,
    read_frame,
    reply,
)
from openprime.api.private.push import PrivatePush
from openprime.api.services import Services
from openprime.api.sockets.door import caller_address, refuse_crowd
from openprime.api.sockets.limits import Pace
from openprime.api.sockets.link import (
    CLOSE_POLICY,
    CLOSE_TRY_AGAIN,
    Link,
    Links,
    LinkSettings,
    Message,
    Receive,
    Scope,
    Send,
    text_message,
)
from openprime.api.sockets.login import PRIVATE_FAMILY, Logins
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission

SUBPROTOCOL = "v1.api.liquiditytech.com"

# Which row of the endpoint table an action points at.
ACTIONS: dict[str, tuple[str, str]] = {
    "place_order": ("POST", "/api/v1/trading/order"),
    "replace_order": ("PUT", "/api/v1/trading/order"),
    "cancel_order": ("DELETE", "/api/v1/trading/order"),
    "cancel_orders": ("DELETE", "/api/v1/trading/cancelAll"),
}

GENERIC_CODE = "60009"
GENERIC_TEXTS = {
    LOGIN: "Login failed.",
    "place_order": "PlaceOrder failed.",
    "replace_order": "ReplaceOrder failed.",
    "cancel_order": "Cancel Order failed.",
    "cancel_orders": "Cancel Order failed.",
}

NOT_ALLOWED = Refusal(2002)
NOT_HERE = Refusal(601011)
UNAVAILABLE = Refusal(50001)
FAILED = Refusal(500)
TOO_MANY_CONNECTIONS = Refusal(601010)
CONNECTIONS_WINDOW_S = 60.0

log = structlog.get_logger(__name__)


class PrivateSocketSettings(msgspec.Struct, frozen=True):
    """`connections_per_minute` None sets no limit; `generic_errors` gives the older error frames.

    `connections_max` bounds all connections together, `actions_max` those of one socket that are
    under way at once.
    """

    generic_errors: bool = False
    connections_per_minute: int | None = None
    connections_max: int = 5000
    actions_max: int = 64
    frame_bytes_max: int = 4096
    link: LinkSettings = LinkSettings(idle_seconds=35.0, frames_waiting_max=10_000)


class PrivateSession:
    """One connection."""

    def __init__(self, socket: "PrivateSocket", link: Link, address: str) -> None:
        self.caller: Caller | None = None
        self.access_key = ""
        self._socket = socket
        self._services = socket.services
        self._link = link
        self._address = address
        self._only_trade = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._room: asyncio.Future[None] | None = None

    # -- outwards

    def push(self, messages: list[Message]) -> None:
        """Send frames; a client that does not read them is dropped."""
        for message in messages:
            if not self._link.put(message):
                self._link.close(CLOSE_TRY_AGAIN, "reader too slow")
                return

    def expel(self, reason: str) -> None:
        self._link.close(CLOSE_POLICY, reason)

    def say(self, text: str) -> None:
        self.push([text_message(text)])

    def _refuse(self, frame_id: Id, event: str, refusal: Refusal) -> None:
        if self._socket.settings.generic_errors and event in GENERIC_TEXTS:
            self.say(reply(frame_id, "error", GENERIC_CODE, GENERIC_TEXTS[event], None))
            return
        told = self._services.texts.of(refusal)
        if refusal.code == OTHER_DIALECT:
            told += FORMS[event]
        self.say(reply(frame_id, event, refusal.code, told, None))

    # -- inwards

    async def on_frame(self, data: str | bytes) -> None:
        """Answer one frame, or begin the action that it asks for."""
        if data in ("ping", b"ping"):
            self.say("pong")
            return
        frame = read_frame(
            data, self._socket.settings.frame_bytes_max, self._services.settings.edge
        )
        if not isinstance(frame, Asked):
            self._refuse(frame.id, frame.event, frame.refusal)
        elif frame.event == LOGIN:
            self._login(frame)
        elif self.caller is None:
            self._refuse(frame.id, frame.event, NOT_ALLOWED)
        elif frame.event in ACTIONS:
            await self._begin(frame)
        elif frame.event == SUBSCRIBE and self._only_trade:
            self._refuse(frame.id, frame.event, NOT_HERE)
        else:
            self.say(reply(frame.id, frame.event, RAPIDX, SUCCESS_TEXTS[RAPIDX], {}))

    def _login(self, frame: Asked) -> None:
        caller = self._socket.logins.check(frame.arguments, self._address, PRIVATE_FAMILY)
        if isinstance(caller, Refusal):
            self._refuse(frame.id, LOGIN, caller)
            return
        self.leave()
        self.caller = caller
        self.access_key = caller.key.access_key
        self._only_trade = _is_true(frame.arguments.get("onlyTrade"))
        push = self._socket.push
        push.know(self)
        if not self._only_trade and Permission.READ in caller.key.permissions:
            push.listen(caller.portfolio.portfolio_id, self)
        self.say(reply(frame.id, LOGIN, 0, "", None))

    async def _begin(self, frame: Asked) -> None:
        """Start an action; where too many are under way, wait for room."""
        endpoint = self._socket.actions[frame.event]
        caller = self._admitted(endpoint)
        if isinstance(caller, Refusal):
            self._refuse(frame.id, frame.event, caller)
            return
        task = asyncio.get_running_loop().create_task(self._act(frame, endpoint, caller))
        self._under_way.add(task)
        if len(self._under_way) >= self._socket.settings.actions_max:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def _admitted(self, endpoint: Endpoint) -> Caller | Refusal:
        """The caller as the key stands now, or why it may not act."""
        services = self._services
        entry = services.keys.find(self.access_key)
        if entry is None:
            return NOT_ALLOWED
        caller = services.gate.admit(entry, endpoint.permission, endpoint.level)
        if isinstance(caller, Caller) and services.maintenance:
            return UNAVAILABLE
        return caller

    async def _act(self, frame: Asked, endpoint: Endpoint, caller: Caller) -> None:
        try:
            result = await self._result(endpoint, caller, frame.arguments)
        finally:
            self._make_room()
        if isinstance(result, Refusal):
            self._refuse(frame.id, frame.event, result)
        else:
            self.say(reply(frame.id, frame.event, RAPIDX, SUCCESS_TEXTS[RAPIDX], result))

    async def _result(
        self, endpoint: Endpoint, caller: Caller, arguments: Mapping[str, Value]
    ) -> Any:
        try:
            return await endpoint.answer(self._services, caller, arguments)
        except Exception:
            log.exception("action_failed", path=endpoint.path, method=endpoint.method)
            return FAILED

    def _make_room(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._under_way.discard(task)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def leave(self) -> None:
        """Hear no more pushes: the connection is gone, or logs in anew."""
        if self.caller is not None:
            self._socket.push.forget(self.caller.portfolio.portfolio_id, self)


class PrivateSocket:
    """The ASGI application behind /v1/private."""

    def __init__(
        self,
        services: Services,
        endpoints: Mapping[tuple[str, str], Endpoint],
        push: PrivatePush,
        logins: Logins,
        clock_s: Callable[[], float],
        settings: PrivateSocketSettings | None = None,
    ) -> None:
        self.services = services
        self.actions = {action: endpoints[row] for action, row in ACTIONS.items()}
        self.push = push
        self.logins = logins
        self.settings = settings or PrivateSocketSettings()
        self._connects = Pace(self.settings.connections_per_minute, CONNECTIONS_WINDOW_S, clock_s)
        self._links = Links()

    @property
    def connection_count(self) -> int:
        return len(self._links)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        if len(self._links) >= self.settings.connections_max:
            await refuse_crowd(scope, send, TOO_MANY_CONNECTIONS.code)
            return
        address = caller_address(scope, self.services.proxies)
        link = Link(scope, receive, send, self.settings.link)
        session = PrivateSession(self, link, address)
        offered = scope.get("subprotocols") or ()
        chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": chosen})
        if not self._connects.take(address):
            told = self.services.texts.of(TOO_MANY_CONNECTIONS)
            session.say(reply(None, "error", TOO_MANY_CONNECTIONS.code, told, None))
            session.expel("too many connections")
        try:
            await self._links.run(link, session.on_frame)
        finally:
            session.leave()

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self._links.close_all(reason)


def _is_true(value: Value) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")
