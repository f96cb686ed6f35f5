"""A served broker, its operator and its clients, as the cases need them.

Marks and indexes are pinned, so that a case's arithmetic holds however the made market moves; its
books go on. Every case has a user of its own, so that none can disturb another; what only refuses
shares the user `main`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.conformance.answers import Answer, Json, of_frame
from tests.conformance.operator import Operator
from tests.conformance.trader import (
    WAIT_SECONDS,
    PrivateSocket,
    Trader,
    login_of,
)
from tests.served import Client, ServedBroker

DAY_MS = 86_400_000
KEYS = "/api/v1/apiKey/portfolio"
PORTFOLIOS = "/api/v1/trading/portfolio"
PUBLIC_1 = "/v1/public"
PUBLIC_2 = "/v2/public"

ETH = "BINANCE_PERP_ETH_USDT"
SOL = "BINANCE_PERP_SOL_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
OKX_BTC = "OKX_PERP_BTC_USDT"

BASE_FUNDS = {"BINANCE": {"USDT": "100000"}}
ALWAYS_ONE = ("USDT", "USDC")
PRICES = {"BTC": "60000", "ETH": "2600", "SOL": "160", "TRX": "0.13", "ADA": "0.35"}


class World:
    """`limited` gives the broker whose limits are those of production, made when first asked;
    without it this is that broker, or one whose cases never ask.
    """

    def __init__(
        self,
        served: ServedBroker,
        limited: Callable[[], World] | None = None,
        traders: type[Trader] = Trader,
    ) -> None:
        self.operator = Operator(served)
        self._served = served
        self._limited = limited
        self._trader_type = traders
        self._traders: list[Trader] = []
        for row in self.operator.ask("GET", "marks"):
            price = PRICES.get(row["sym"].split("_")[2], row["price"])
            self.operator.do("marks/pin", sym=row["sym"], price=price)
        for row in self.operator.ask("GET", "indexes"):
            if row["coin"] not in ALWAYS_ONE:
                price = PRICES.get(row["coin"], row["price"])
                self.operator.do("indexes/pin", coin=row["coin"], price=price)

    def close(self) -> None:
        for trader in self._traders:
            trader.close()
        self.operator.close()
        assert self._served.stop() == 0, self._served.log()

    @property
    def limited(self) -> World:
        assert self._limited is not None
        return self._limited()

    @cached_property
    def main(self) -> Trader:
        """A user whom no case changes."""
        return self.trader()

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    # -- clients

    def trader(
        self,
        funds: dict[str, dict[str, str]] = BASE_FUNDS,
        permission: str = "READ,TRADE,TRANSFER,WITHDRAW",
        ip: str = "",
        kind: str = "NORMAL",
    ) -> Trader:
        """A new user with a funded MainPortfolio and a key of it."""
        user = self.operator.do("users", kind=kind)
        return self.another_key(
            int(user["userId"]), int(user["mainPortfolioId"]), funds, permission, ip
        )

    def another_key(
        self,
        user_id: int,
        portfolio_id: int,
        funds: dict[str, dict[str, str]],
        permission: str = "READ,TRADE,TRANSFER,WITHDRAW",
        ip: str = "",
    ) -> Trader:
        """A key of a portfolio, which money is brought to first."""
        for exchange, coins in funds.items():
            for coin, amount in coins.items():
                self.operator.do(
                    "portfolios/fund",
                    portfolioId=portfolio_id, exchange=exchange, coin=coin, amount=amount,
                )  # fmt: skip
        key = self.operator.do("keys", portfolioId=portfolio_id, permission=permission, ip=ip)
        client = Client(self._served.rest_url, key["accessKey"], key["secretKey"])
        reads = self._limited is not None
        made = self._trader_type(self.operator, client, portfolio_id, user_id, self.socket, reads)
        self._traders.append(made)
        return made

    # -- sockets

    def socket(self, path: str) -> ClientConnection:
        address = self._served.rest_url.replace("http://", "ws://") + path
        return connect(address, open_timeout=WAIT_SECONDS, proxy=None)

    def say(self, path: str, *frames: Any) -> Answer:
        """Send frames over a new connection, each when the last was answered; the last answer."""
        with self.socket(path) as connection:
            socket = PrivateSocket(path, connection)
            for frame in frames[:-1]:
                socket.ask(frame)
            with self.main.unchanged():
                return socket.ask(frames[-1])

    def crowd(self, path: str, connections: int) -> Answer:
        """Open so many connections; what the last of them is told."""
        opened = [self.socket(path) for _ in range(connections)]
        try:
            return of_frame(path, opened[-1].recv(WAIT_SECONDS))
        finally:
            for each in opened:
                each.close()

    def login_args(self, **changes: str) -> Json:
        return login_of(self.main.client) | changes
