"""A market maker: quotes both sides of three books over the private socket, and tells what it did.

    export LTP_API_HOST=… LTP_ACCESS_KEY=… LTP_SECRET_KEY=…     # as `openprime up` prints it
    python examples/market_maker.py --seconds 60

It joins the best bid and the best ask of each symbol with a post-only order, follows them by
replacing, and takes a side back while its position there is at the limit. All it knows of its
orders, fills, positions and wallets comes from pushes; nothing is polled. It needs the package
`websockets` and nothing else.

Not advice: it joins whatever is best and has no opinion of its own.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Row = dict[str, Any]
Leg = tuple[str, str]

# What to quote at once, by symbol.
QUANTITIES = {
    "BINANCE_PERP_BTC_USDT": Decimal("0.01"),
    "BINANCE_PERP_ETH_USDT": Decimal("0.2"),
    "BINANCE_SPOT_BTC_USDT": Decimal("0.01"),
}
# A position of so many quotes on one side takes that side back.
POSITION_QUOTES_MAX = 5
WORKING = ("NEW", "OPEN", "PARTIALLY_FILLED")
PENDING = ("AMEND_PENDING", "CANCEL_PENDING")
SUCCESS = 200000
# Codes that only say that the market or the venue was quicker.
OVERTAKEN = {
    401005: "filled beyond the new quantity",
    401018: "order unknown by now",
    401019: "a change is under way",
    401052: "would not have been the maker",
    401117: "order over by now",
}
END_SECONDS_MAX = 20
ASK_AGAIN_SECONDS = 1


@dataclass(frozen=True)
class Settings:
    """Where the broker is, who we are, and for how long we quote."""

    private_url: str
    market_url: str
    access_key: str
    secret_key: str
    seconds: float


@dataclass
class View:
    """What pushes told: the newest row of each order, position and wallet, and every fill."""

    orders: dict[str, Row] = field(default_factory=dict)
    trades: dict[str, Row] = field(default_factory=dict)
    positions: dict[str, Row] = field(default_factory=dict)
    assets: dict[Leg, Row] = field(default_factory=dict)
    best: dict[str, Row] = field(default_factory=dict)
    bought: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def take(self, channel: str, data: Any) -> None:
        """Fold one push in."""
        if channel == "Orders":
            self.orders[data["orderId"]] = data
        elif channel == "Trades":
            self.trades[data["transactionId"]] = data
            sign = 1 if data["side"] == "BUY" else -1
            self.bought[data["sym"]] += sign * Decimal(data["quantity"])
        elif channel == "Positions":
            for row in data:
                self.positions[row["sym"]] = row
        elif channel == "Assets":
            for row in data:
                self.assets[row["exchangeType"], row["coin"]] = row

    def working(self) -> list[Row]:
        return [row for row in self.orders.values() if row["orderState"] in WORKING]

    @property
    def fees(self) -> Decimal:
        """Fees less rebates, in USDT."""
        return sum((Decimal(row["tradingFee"]) for row in self.trades.values()), Decimal(0))

    @property
    def profit(self) -> Decimal:
        """What fills brought, positions valued in the middle of the last quotes, fees paid."""
        worth = -self.fees
        for row in self.trades.values():
            sign = 1 if row["side"] == "BUY" else -1
            worth -= sign * Decimal(row["quantity"]) * Decimal(row["price"])
        for sym, quantity in self.bought.items():
            best = self.best[sym]
            worth += quantity * (Decimal(best["bid"]) + Decimal(best["ask"])) / 2
        return worth


@dataclass
class Counts:
    """How often each action was taken, and refused because something was quicker."""

    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    overtaken: dict[int, int] = field(default_factory=lambda: defaultdict(int))


class MarketMaker:
    """One order a side and symbol at most, and one action for it under way at most."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.view = View()
        self.counts = Counts()
        self._socket: ClientConnection
        self._legs: dict[Leg, str] = {}
        self._asked: dict[str, tuple[str, Leg | None]] = {}
        self._busy: set[Leg] = set()
        self._number = 0
        self._stopping = False
        self._quiet = asyncio.Event()
        self._heard_all = asyncio.Event()
        # Client order ids act once for ever: another run needs other ones.
        self._run = f"mm{time.time_ns() // 1_000_000}"

    async def run(self) -> View:
        """Quote for the time that the settings give, take everything back, and return."""
        async with connect(self.settings.private_url, proxy=None) as self._socket:
            await self._log_in()
            async with asyncio.TaskGroup() as group:
                follower = group.create_task(self._follow_market())
                listener = group.create_task(self._listen())
                await asyncio.sleep(self.settings.seconds)
                self._stopping = True
                follower.cancel()
                await self._take_back()
                listener.cancel()
        return self.view

    # -- in

    async def _log_in(self) -> None:
        timestamp = str(int(time.time()))
        text = f"{timestamp}GET/users/self/verify"
        key = self.settings.secret_key.encode()
        arguments = {
            "apiKey": self.settings.access_key,
            "timestamp": timestamp,
            "sign": hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
        }
        await self._socket.send(json.dumps({"action": "login", "args": arguments}))
        answer = json.loads(await self._socket.recv())
        if answer["code"] != 0:
            raise RuntimeError(f"login: {answer}")

    async def _follow_market(self) -> None:
        """Quote anew each time that the best prices of a symbol change."""
        entries = [{"channel": "BBO", "sym": sym} for sym in QUANTITIES]
        async with connect(f"{self.settings.market_url}?binary=false", proxy=None) as market:
            await market.send(json.dumps({"event": "subscribe", "arg": entries}))
            async for text in market:
                frame = json.loads(text)
                if "data" in frame:
                    self.view.best[frame["arg"]["sym"]] = frame["data"]
                    await self._quote(frame["arg"]["sym"])

    async def _listen(self) -> None:
        async for text in self._socket:
            if text == "pong":
                self._heard_all.set()
                continue
            frame = json.loads(text)
            if "channel" in frame:
                self.view.take(frame["channel"], frame["data"])
                if frame["channel"] == "Orders" and frame["data"]["sym"] in self.view.best:
                    await self._quote(frame["data"]["sym"])
            else:
                self._take_answer(frame)
            if self._stopping and not self._asked and not self.view.working():
                self._quiet.set()

    def _take_answer(self, frame: Row) -> None:
        action, leg = self._asked.pop(frame["id"])
        if leg is not None:
            self._busy.discard(leg)
        if frame["code"] == SUCCESS:
            if action == "place_order" and leg is not None:
                self._legs[leg] = frame["data"]["orderId"]
        elif frame["code"] in OVERTAKEN:
            self.counts.overtaken[frame["code"]] += 1
        else:
            raise RuntimeError(f"{action}: {frame}")

    # -- out

    async def _quote(self, sym: str) -> None:
        best = self.view.best[sym]
        for side, price in (("BUY", best["bid"]), ("SELL", best["ask"])):
            leg = (sym, side)
            if not self._stopping and leg not in self._busy and Decimal(price):
                await self._quote_side(leg, price)

    async def _quote_side(self, leg: Leg, price: str) -> None:
        """Bring the order of one side to where it should be."""
        sym, side = leg
        order_id = self._legs.get(leg)
        order = self.view.orders.get(order_id) if order_id else None
        if order_id and order is None:
            return  # acknowledged, and its first push is still to come
        if order is not None and order["orderState"] not in WORKING:
            del self._legs[leg]
            order = None
        if order is not None and (order["orderState"] == "NEW" or order["action"] in PENDING):
            return
        if self._full(leg):
            if order is not None:
                await self._ask("cancel_order", leg, {"orderId": order["orderId"]})
        elif order is None:
            self._number += 1
            parameters = {
                "sym": sym,
                "side": side,
                "orderType": "LIMIT",
                "timeInForce": "GTX",
                "orderQty": str(QUANTITIES[sym]),
                "limitPrice": price,
                "clientOrderId": f"{self._run}-{self._number}",
            }
            await self._ask("place_order", leg, parameters)
        elif Decimal(order["limitPrice"]) != Decimal(price):
            parameters = {"orderId": order["orderId"], "replacePrice": price}
            await self._ask("replace_order", leg, parameters)

    def _full(self, leg: Leg) -> bool:
        """Whether a further fill on this side would carry the position beyond its limit."""
        sym, side = leg
        quantity = self.view.bought[sym] * (1 if side == "BUY" else -1)
        return quantity >= POSITION_QUOTES_MAX * QUANTITIES[sym]

    async def _ask(self, action: str, leg: Leg | None, parameters: Row) -> None:
        self._number += 1
        frame_id = str(self._number)
        self._asked[frame_id] = (action, leg)
        if leg is not None:
            self._busy.add(leg)
        self.counts.taken[action] += 1
        frame = {"id": frame_id, "action": action, "args": parameters}
        await self._socket.send(json.dumps(frame))

    async def _take_back(self) -> None:
        """Cancel what works until nothing does and every answer and push is there."""
        async with asyncio.timeout(END_SECONDS_MAX):
            while True:
                self._quiet.clear()
                await self._ask("cancel_orders", None, {})
                # It passes over an order whose change is under way: then it is asked again.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._quiet.wait(), ASK_AGAIN_SECONDS)
                # Frames keep their order: what was on its way is here before the pong.
                self._heard_all.clear()
                await self._socket.send("ping")
                await self._heard_all.wait()
                if not self._asked and not self.view.working():
                    return


