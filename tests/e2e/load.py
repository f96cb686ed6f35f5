"""A random load of several connections that can lose its broker at any moment.

What is asked and what is heard goes to the witness. The load ends when the broker is gone, or
when it was told to finish and every connection has heard its last answer.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.witness import Known, Witness
from tests.served import Client, ServedBroker

Row = dict[str, Any]

ORDER = "/api/v1/trading/order"
EXECUTIONS = "/api/v1/trading/executions"
# Symbol, tick, smallest quantity that is sure to be worth enough.
MARKETS = (
    ("BINANCE_PERP_BTC_USDT", Decimal("0.1"), Decimal("0.002")),
    ("BINANCE_PERP_ETH_USDT", Decimal("0.01"), Decimal("0.01")),
    ("BINANCE_SPOT_BTC_USDT", Decimal("0.01"), Decimal("0.0002")),
)
# May be answered to a change of an order that was there: it is over, or a change is under way.
CHANGE_REFUSALS = {401117, 401019}
# A replace may also ask for less than is filled by now, or for a price that a GTX may not have.
REPLACE_REFUSALS = CHANGE_REFUSALS | {401005, 401052}
# Post-only orders may come too late, and a symbol's working orders are limited.
PLACE_REFUSALS = {401052, 401044}
UNDER_WAY = 6
WORKING_MAX = 40
LOAD_SECONDS_MAX = 60


class Load:
    """`on_heard` is called with each answer and push, before anything else is done with it.

    `name` begins every client order id.
    """

    def __init__(
        self,
        broker: ServedBroker,
        client: Client,
        witness: Witness,
        random: Random,
        name: str,
        on_heard: Callable[[], None],
    ) -> None:
        self.broker = broker
        self.client = client
        self.witness = witness
        self.random = random
        self.name = name
        self.on_heard = on_heard
        self.finishing = False
        self.prices = prices(client)
        self._count = 0

    async def run(self) -> None:
        """Two sockets and two REST connections at once."""
        async with asyncio.timeout(LOAD_SECONDS_MAX), asyncio.TaskGroup() as group:
            for only_trade in ("false", "true"):
                group.create_task(self._trade_by_socket(only_trade))
            for _ in range(2):
                group.create_task(self._trade_by_rest())

    def _draw(self) -> tuple[str, Row]:
        """The next action, by the name that sockets know it by, and its parameters."""
        working = [known for known in self.witness.working() if known.prices]
        chance = self.random.random()
        if working and (len(working) > WORKING_MAX or chance < 0.2):
            return "cancel_order", {"orderId": self._pick(working).order_id}
        if working and chance < 0.4:
            known = self._pick(working)
            return "replace_order", {"orderId": known.order_id, **self._change(known)}
        return "place_order", self._new_order(market=chance > 0.85)

    def _pick(self, working: list[Known]) -> Known:
        return self.random.choice(working)

    def _change(self, known: Known) -> Row:
        price = self.random.choice(sorted(known.prices))
        quantity = min(known.quantities)
        tick = Decimal("0.1") if price > 10_000 else Decimal("0.01")
        return {
            "replacePrice": str(price + self.random.randint(-50, 50) * tick),
            "replaceQty": str(quantity * self.random.randint(1, 3)),
        }

    def _new_order(self, market: bool) -> Row:
        sym, tick, least = self.random.choice(MARKETS)
        self._count += 1
        side = self.random.choice(("BUY", "SELL"))
        order = {
            "sym": sym,
            "side": side,
            "orderType": "MARKET" if market else "LIMIT",
            "orderQty": str(least * self.random.randint(1, 4)),
            "clientOrderId": f"{self.name}-{self._count}",
        }
        if market and "_SPOT_" in sym and side == "BUY":
            # A venue takes these by the amount to spend.
            order["quoteOrderQty"] = str(Decimal(order.pop("orderQty")) * self.prices[sym])
        if not market:
            # From a little through the market to half a percent away from it.
            away = Decimal(self.random.randint(-5, 50)) / 10_000
            wanted = self.prices[sym] * (1 - away if side == "BUY" else 1 + away)
            order["limitPrice"] = str(wanted // tick * tick)
            order["timeInForce"] = self.random.choice(("GTC", "GTC", "GTC", "GTX", "IOC"))
        return order

    # -- over the private socket

    async def _trade_by_socket(self, only_trade: str) -> None:
        url = self.broker.ready["private_ws_url"]
        with suppress(OSError, ConnectionClosed):
            async with connect(url, proxy=None) as socket:
                await self._log_in(socket, only_trade)
                asked: dict[str, tuple[str, Row]] = {}
                for _ in range(UNDER_WAY):
                    await self._ask(socket, asked)
                while asked:
                    frame = json.loads(await socket.recv())
                    self.on_heard()
                    if "channel" in frame:
                        self._take_push(frame)
                        continue
                    action, parameters = asked.pop(frame["id"])
                    self._take(action, parameters, frame["code"], frame["data"])
                    await self._ask(socket, asked)

    async def _log_in(self, socket: ClientConnection, only_trade: str) -> None:
        timestamp = str(int(time.time()))
        text = f"{timestamp}GET/users/self/verify"
        key = self.broker.secret_key.encode()
        arguments = {
            "apiKey": self.broker.access_key,
            "timestamp": timestamp,
            "sign": hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
            "onlyTrade": only_trade,
        }
        await socket.send(json.dumps({"action": "login", "args": arguments}))
        answer = json.loads(await socket.recv())
        assert answer == {"id": None, "event": "login", "code": 0, "msg": "", "data": None}

    async def _ask(self, socket: ClientConnection, asked: dict[str, tuple[str, Row]]) -> None:
        if self.finishing:
            return
        action, parameters = self._draw()
        self._count += 1
        frame_id = str(self._count)
        asked[frame_id] = (action, parameters)
        self._will_ask(action, parameters)
        await socket.send(json.dumps({"id": frame_id, "action": action, "args": parameters}))

    def _take_push(self, frame: Row) -> None:
        if frame["channel"] == "Orders":
            self.witness.see_order(frame["data"])
        elif frame["channel"] == "Trades":
            self.witness.see_fill(frame["data"])

    # -- over REST

    async def _trade_by_rest(self) -> None:
        methods = {"place_order": "POST", "replace_order": "PUT", "cancel_order": "DELETE"}
        with suppress(httpx.TransportError):
            async with httpx.AsyncClient(
                base_url=self.broker.rest_url, timeout=30, trust_env=False
            ) as http:
                while not self.finishing:
                    if self.random.random() < 0.3:
                        await self._read(http)
                        continue
                    action, parameters = self._draw()
                    self._will_ask(action, parameters)
                    answer = await self._call(http, methods[action], ORDER, parameters)
                    self._take(action, parameters, answer["code"], answer["data"])

    async def _read(self, http: httpx.AsyncClient) -> None:
        """See an order or the latest fills."""
        working = self.witness.working()
        if working and self.random.random() < 0.5:
            parameters = {"orderId": self._pick(working).order_id}
            answer = await self._call(http, "GET", ORDER, parameters)
            assert answer["code"] == 200000, answer
            self.witness.see_order(answer["data"])
        else:
            answer = await self._call(http, "GET", EXECUTIONS, {"limit": "20"})
            for row in answer["data"]:
                self.witness.see_fill(row)

    async def _call(self, http: httpx.AsyncClient, method: str, path: str, parameters: Row) -> Row:
        headers = self.client.headers(parameters)
        if method == "GET":
            response = await http.get(path, params=parameters, headers=headers)
        else:
            response = await http.request(method, path, json=parameters, headers=headers)
        self.on_heard()
        answer: Row = response.json()
        return answer

    # -- both

    def _will_ask(self, action: str, parameters: Row) -> None:
        if action == "place_order":
            self.witness.ask(parameters)
        elif action == "replace_order":
            self.witness.ask_change(parameters["orderId"], parameters)

    def _take(self, action: str, parameters: Row, code: int, data: Any) -> None:
        """An answer came: believe it, or say why it cannot be."""
        told = f"{action} {parameters}: {code}"
        if action == "place_order":
            if code == 200000:
                self.witness.placed(parameters["clientOrderId"], data["orderId"])
            else:
                assert code in PLACE_REFUSALS, told
                self.witness.refused(parameters["clientOrderId"])
        elif action == "replace_order":
            assert code == 200000 or code in REPLACE_REFUSALS, told
        else:
            assert code == 200000 or code in CHANGE_REFUSALS, told
            if code == 200000 and data["orderState"] == "CANCELLED":
                self.witness.orders[data["orderId"]].cancelled = True


def prices(client: Client) -> dict[str, Decimal]:
    """About where the markets are: the spot book stands where its perpetual stands."""
    rows = client.data("GET", "/api/v1/market/markPrice")
    marks = {row["sym"]: Decimal(row["markPrice"]) for row in rows}
    return {sym: marks[sym.replace("_SPOT_", "_PERP_")].quantize(tick) for sym, tick, _ in MARKETS}
