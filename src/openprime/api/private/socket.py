"""The private sockets, for orders and for algo orders (websocket 1, 2; resolutions 86, 98, 99,
175 to 184).

An action is a row of the endpoint table under another name: the same parameters, checks and
handler as over HTTP. Actions are begun in the order of their arrival, and so reach the desk in
that order, but that under overload cancels go past other orders (resolutions 200); each answers
when its outcome is durable, so answers to different frames may change places. A bounded number is
under way at once; beyond it the socket is not read.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec
import structlog

from openprime.api.edge.auth import AUTH_CODES, Caller
from openprime.api.edge.decoding import Value
from openprime.api.edge.keys import address_allowed
from openprime.api.endpoints import Endpoint
from openprime.api.envelope import RAPIDX, SUCCESS_TEXTS
from openprime.api.faults import Station, Told
from openprime.api.maintenance import is_closed
from openprime.api.private import eager
from openprime.api.private.dialect import LOGIN, ORDERS, SUBSCRIBE, UNSUBSCRIBE, Dialect
from openprime.api.private.frames import (
    OTHER_DIALECT,
    Asked,
    Id,
    Refused,
    read_frame,
    reply,
)
from openprime.api.private.push import PrivatePush
from openprime.api.services import UNAVAILABLE, Services
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
from openprime.api.sockets.login import PRIVATE_FAMILY, Logins
from openprime.api.sockets.outgoing import PONG, Outgoing
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission
from openprime.store.errors import StoreError

SUBPROTOCOL = "v1.api.liquiditytech.com"

GENERIC_CODE = "60009"
NOT_ALLOWED = Refusal(2002)
WRONG_ADDRESS = Refusal(2001)
NOT_HERE = Refusal(601011)
FAILED = Refusal(500)
EXCEEDED = Refusal(100429)
TOO_MANY_CONNECTIONS = Refusal(601010)
CONNECTIONS_WINDOW_S = 60.0

log = structlog.get_logger(__name__)


class PrivateSocketSettings(msgspec.Struct, frozen=True):
    """`connections_per_minute` None sets no limit; `generic_errors` gives the older error frames.

    `connections_max` bounds all connections together, `actions_max` those of one socket that are
    under way at once, `stranger_bytes_max` the answers that wait for one that has not logged in.
    """

    generic_errors: bool = False
    connections_per_minute: int | None = None
    connections_max: int = 5000
    actions_max: int = 64
    stranger_bytes_max: int = 256 * 1024
    frame_bytes_max: int = 4096
    link: LinkSettings = LinkSettings(idle_seconds=35.0, frames_waiting_max=10_000)


class PrivateSession:
    """One connection."""

    def __init__(self, socket: "PrivateSocket", link: Link, address: str) -> None:
        self.caller: Caller | None = None
        self.access_key = ""
        self.address = address
        self._socket = socket
        self._services = socket.services
        self._link = link
        self._only_trade = False
        self._under_way = 0
        self._room: asyncio.Future[None] | None = None

    # -- outwards

    def push(self, frames: list[Outgoing]) -> None:
        """Send frames; a client that does not read them is dropped."""
        for frame in frames:
            if not self._link.put(frame):
                self._link.close(CLOSE_TRY_AGAIN, "reader too slow")
                return

    def expel(self, reason: str) -> None:
        self._link.close(CLOSE_POLICY, reason)

    def say(self, frame: Outgoing) -> None:
        """Answer the client; one that nobody knows may let little wait."""
        waiting, most = self._link.waiting_bytes, self._socket.settings.stranger_bytes_max
        if self.caller is None and waiting + len(frame.wire) > most:
            self._link.close(CLOSE_TRY_AGAIN, "reader too slow")
        else:
            self.push([frame])

    def _refuse(self, frame_id: Id, event: str, refusal: Refusal) -> None:
        generic = self._socket.dialect.generic_texts.get(event)
        if self._socket.settings.generic_errors and generic is not None:
            self.say(reply(frame_id, "error", GENERIC_CODE, generic, None))
            return
        told = self._services.texts.of(refusal)
        if refusal.code == OTHER_DIALECT:
            told += self._socket.forms.get(event, "")
        self.say(reply(frame_id, event, refusal.code, told, None))

    # -- inwards

    def on_frame(self, data: str | bytes) -> asyncio.Future[None] | None:
        """Answer one frame, or begin the action that it asks for. Where too many are under way,
        the result is what to wait for before the next frame.
        """
        if data in ("ping", b"ping"):
            self.say(PONG)
            return None
        socket = self._socket
        frame = read_frame(
            data, socket.settings.frame_bytes_max, self._services.settings.edge, socket.forms
        )
        if self._socket.faults.armed:
            frame = self._under_faults(frame)
        if not isinstance(frame, Asked):
            self._refuse(frame.id, frame.event, frame.refusal)
        elif frame.event == LOGIN:
            self._login(frame)
        elif self.caller is None:
            self._refuse(frame.id, frame.event, NOT_ALLOWED)
        elif frame.event in self._socket.actions:
            return self._begin(frame)
        elif frame.event == SUBSCRIBE and self._only_trade:
            self._refuse(frame.id, frame.event, NOT_HERE)
        else:
            self.say(reply(frame.id, frame.event, RAPIDX, SUCCESS_TEXTS[RAPIDX], {}))
        return None

    def _under_faults(self, frame: Asked | Refused) -> Asked | Refused:
        """The frame, or the code that a fault of the operator forces on it (errors 7)."""
        subscribes = frame.event in (SUBSCRIBE, UNSUBSCRIBE)
        found = None if isinstance(frame, Asked) else frame.refusal
        forced = self._socket.faults.on_frame(self.caller, subscribes, found)
        return frame if forced is None else Refused(frame.id, frame.event, forced)

    def _login(self, frame: Asked) -> None:
        caller = self._socket.logins.check(frame.arguments, self.address, PRIVATE_FAMILY)
        caller = self._socket.faults.on_login(frame.arguments, caller)
        if isinstance(caller, Refusal):
            self._refuse(frame.id, LOGIN, caller)
            return
        self.leave()
        self.caller = self._link.caller = caller
        self.access_key = caller.key.access_key
        self._only_trade = _is_true(frame.arguments.get("onlyTrade"))
        push = self._socket.push
        push.know(self)
        if not self._only_trade and Permission.READ in caller.key.permissions:
            push.listen(caller.portfolio.portfolio_id, self)
        self.say(reply(frame.id, LOGIN, 0, "", None))

    def _begin(self, frame: Asked) -> asyncio.Future[None] | None:
        """Start an action, or refuse it."""
        endpoint = self._socket.actions[frame.event]
        caller = self._admitted(endpoint)
        if caller is EXCEEDED:
            # It follows from the clock alone; and whoever asks too much may have a cancel to come.
            self._refuse(frame.id, frame.event, EXCEEDED)
            return None
        if isinstance(caller, Refusal):
            return self._start(self._refuse_for_good(frame, caller))
        return self._start(self._act(frame, endpoint, caller))

    def _start(self, answering: Coroutine[Any, Any, None]) -> asyncio.Future[None] | None:
        """Begin an answer that may have to wait for the disk; the result is done when there is room
        for another one.
        """
        self._under_way += 1
        eager.start(answering)
        if self._under_way < self._socket.settings.actions_max:
            return None
        self._room = asyncio.get_running_loop().create_future()
        return self._room

    def _admitted(self, endpoint: Endpoint) -> Caller | Refusal:
        """The caller as the key stands now, or why it may not act: an action spends the budget of
        its row, as a call over REST does (resolutions 86, 197).
        """
        services = self._services
        entry = services.keys.find(self.access_key)
        if entry is None:
            return NOT_ALLOWED
        if entry.networks and not address_allowed(entry.networks, self.address):
            return WRONG_ADDRESS
        caller = services.gate.admit(entry, endpoint.permission, endpoint.level)
        if services.faults.armed:
            told = Told(self.access_key, entry.portfolio_id, endpoint.method, endpoint.path)
            stations = (Station.EDGE, Station.AUTH)
            caller = services.faults.take(stations, told, caller, AUTH_CODES) or caller
            caller = services.faults.take((Station.BUDGET,), told, caller) or caller
        if isinstance(caller, Refusal):
            return caller
        if services.limiter is not None:
            spent = services.limiter.spend(endpoint, self.access_key)
            if spent is not None and spent.refused:
                return EXCEEDED
        state = services.desk.state
        closed = state.windows and is_closed(state, endpoint.service, services.clock_ms())
        return UNAVAILABLE if closed else caller

    async def _refuse_for_good(self, frame: Asked, refusal: Refusal) -> None:
        """Refuse what the state speaks against, once no crash could take that back any more."""
        told = await self._services.told(refusal)
        self._make_room()
        self._refuse(frame.id, frame.event, told)

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
        except StoreError as error:
            log.error("history_failed", path=endpoint.path, reason=str(error))
            return UNAVAILABLE
        except Exception:
            log.exception("action_failed", path=endpoint.path, method=endpoint.method)
            return FAILED

    def _make_room(self) -> None:
        self._under_way -= 1
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def leave(self) -> None:
        """Hear no more pushes: the connection is gone, or logs in anew."""
        if self.caller is not None:
            self._socket.push.forget(self.caller.portfolio.portfolio_id, self)


class PrivateSocket:
    """The ASGI application behind /v1/private, and behind /v1/private-algo in its dialect."""

    def __init__(
        self,
        services: Services,
        endpoints: Mapping[tuple[str, str], Endpoint],
        push: PrivatePush,
        logins: Logins,
        clock_s: Callable[[], float],
        settings: PrivateSocketSettings | None = None,
        dialect: Dialect = ORDERS,
    ) -> None:
        self.services = services
        self.dialect = dialect
        self.forms = dialect.forms
        self.actions = {action: endpoints[row] for action, row in dialect.actions.items()}
        self.push = push
        self.logins = logins
        self.settings = settings or PrivateSocketSettings()
        self._connects = Pace(self.settings.connections_per_minute, CONNECTIONS_WINDOW_S, clock_s)
        self.links = Links()
        self.faults = SocketFaults(services.faults, dialect.path)

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
        session = PrivateSession(self, link, address)
        offered = scope.get("subprotocols") or ()
        chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": chosen})
        refusal = None if self._connects.take(address) else TOO_MANY_CONNECTIONS
        refusal = refusal or self.faults.on_connect()
        if refusal is not None:
            told = self.services.texts.of(refusal)
            session.say(reply(None, "error", refusal.code, told, None))
            session.expel("too many connections")
        try:
            await self.links.run(link, session.on_frame)
        finally:
            session.leave()

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self.links.close_all(reason)


def _is_true(value: Value) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")
