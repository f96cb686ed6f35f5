"""The served broker: one port for REST, sockets, documents and health; start, stop, signals."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import structlog
import uvicorn
import uvloop

from openprime import __version__
from openprime.api.asgi import Application
from openprime.api.edge.connections import http_protocol
from openprime.api.settings import EdgeSettings
from openprime.api.sockets.server import SERVER_SETTINGS, SocketProtocol
from openprime.market.recording import RecordingError
from openprime.server.assembly import assemble
from openprime.server.broker import Broker
from openprime.server.config import ConfigError, ServerConfig
from openprime.server.founding import Credentials, FoundingError
from openprime.server.logs import quiet_logs
from openprime.server.ready import addresses, write_ready_file
from openprime.server.sockets import Sockets
from openprime.store.errors import StoreError

STOP_REASON = "the server stops"
SHUTDOWN_SECONDS = 5
LISTEN_BACKLOG = 2048
# Larger than Python's own, for a full collection halts every order. No figure shows a gain yet.
GC_THRESHOLDS = (10_000, 20, 50)
# How long the journal's thread asks a busy loop in vain to go on with a commit. It asks at every
# statement, and Python's own 5 ms are longer than a commit takes. No quiet figure shows a gain yet.
SWITCH_SECONDS = 0.0005
# A peer that has vanished is asked after a minute and gone after two; connections inherit it.
KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)
# Files that stay free for the store beside all connections.
DESCRIPTORS_RESERVED = 100

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The broker cannot start: one line for the operator."""


class Uvicorn(uvicorn.Server):
    """uvicorn without signal handlers of its own: the broker decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def on_tick(self, counter: int) -> bool:
        """Each second, end what has been open for too long; a tick is a tenth of one."""
        if counter % 10 == 0:
            now_s = asyncio.get_running_loop().time()
            connections: set[Any] = set(self.server_state.connections)
            for connection in connections:
                connection.expire(now_s)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """A broker behind a port."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.broker = Broker(config)
        self.port = 0
        self.sockets: Sockets
        self._uvicorn: Uvicorn | None = None
        self._served: asyncio.Task[None] | None = None
        self.stopping = asyncio.Event()
        self.failure = ""

    async def start(self) -> Credentials:
        """Bind the port, open the broker and serve. Raises StartError with one line."""
        listener = self._listener = bind(self.config.host, self.config.port)
        self.port = listener.getsockname()[1]
        try:
            await self.broker.open()
        except (StoreError, RecordingError, ConfigError, FoundingError) as error:
            listener.close()
            raise StartError(str(error)) from error
        if self.broker.sequencer.broken is not None:
            reason = self.broker.sequencer.broken
            await self.broker.close()
            listener.close()
            raise StartError(f"expected a data folder that takes a commit; {reason}")
        application, self.sockets = assemble(self.broker)
        self.broker.run(self._fail)
        edge = _edge_settings(self.config.file.api.edge)
        self._uvicorn = Uvicorn(uvicorn_config(application, edge))
        self._served = asyncio.get_running_loop().create_task(
            self._uvicorn.serve(sockets=[listener])
        )
        self._served.add_done_callback(self._on_served)
        await self._uvicorn.listening.wait()
        if self.failure:
            await self.stop()
            raise StartError(self.failure)
        return self.broker.credentials

    def _on_served(self, served: asyncio.Task[None]) -> None:
        """The server has ended: it must not, but where it is stopped."""
        if served.cancelled() or (error := served.exception()) is None:
            return
        self._fail(f"the server failed: {error!r}")
        if self._uvicorn is not None:
            self._uvicorn.listening.set()

    def _fail(self, reason: str) -> None:
        """What keeps a broker running has ended: better to stop than to serve half of one."""
        log.critical("broker_failed", reason=reason)
        self.failure = reason
        self.stopping.set()

    async def stop(self) -> None:
        """Close the sockets with a reason, take no more orders, keep what was acknowledged."""
        await self.sockets.close_all(STOP_REASON)
        if self._uvicorn is not None and self._served is not None:
            self._uvicorn.should_exit = True
            # How it ended where it failed is told already.
            await asyncio.wait((self._served,))
            self._listener.close()
        await self.broker.close()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises StartError where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for level, option, value in KEEP_ALIVE:
        listener.setsockopt(level, option, value)
    try:
        listener.bind((host, port))
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(
            f"expected to listen on {host}:{port}, found: {error.strerror or error}; "
            "choose another with --port (0 picks a free one) or --host"
        ) from error
    listener.setblocking(False)
    return listener


