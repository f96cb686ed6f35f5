"""A broker in one process for the tests of the API: real desk, sequencer and store, tame venue."""

from __future__ import annotations

import asyncio
import hmac
import json
from decimal import Decimal
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import msgspec

from openprime.api.asgi import Application
from openprime.api.operator.door import OperatorDoor
from openprime.api.services import Services
from openprime.api.settings import AdminSettings, ApiSettings
from openprime.desk.commands import (
    NO_QUOTE,
    Command,
    CreateKey,
    CreatePortfolio,
    CreateUser,
    Credit,
    SetPrices,
    VenueReports,
)
from openprime.desk.desk import Desk
from openprime.desk.settings import DeskSettings
from openprime.errors import message
from openprime.model.numbers import steps
from openprime.model.reference import build
from openprime.model.venue import (
    Accepted,
    Cancelled,
    CancelOrder,
    Filled,
    NewOrder,
    Replaced,
    ReplaceOrder,
    VenueReport,
    VenueRequest,
)
from openprime.model.vocabulary import Exchange, Liquidity, OrderType, Permission, UserKind
from openprime.sequencer import Sequencer, SequencerSettings
from openprime.store import History, Store
from tests.api import shapes

BTC = "BINANCE_PERP_BTC_USDT"
ETH = "BINANCE_PERP_ETH_USDT"
SPOT = "BINANCE_SPOT_BTC_USDT"
ORDER = "/api/v1/trading/order"
NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
MARKS = {BTC: Decimal(60000), ETH: Decimal(2600), "OKX_PERP_BTC_USDT": Decimal(60000)}
INDEXES = {"BTC": Decimal(60000), "ETH": Decimal(2600)}
REFERENCE = build(
    msgspec.json.decode(files("openprime.data").joinpath("reference.json").read_bytes())
)

ADMIN_TOKEN = "token-of-the-operator"
SECRET = "correct-horse-battery-staple"
Json = dict[str, Any]


def base_order(**changes: Any) -> Json:
    """The order that the error catalogue's examples start from; None takes a field out."""
    order = {
        "sym": BTC,
        "side": "BUY",
        "orderType": "LIMIT",
        "timeInForce": "GTC",
        "orderQty": "0.01",
        "limitPrice": "60000",
    } | changes
    return {key: value for key, value in order.items() if value is not None}