def summary(maker: MarketMaker, seconds: float) -> str:
    """What the run did, for people."""
    view, counts = maker.view, maker.counts
    states: dict[str, int] = defaultdict(int)
    for row in view.orders.values():
        states[row["orderState"]] += 1
    makers = sum(row["execType"] == "MAKER" for row in view.trades.values())
    lines = [
        f"orders     {len(view.orders)} ({_list(states)})",
        f"actions    {_list(counts.taken)}",
        f"overtaken  {_list({OVERTAKEN[code]: n for code, n in counts.overtaken.items()})}",
        f"fills      {len(view.trades)}, {makers} of them as maker",
        f"fees       {view.fees:f} USDT",
        f"profit     {view.profit:f} USDT, fees paid, positions at the last middle price",
        f"positions  {_list({sym: f'{n:f}' for sym, n in view.bought.items() if n})}",
        f"time       {seconds:.1f} s",
    ]
    return "\n".join(lines)


def _list(counts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


async def make_markets(settings: Settings) -> MarketMaker:
    """Run a market maker from beginning to end and print its summary."""
    started = time.monotonic()
    maker = MarketMaker(settings)
    await maker.run()
    sys.stdout.write(summary(maker, time.monotonic() - started) + "\n")
    return maker


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long to quote")
    arguments = parser.parse_args()
    names = ("LTP_API_HOST", "LTP_ACCESS_KEY", "LTP_SECRET_KEY")
    missing = [name for name in names if name not in os.environ]
    if missing:
        parser.error(f"set {', '.join(missing)}: openprime up prints the line to paste")
    host, access_key, secret_key = (os.environ[name] for name in names)
    sockets = host.replace("http", "ws", 1)
    settings = Settings(
        private_url=f"{sockets}/v1/private",
        market_url=f"{sockets}/marketdata/v2/public",
        access_key=access_key,
        secret_key=secret_key,
        seconds=arguments.seconds,
    )
    asyncio.run(make_markets(settings))


if __name__ == "__main__":
    main()
