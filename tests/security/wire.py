"""HTTP by hand: a server in this process over a real port, and connections that send raw bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from openprime.api.settings import EdgeSettings
from openprime.server.serving import Uvicorn, uvicorn_config
from tests.api.kit import Broker

Json = dict[str, Any]
WAIT_SECONDS = 10.0


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, without_body: bool = False) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_SECONDS)
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        headers = {name.lower(): value for name, _, value in pairs}
        length = 0 if without_body else int(headers.get("content-length", "0"))
        body = await asyncio.wait_for(self.reader.readexactly(length), WAIT_SECONDS)
        return int(first.split(" ")[1]), headers, body

    async def said(self) -> tuple[int, Json]:
        """The next answer as status and JSON."""
        status, headers, body = await self.answer()
        assert headers["content-type"] == "application/json", body
        return status, json.loads(body)

    async def ended(self) -> bool:
        """Whether the server has closed the connection without another byte."""
        try:
            return await asyncio.wait_for(self.reader.read(1), WAIT_SECONDS) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.close()


class Served:
    """The application of a broker behind a port; `expire` lets time pass for its connections."""

    def __init__(self, server: Uvicorn) -> None:
        self.server = server
        self.host, self.port = server.servers[0].sockets[0].getsockname()[:2]
        self._lines: list[Line] = []

    @property
    def connections(self) -> set[Any]:
        return self.server.server_state.connections

    async def line(self) -> Line:
        """A new connection, which the server knows of."""
        before = len(self.connections)
        line = Line(*await asyncio.open_connection(self.host, self.port))
        self._lines.append(line)
        for _ in range(1000):
            if len(self.connections) > before:
                break
            await asyncio.sleep(0)
        return line

    async def ask(self, data: bytes) -> tuple[int, Json]:
        """One answer to these bytes, on a connection of their own."""
        line = await self.line()
        line.send(data)
        return await line.said()

    async def wait_until(self, condition: Any) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.001)

    def expire(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self.connections):
            connection.expire(now + seconds)

    def close(self) -> None:
        for line in self._lines:
            line.close()


@contextlib.asynccontextmanager
async def serving(broker: Broker, edge: EdgeSettings | None = None) -> AsyncIterator[Served]:
    """Serve a broker's application on a free port."""
    config = uvicorn_config(broker.app, edge or EdgeSettings())
    config.port = 0
    server = Uvicorn(config)
    running = asyncio.ensure_future(server.serve())
    await asyncio.wait_for(server.listening.wait(), WAIT_SECONDS)
    served = Served(server)
    try:
        yield served
    finally:
        served.close()
        server.should_exit = True
        await running