def sign(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()


def signed_text(params: Json, nonce: str) -> str:
    """What most clients sign."""
    parts = [f"{key}={params[key]}" for key in sorted(params)]
    return "&".join(parts) + "&" + nonce


class TameVenue:
    """Accepts what rests, fills MARKET orders at once at the mark, confirms what it is told."""

    def __init__(self) -> None:
        self.silent = False
        self.post: Any = None
        self._trades = 0

    def deliver(self, requests: list[VenueRequest]) -> None:
        reports = [report for request in requests for report in self._reports(request)]
        if reports and not self.silent:
            self.post(VenueReports(reports))

    def _reports(self, request: VenueRequest) -> list[VenueReport]:
        if isinstance(request, CancelOrder):
            return [Cancelled(request.order_id, requested=True)]
        if isinstance(request, ReplaceOrder):
            return [Replaced(request.order_id, request.price_ticks, request.quantity_lots)]
        if isinstance(request, NewOrder) and request.order_type is OrderType.MARKET:
            return [Accepted(request.order_id), self._filled(request)]
        return [Accepted(request.order_id)]

    def _filled(self, request: NewOrder) -> Filled:
        instrument = REFERENCE.instruments[request.sym]
        price = MARKS.get(request.sym) or INDEXES[instrument.base]
        ticks = steps(price, instrument.tick_size) or 0
        self._trades += 1
        lots = request.quantity_lots
        return Filled(request.order_id, self._trades, ticks, lots, Liquidity.TAKER, done=True)


class StillMarket:
    """Prices that nothing moves."""

    def mark(self, sym: str) -> Decimal | None:
        return MARKS.get(sym)

    def index(self, coin: str) -> Decimal | None:
        return Decimal(1) if coin == "USDT" else INDEXES.get(coin)

    def funding(self, sym: str) -> tuple[Decimal, int, int] | None:
        return Decimal("0.0001"), NOW_MS, NOW_MS + 8 * 3_600_000


class Unanswered(Exception):
    """The connection ended, and no answer had come."""


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = {name.decode(): value.decode() for name, value in headers}
        self.body = body

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    @property
    def data(self) -> Any:
        assert self.json["code"] in (200, 200000), self.json
        return self.json["data"]


class Broker:
    """A user with a MainPortfolio and one more, a key each, and ways to call."""

    def __init__(
        self,
        settings: ApiSettings | None = None,
        kind: UserKind = UserKind.NORMAL,
        desk_settings: DeskSettings | None = None,
        sequencing: SequencerSettings | None = None,
    ) -> None:
        self.runner = asyncio.Runner()
        self.clock_ms = NOW_MS
        self.store = Store.open(None)
        desk = Desk(REFERENCE, desk_settings or DeskSettings())
        self.sequencer = Sequencer(
            desk, self.store, lambda: self.clock_ms, lambda _: NO_QUOTE, sequencing
        )
        self.venue = TameVenue()
        self.venue.post = self.sequencer.post
        self.sequencer.deliver = self.venue.deliver
        self.services = Services(
            sequencer=self.sequencer,
            store=self.store,
            history=History(self.store),
            market=StillMarket(),
            clock_ms=lambda: self.clock_ms,
            unseal=self.store.vault.unseal,
            settings=settings or ApiSettings(),
            wall_ms=lambda: self.clock_ms,
        )
        self.sequencer.observers.append(self.services.observe)
        self.sequencer.on_refusal = self.services.refusals.on_refusal
        self.sequencer.on_rebuilt = self.services.on_rebuilt
        self.app = Application(self.services)
        self.app.operator = OperatorDoor(self.services, ADMIN_TOKEN, AdminSettings())
        self.user_id = int(self.do(CreateUser(kind)))
        portfolios = list(self.state.portfolios)
        self.main_id = portfolios[0]
        self.sub_id = int(self.do(CreatePortfolio(self.user_id, "Sub01")))
        self.key = self.make_key("main-key", self.main_id)
        self.sub_key = self.make_key("sub-key", self.sub_id)
        self.do(SetPrices(marks=dict(MARKS), indexes=dict(INDEXES)))

    @property
    def state(self) -> Any:
        return self.services.desk.state

    def state_bytes(self) -> bytes:
        """The desk's whole state, for tests that nothing changed it."""
        return self.services.desk.snapshot()

    def close(self) -> None:
        self.runner.run(self.sequencer.close())
        self.store.close()
        self.runner.close()

    def do(self, command: Command) -> Any:
        outcome = self.runner.run(self.sequencer.submit(command))
        assert outcome.refusal is None, outcome.refusal
        return outcome.reply

    def make_key(
        self,
        access_key: str,
        portfolio_id: int,
        permissions: list[Permission] | None = None,
        addresses: list[str] | None = None,
    ) -> str:
        allowed = permissions if permissions is not None else list(Permission)
        sealed = self.store.vault.seal(SECRET, access_key)
        self.do(CreateKey(portfolio_id, access_key, sealed, "test", allowed, addresses or []))
        return access_key

    def fund(self, amount: str = "100000", coin: str = "USDT", to: int | None = None) -> None:
        self.do(Credit(to or self.main_id, Exchange.BINANCE, coin, Decimal(amount)))

    # -- requests

    @property
    def nonce(self) -> str:
        return str(self.clock_ms // 1000)

    def call(
        self, method: str, path: str, params: Json | None = None, key: str | None = None
    ) -> Answer:
        """A properly signed request: GET by query, all others by body."""
        params = params or {}
        headers = self.headers(signed_text(params, self.nonce), key)
        if method == "GET":
            return self.send(method, path, headers, query=query_of(params))
        return self.send(method, path, headers, body=json.dumps(params).encode())

    def headers(self, text: str, key: str | None = None, **changes: str | None) -> Json:
        found: dict[str, str | None] = {
            "X-MBX-APIKEY": key or self.key,
            "nonce": self.nonce,
            "signature": sign(text),
        } | changes
        return {name: value for name, value in found.items() if value is not None}

    def send(
        self,
        method: str,
        path: str,
        headers: Json | None = None,
        query: str = "",
        body: bytes = b"",
        client: str = "127.0.0.1",
    ) -> Answer:
        """A request exactly as given."""
        return self.runner.run(self._send(method, path, headers or {}, query, body, client))

    async def _send(
        self, method: str, path: str, headers: Json, query: str, body: bytes, client: str
    ) -> Answer:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
            "client": (client, 50000),
        }
        parts = [body[at : at + 16384] for at in range(0, len(body), 16384)] or [b""]
        sent: list[Any] = []

        async def receive() -> Json:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        forced = self.services.faults.armed
        await self.app(scope, receive, send)
        if not sent:
            raise Unanswered
        answer = Answer(sent[0]["status"], sent[0]["headers"], sent[1]["body"])
        if "content-encoding" not in answer.headers:
            shapes.check(self.app.endpoints.get((method, path)), answer, forced)
        return answer

    def admin(self, method: str, path: str, client: str = "127.0.0.1", **members: Any) -> Answer:
        """An operator's action; `path` is what follows /admin/v1/."""
        headers = {"X-Admin-Token": ADMIN_TOKEN}
        whole = f"/admin/v1/{path}"
        if method == "GET":
            return self.send(method, whole, headers, query=query_of(members), client=client)
        return self.send(method, whole, headers, body=json.dumps(members).encode(), client=client)

    # -- orders

    def place(self, key: str | None = None, **changes: Any) -> str:
        """Place the base order; returns its id."""
        order_id: str = self.call("POST", ORDER, base_order(**changes), key).data["orderId"]
        return order_id


def query_of(params: Json) -> str:
    return "&".join(f"{quote(str(k))}={quote(str(v))}" for k, v in params.items())


def refuses(answer: Answer, code: int, *arguments: str, status: int = 200) -> None:
    """Assert code, whole text and data of a refusal."""
    expected = {"code": code, "message": message(code, arguments), "data": {}}
    assert answer.json == expected
    assert answer.status == status
