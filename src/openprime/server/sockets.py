"""Every socket of the broker: made, fed, and closed together."""

import asyncio
from collections.abc import Callable

from openprime.api.asgi import Application, SocketHandler
from openprime.api.legacy.channels import LEGACY_CHANNELS
from openprime.api.legacy.socket import FIRST, SECOND, Edition, LegacySettings, LegacySocket
from openprime.api.market import socket as market
from openprime.api.market.channels import CHANNELS
from openprime.api.market.hub import MarketHub
from openprime.api.market.limits import MarketLimits
from openprime.api.news import socket as news
from openprime.api.private import dialect
from openprime.api.private import socket as private
from openprime.api.private.algo_push import AlgoPush
from openprime.api.private.push import PrivatePush
from openprime.api.services import Services
from openprime.api.sockets.faulted import SocketFaults
from openprime.api.sockets.limits import Pace
from openprime.api.sockets.login import Logins
from openprime.server.broker import Broker

CONNECTIONS_PER_MINUTE = 60

Socket = private.PrivateSocket | market.MarketSocket | LegacySocket | news.NewsSocket


class Sockets:
    """The sockets by path. `limited`: budgets of connections, logins and subscriptions count;
    `clock_s` is what they are counted in.
    """

    def __init__(
        self, broker: Broker, services: Services, limited: bool, clock_s: Callable[[], float]
    ) -> None:
        self._broker = broker
        self._services = services
        self._limited = limited
        self._clock_s = clock_s
        self._by_path: dict[str, Socket] = {}

    def open(self, application: Application) -> None:
        """Make the sockets, and let the application and the market know them."""
        hub = MarketHub(self._broker.market, self._broker.clock_ms, {**CHANNELS, **LEGACY_CHANNELS})
        self._broker.pump.timers.append(hub.on_timer)
        self._by_path = {
            dialect.ORDERS.path: self._private(application, dialect.ORDERS, PrivatePush),
            dialect.ALGOS.path: self._private(application, dialect.ALGOS, AlgoPush),
            market.PATH: self._market(hub),
            FIRST.path: self._legacy(FIRST, hub),
            SECOND.path: self._legacy(SECOND, hub),
            news.PATH: self._news(),
        }
        self._broker.pump.timers.append(self._meet_faults)
        handlers: dict[str, SocketHandler] = dict(self._by_path)
        application.sockets.update(handlers)

    async def close_all(self, reason: str) -> None:
        """The server stops: 1001 for everybody."""
        await asyncio.gather(*(socket.close_all(reason) for socket in self._by_path.values()))

    def _meet_faults(self, now_ms: int) -> None:
        board = self._services.faults
        if board.armed:
            for path, socket in self._by_path.items():
                SocketFaults(board, path).meet(socket.links)

    def _private(
        self, application: Application, spoken: dialect.Dialect, push_of: type[PrivatePush]
    ) -> private.PrivateSocket:
        push = push_of(lambda: self._broker.desk)
        self._broker.sequencer.observers.append(push.observe)
        settings = private.PrivateSocketSettings(
            generic_errors=self._services.settings.generic_socket_errors,
            connections_per_minute=CONNECTIONS_PER_MINUTE if self._limited else None,
        )
        return private.PrivateSocket(
            self._services,
            application.endpoints,
            push,
            self._logins(),
            self._clock_s,
            settings,
            spoken,
        )

    def _market(self, hub: MarketHub) -> market.MarketSocket:
        chosen = self._services.settings
        settings = market.MarketSocketSettings(
            edge=chosen.edge,
            limits=MarketLimits(enforced=self._limited),
            generic_errors=chosen.generic_socket_errors,
            newest_messages=chosen.newest_messages,
        )
        faults = SocketFaults(self._services.faults, market.PATH)
        return market.MarketSocket(
            hub, self._logins(), self._services.proxies, self._clock_s, settings, faults
        )

    def _legacy(self, edition: Edition, hub: MarketHub) -> LegacySocket:
        settings = LegacySettings(
            enforced=self._limited, connections_per_minute=CONNECTIONS_PER_MINUTE
        )
        return LegacySocket(edition, self._services, hub, self._logins(), self._clock_s, settings)

    def _news(self) -> news.NewsSocket:
        settings = news.NewsSettings(enforced=self._limited, edge=self._services.settings.edge)
        socket = news.NewsSocket(self._services.proxies, settings)
        self._broker.sequencer.observers.append(socket.observe)
        return socket

    def _logins(self) -> Logins:
        services = self._services
        pace = Pace(1 if self._limited else None, 1.0, self._clock_s)
        skew_s = services.settings.nonce_skew_s
        return Logins(services.keys, services.gate, services.wall_ms, pace, skew_s)
