"""The broker's port: connections that clients open come to the protocols that serve them.

It stands for the server of a real port, which accepts, looks each second for what has been open
for too long, and at the end asks everybody to go. The protocols are those of a served broker.
"""

import asyncio
import random
from contextlib import suppress
from typing import Any

from uvicorn.server import ServerState

from openprime.api.asgi import Application
from openprime.server.serving import SHUTDOWN_SECONDS, uvicorn_config
from openprime.simulation.transport import FarEnd, Transport

TICK_SECONDS = 1.0
CUT_SHARES = (0.05, 0.3, 0.7)
# What a line holds of what its client has not taken, in small and in full size.
LINE_BYTES = (512, 4096, 65536)


class Port:
    """Accepts connections to an application, until it is closed. `dropped_at_s` is when a fault of
    the operator ended one.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, application: Application, draw: random.Random
    ) -> None:
        self.draw = draw
        self.loop = loop
        self._config = uvicorn_config(application, application.services.settings.edge)
        self._config.load()
        self._state = ServerState()
        self._cut_share = draw.choice(CUT_SHARES)
        self._connections: dict[Transport, None] = {}
        self._all_gone = asyncio.Event()
        self.dropped_at_s = -1.0
        self._tick()

    def connect(self, far: FarEnd) -> Transport:
        """A new connection of a client."""
        http: Any = self._config.http_protocol_class
        protocol = http(self._config, self._state, {}, self.loop)
        line_bytes = self.draw.choice(LINE_BYTES)
        drawn = (self.draw, self._cut_share, line_bytes)
        transport = Transport(self.loop, protocol, far, self._lost, *drawn)
        self._connections[transport] = None
        return transport

    def _lost(self, transport: Transport) -> None:
        del self._connections[transport]
        if not self._connections:
            self._all_gone.set()

    def _tick(self) -> None:
        now_s = self.loop.time()
        for transport in list(self._connections):
            transport.protocol.expire(now_s)
            transport.look()
        self.loop.call_later(TICK_SECONDS, self._tick)

    async def close(self) -> None:
        """Ask everybody to go, and wait for that, though not for ever."""
        for transport in list(self._connections):
            transport.protocol.shutdown()
        if self._connections:
            self._all_gone.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await self._all_gone.wait()
