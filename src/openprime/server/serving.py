"""The served broker: one port for REST, sockets, documents and health; start, stop, signals."""

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import structlog
import uvicorn
import uvloop

from openprime import __version__
from openprime.api.asgi import Application
from openprime.api.market.hub import MarketHub
from openprime.api.market.limits import MarketLimits
from openprime.api.market.socket import MarketSocket, MarketSocketSettings
from openprime.api.private.push import PrivatePush
from openprime.api.private.socket import PrivateSocket, PrivateSocketSettings
from openprime.api.services import Services
from openprime.api.settings import ApiSettings
from openprime.api.sockets.limits import Pace
from openprime.api.sockets.login import Logins
from openprime.api.sockets.server import SERVER_SETTINGS, SocketProtocol
from openprime.api.venue_shapes.routes import venue_rows
from openprime.market.recording import RecordingError
from openprime.server.broker import Broker
from openprime.server.config import ConfigError, Limits, ServerConfig
from openprime.server.founding import Credentials, FoundingError
from openprime.server.logs import quiet_logs
from openprime.server.ready import addresses, write_ready_file
from openprime.store.errors import StoreError
from openprime.store.history import History

PRIVATE_PATH = "/v1/private"
MARKET_PATH = "/marketdata/v2/public"
STOP_REASON = "the server stops"
SHUTDOWN_SECONDS = 5
CONNECTIONS_PER_MINUTE = 60
LISTEN_BACKLOG = 2048
# Larger than Python's own, for a full collection halts every order. No figure shows a gain yet.
GC_THRESHOLDS = (10_000, 20, 50)
DOCUMENTS_FOLDER = Path(__file__).parents[3] / "docs"

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The broker cannot start: one line for the operator."""


class _Uvicorn(uvicorn.Server):
    """uvicorn without signal handlers of its own: the broker decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """A broker behind a port."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.broker = Broker(config)
        self.port = 0
        self.private: PrivateSocket
        self.market: MarketSocket
        self._uvicorn: _Uvicorn | None = None
        self._served: asyncio.Task[None] | None = None
        self.stopping = asyncio.Event()
        self.failure = ""

    async def start(self) -> Credentials:
        """Bind the port, open the broker and serve. Raises StartError with one line."""
        listener = _bind(self.config.host, self.config.port)
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
        application = self._application()
        self.broker.run(self._fail)
        self._uvicorn = _Uvicorn(_uvicorn_config(application))
        self._served = asyncio.get_running_loop().create_task(
            self._uvicorn.serve(sockets=[listener])
        )
        await self._uvicorn.listening.wait()
        return self.broker.credentials

    def _fail(self, reason: str) -> None:
        """What keeps a broker running has ended: better to stop than to serve half of one."""
        log.critical("broker_failed", reason=reason)
        self.failure = reason
        self.stopping.set()

    async def stop(self) -> None:
        """Close the sockets with a reason, take no more orders, keep what was acknowledged."""
        await asyncio.gather(
            self.private.close_all(STOP_REASON), self.market.close_all(STOP_REASON)
        )
        if self._uvicorn is not None and self._served is not None:
            self._uvicorn.should_exit = True
            await self._served
        await self.broker.close()

    def _application(self) -> Application:
        broker, limits = self.broker, self.config.limits
        services = Services(
            sequencer=broker.sequencer,
            store=broker.store,
            history=History(broker.store),
            market=broker.market,
            reference=broker.reference,
            clock_ms=broker.clock_ms,
            unseal=broker.store.vault.unseal,
            settings=_api_settings(self.config),
        )
        application = Application(services, venue_rows())
        limited = limits is not Limits.OFF
        push = PrivatePush(lambda: broker.desk)
        broker.sequencer.observers += [services.observe, push.observe]
        hub = MarketHub(broker.market, broker.reference, broker.clock_ms)
        broker.pump.timers.append(hub.on_timer)
        self.private = PrivateSocket(
            services,
            application.endpoints,
            push,
            self._logins(services, limited),
            time.monotonic,
            PrivateSocketSettings(
                generic_errors=services.settings.generic_socket_errors,
                connections_per_minute=CONNECTIONS_PER_MINUTE if limited else None,
            ),
        )
        self.market = MarketSocket(
            hub,
            self._logins(services, limited),
            services.proxies,
            time.monotonic,
            MarketSocketSettings(limits=MarketLimits(enforced=limited)),
        )
        application.sockets[PRIVATE_PATH] = self.private
        application.sockets[MARKET_PATH] = self.market
        return application

    def _logins(self, services: Services, limited: bool) -> Logins:
        pace = Pace(1 if limited else None, 1.0, time.monotonic)
        skew_s = services.settings.nonce_skew_s
        return Logins(services.keys, services.gate, services.wall_ms, pace, skew_s)


def _api_settings(config: ServerConfig) -> ApiSettings:
    """The settings of the API's face, completed by what the command line said."""
    return msgspec.structs.replace(
        config.file.api,
        durability=str(config.durability),
        newest_messages=config.file.desk.newest_messages or config.file.api.newest_messages,
        documents_folder=config.file.api.documents_folder or str(DOCUMENTS_FOLDER),
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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


def _uvicorn_config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http="httptools",
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