def _edge_settings(edge: EdgeSettings) -> EdgeSettings:
    """The edge's bounds, with no more connections than the system lets this process have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = max(hard - DESCRIPTORS_RESERVED, 1)
    if hard == resource.RLIM_INFINITY or edge.connections_max <= most:
        return edge
    return msgspec.structs.replace(edge, connections_max=most)


def uvicorn_config(application: Application, edge: EdgeSettings) -> uvicorn.Config:
    """How an application is served, within these bounds."""
    return uvicorn.Config(
        application,
        http=http_protocol(edge, application.services.texts),
        timeout_keep_alive=edge.keep_alive_seconds,
        ws=SocketProtocol,
        **SERVER_SETTINGS,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # Whose word on a caller's address counts is the API's to say (trusted_proxies).
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        backlog=LISTEN_BACKLOG,
    )


def run(config: ServerConfig) -> None:
    """Start, print what a newcomer needs, and serve until SIGINT or SIGTERM."""
    quiet_logs()
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config))


async def _serve(config: ServerConfig) -> None:
    serving = Serving(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.stopping.set)
    credentials = await serving.start()
    _spare_the_collector()
    try:
        click.echo(banner(config, serving.port, credentials))
        if config.ready_file is not None:
            _write_ready_file(config.ready_file, config.host, serving.port, credentials)
        await serving.stopping.wait()
    finally:
        await serving.stop()
    if serving.failure:
        raise StartError(f"{serving.failure}; everything acknowledged is kept, start again")
    kept = "everything acknowledged is kept" if config.data else "nothing is kept"
    click.echo(f"stopped: {kept}")


def _spare_the_collector() -> None:
    """What stands after the start stays: the garbage collector need not walk it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _write_ready_file(path: Path, host: str, port: int, credentials: Credentials) -> None:
    try:
        write_ready_file(path, host, port, credentials)
    except OSError as error:
        raise StartError(
            f"--ready-file: expected to write {path}, found: {error.strerror}"
        ) from error


def banner(config: ServerConfig, port: int, credentials: Credentials) -> str:
    """What a start prints: addresses, keys, and lines to paste; the secret only once."""
    known = addresses(config.host, port)
    kept = f"data folder {config.data}" if config.data else "data in memory: nothing is kept"
    lines = [
        f"openprime {__version__} is ready on {known['rest_url']}",
        f"  private socket  {known['private_ws_url']}",
        f"  market socket   {known['market_ws_url']}",
        f"  {kept}",
        f"  portfolio       {credentials.portfolio_id}",
    ]
    if credentials.secret_key is not None:
        lines += [
            f"  admin token     {credentials.admin_token}",
            "",
            "The secret is shown this once. To trade, paste:",
            f"export LTP_API_HOST={known['rest_url']} LTP_ACCESS_KEY={credentials.access_key} "
            f"LTP_SECRET_KEY={credentials.secret_key}",
        ]
    elif credentials.access_key:
        lines += [
            "",
            f"export LTP_API_HOST={known['rest_url']} LTP_ACCESS_KEY={credentials.access_key}",
            "The secret was shown at the first start; openprime keys create makes another key.",
        ]
    else:
        lines += ["", "No key is left; openprime keys create makes one."]
    return "\n".join(lines)
