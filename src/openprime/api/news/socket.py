"""The news socket: /feeds/v2/public (websocket 6). No login; every listener gets the same bytes.

An item goes out once it is durable. None can be skipped, so a client that does not read is
dropped. Whatever cannot be understood is answered with the one error that there is.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from openprime.api.edge.keys import Proxies
from openprime.api.market.frames import Frame
from openprime.api.market.requests import read_frame
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.door import caller_address, refuse_crowd
from openprime.api.sockets.link import (
    CLOSE_TRY_AGAIN,
    Link,
    Links,
    LinkSettings,
    Receive,
    Scope,
    Send,
)
from openprime.api.sockets.outgoing import PONG
from openprime.api.wire.news import news_row
from openprime.desk.commands import Envelope, PublishNews
from openprime.desk.events import NewsPublished
from openprime.desk.news_items import NewsKind
from openprime.desk.outcome import Outcome

PATH = "/feeds/v2/public"
# Featured items are told by their route alone.
CHANNELS = {NewsKind.NEWS: "news.category.all", NewsKind.HOT: "news.hot.all"}
EVENTS = ("subscribe", "unsubscribe")
TOO_MANY_REQUESTS = 100429
SERVER_ERROR = {"event": "error", "code": "500", "msg": "Server Error"}


class NewsSettings(msgspec.Struct, frozen=True):
    """`connections_per_address` counts where `enforced`, `connections_max` always."""

    enforced: bool = False
    connections_per_address: int = 5
    connections_max: int = 5000
    frame_bytes_max: int = 4096
    edge: EdgeSettings = EdgeSettings()
    link: LinkSettings = LinkSettings(idle_seconds=90.0)


class NewsSession:
    """One client."""

    def __init__(self, socket: "NewsSocket", link: Link) -> None:
        self.channels: dict[str, None] = {}
        self._socket = socket
        self._link = link

    def say(self, frame: Frame) -> None:
        """Send a frame; a client that does not read is dropped."""
        if not self._link.put(frame.text):
            self._link.close(CLOSE_TRY_AGAIN, "reader too slow")

    def on_frame(self, data: str | bytes) -> None:
        """Answer one frame of the client."""
        if data in ("ping", b"ping"):
            self._link.put(PONG)
            return
        settings = self._socket.settings
        frame = read_frame(data, settings.frame_bytes_max, settings.edge)
        if frame is not None and "ping" in frame:
            self.say(Frame({"pong": frame["ping"]}))
            return
        entries = None if frame is None else frame.get("arg")
        if frame is None or frame.get("event") not in EVENTS or not isinstance(entries, list):
            self.say(Frame(SERVER_ERROR))
            return
        self._judge(frame["event"], entries)

    def _judge(self, event: str, entries: list[Any]) -> None:
        """Do what each entry asks; asking twice is as good as once."""
        known = [entry for entry in entries if _channel_of(entry)]
        for entry in known:
            if event == EVENTS[0]:
                self.channels[_channel_of(entry)] = None
            else:
                self.channels.pop(_channel_of(entry), None)
        unknown = [entry for entry in entries if not _channel_of(entry)]
        answer = {"event": event, "code": "0", "msg": "success"}
        self.say(Frame(answer | {"arg": known, "invalidArg": unknown}))


def _channel_of(entry: Any) -> str:
    """The channel that an entry names, "" where it names none."""
    name = entry.get("channel") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name in CHANNELS.values() else ""


class NewsSocket:
    """The ASGI application behind the path, and the sequencer's observer that feeds it."""

    def __init__(self, proxies: Proxies, settings: NewsSettings | None = None) -> None:
        self.settings = settings or NewsSettings()
        self._proxies = proxies
        self.links = Links()
        self._sessions: dict[NewsSession, None] = {}
        self._by_address: dict[str, int] = {}

    @property
    def connection_count(self) -> int:
        return len(self._sessions)

    def observe(self, envelope: Envelope, outcome: Outcome) -> Callable[[], None] | None:
        """What a command published; the result tells it, once the command is durable."""
        if type(envelope.command) is not PublishNews or not self._sessions:
            return None
        frames = [
            (channel, Frame({"channel": channel, "data": news_row(event.item)}))
            for event in outcome.events
            if type(event) is NewsPublished and (channel := CHANNELS.get(event.item.kind))
        ]
        return (lambda: self._tell(frames)) if frames else None

    def _tell(self, frames: list[tuple[str, Frame]]) -> None:
        for channel, frame in frames:
            for session in self._sessions:
                if channel in session.channels:
                    session.say(frame)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await receive()
        address = caller_address(scope, self._proxies)
        if self._crowded(address):
            await refuse_crowd(scope, send, TOO_MANY_REQUESTS)
            return
        link = Link(scope, receive, send, self.settings.link)
        session = NewsSession(self, link)
        self._by_address[address] = self._by_address.get(address, 0) + 1
        self._sessions[session] = None
        try:
            await send({"type": "websocket.accept"})
            await self.links.run(link, session.on_frame)
        finally:
            del self._sessions[session]
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _crowded(self, address: str) -> bool:
        settings = self.settings
        most = settings.connections_per_address
        full = settings.enforced and self._by_address.get(address, 0) >= most
        return full or len(self._sessions) >= settings.connections_max

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await self.links.close_all(reason)
