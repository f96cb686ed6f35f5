"""Nobody meets another user's things: over the whole endpoint table (resolutions 131).

Every route is asked with every id that it knows, once with one of another user's and once with one
of nobody's: the answers must be the same, byte for byte. Management of portfolios and keys alone
tells the two apart, by 402003 and 402006.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.desk.commands import AddWithdrawAddress, CreatePortfolio, CreateUser
from openprime.errors import message
from openprime.model.vocabulary import AddressStatus, UserKind
from tests.api.kit import BTC, NOW_MS, Answer, Broker, Json

MANAGEMENT = ("/api/v1/trading/portfolio", "/api/v1/apiKey/portfolio")
NOBODY = 7_777_777_777_777_777

# What is no name of a thing that is there, but one that the client gives to a new one.
OWN_NAMES = {("POST", "clientOrderId"), ("POST", "requestId"), ("PUT", "clientOrderId")}

# What answers that a thing is not there.
ABSENT = (401010, 401018, 402006, 403006, 403007, 403014, 403015, 404004, 405001)

ID_ENDINGS = ("Id", "Ids", "ApiKey")
MORE_IDS = ("portfolio", "portfolios", "id")
# Of these a request says one or the other: the thing's own id, or the one that its owner gave it.
CLIENTS_IDS = ("clientOrderId", "requestId")

# Enough of every other parameter that a request comes as far as to the look-up of its id.
FILLERS = {
    "sym": BTC,
    "side": "BUY",
    "orderType": "LIMIT",
    "orderQty": "0.01",
    "limitPrice": "60000",
    "algoOrderType": "TPSL",
    "conditionType": "CONDITIONAL",
    "conditionalTriggerPrice": "66000",
    "replaceQty": "0.02",
    "leverage": "5",
    "coin": "USDT",
    "currency": "USDT",
    "amount": "1",
    "exchange": "BINANCE",
    "network": "TRC20",
    "address": "T" + "1" * 33,
    "positionMode": "NET",
    "instType": "PERP",
    "chgType": "ABSOLUTE",
    "chgTaker": "1",
    "closeAllPos": "true",
    "name": "Alpha99",
    "apiName": "bot",
    "fromAccountType": "BINANCE",
    "toAccountType": "BINANCE",
    "begin": str(NOW_MS - 86_400_000),
    "end": str(NOW_MS),
}


class World:
    """Two users, each with portfolios, a key, a fill, a position, a resting order, a transfer and a
    withdrawal.
    """

    def __init__(self) -> None:
        self.broker = broker = Broker(kind=UserKind.BROKER)
        self.own = self._trader("own", broker.user_id, broker.main_id, broker.key)
        self.stranger_id = int(broker.do(CreateUser(UserKind.NORMAL)))
        portfolio_id = int(list(broker.state.portfolios)[-1])
        key = broker.make_key("stranger-key", portfolio_id)
        self.foreign = self._trader("theirs", self.stranger_id, portfolio_id, key)
        broker.do(CreatePortfolio(self.stranger_id, "Theirs01"))

    def _trader(
        self, name: str, user_id: int, portfolio_id: int, key: str
    ) -> dict[str, tuple[str, ...]]:
        """Let a portfolio trade; returns its things by the names that routes know them by."""
        broker = self.broker
        broker.fund(to=portfolio_id)
        market = {"orderType": "MARKET", "limitPrice": None, "timeInForce": None}
        filled = broker.place(key, slTriggerPrice="50000", **market)
        order_id = broker.place(key, clientOrderId=name, limitPrice="55000")
        within = {
            "fromTradeAccountId": str(portfolio_id),
            "fromAccountType": "BINANCE",
            "toTradeAccountId": str(portfolio_id),
            "toAccountType": "OKX",
        }
        money = {"currency": "USDT", "amount": "10", "clientOrderId": name}
        transfer = broker.call("POST", "/api/v1/transfer/apply", within | money, key)
        withdrawal = self._withdrawal(user_id, portfolio_id, key)
        accounts = (str(portfolio_id), str(user_id))
        return {
            "orderId": (order_id,),
            "algoOrderId": (str(list(broker.state.algos)[-1]),),
            "attachedOrderId": (filled,),
            "portfolioApiKey": (key,),
            "transferId": (str(transfer.data["transferId"]),),
            "id": (withdrawal, *accounts),
            **dict.fromkeys(CLIENTS_IDS, (name,)),
            **dict.fromkeys(PORTFOLIO_NAMES, (str(portfolio_id),)),
            **dict.fromkeys(ACCOUNT_NAMES, accounts),
        }

    def _withdrawal(self, user_id: int, portfolio_id: int, key: str) -> str:
        """A withdrawal under way; returns its id."""
        network, address = FILLERS["network"], FILLERS["address"]
        entry = AddWithdrawAddress(
            user_id, "USDT", network, address, "", "", 1, AddressStatus.APPROVED
        )
        self.broker.do(entry)
        asked = {"accountId": str(portfolio_id), "fromAccountType": "BINANCE", "currency": "USDT"}
        asked |= {"network": network, "address": address, "amount": "200"}
        return str(self.broker.call("POST", "/api/v1/withdraw/apply", asked, key).data)

    def of_nobody(self, name: str) -> str:
        text = name in CLIENTS_IDS or name == "portfolioApiKey"
        return "nobody" if text else str(NOBODY)

    def ask(self, row: Endpoint, name: str, value: str) -> Answer:
        """A request of the first user's that is complete but for this id."""
        owner = next(field for field in row.table.fields if name in field.wire)
        known = {wire for field in row.table.fields for wire in field.wire}
        fillers = FILLERS | {wire: self.own[wire][0] for wire in FILLED_IDS}
        if name in CLIENTS_IDS:
            del fillers["orderId"], fillers["algoOrderId"]
        params = {
            wire: text for wire, text in fillers.items() if wire in known and wire not in owner.wire
        }
        return self.broker.call(row.method, row.path, params | {name: value})

    def theirs(self) -> bytes:
        """All that the stranger has, as bytes."""
        state = self.broker.state
        portfolios = [p for p in state.portfolios.values() if p.user_id == self.stranger_id]
        ids = {portfolio.portfolio_id for portfolio in portfolios}
        orders = [order for order in state.orders.values() if order.portfolio_id in ids]
        keys = [key for key in state.keys.values() if key.user_id == self.stranger_id]
        assert len(orders) == 1
        assert keys
        user = state.users[self.stranger_id]
        return msgspec.msgpack.encode([user, portfolios, orders, keys, state.withdrawals])


FILLED_IDS = (
    "portfolioId",
    "orderId",
    "algoOrderId",
    "portfolioApiKey",
    "fromTradeAccountId",
    "toTradeAccountId",
    "accountId",
)
ACCOUNT_NAMES = (
    "accountId",
    "fromTradeAccountId",
    "sourcePortfolioId",
    "toTradeAccountId",
    "targetPortfolioId",
)
PORTFOLIO_NAMES = (
    "portfolioId",
    "portfolioIds",
    "portfolios",
    "portfolio",
)
# Reads of one thing, and what names it.
NAMED_BY = {
    "/api/v1/trading/order": ("orderId",),
    "/api/v1/algo/order": ("algoOrderId",),
    "/api/v1/algo/history/subOrders": ("algoOrderId",),
    "/api/v1/algo/openSubOrders": ("algoOrderId",),
}
ROWS_WITH_IDS = [
    (row, wire)
    for row in ENDPOINTS.values()
    for field in row.table.fields
    for wire in field.wire
    if (wire.endswith(ID_ENDINGS) or wire in MORE_IDS) and (row.method, wire) not in OWN_NAMES
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    before = made.theirs()
    yield made
    assert made.theirs() == before, "something of another user's was changed"
    made.broker.close()


@pytest.mark.parametrize(
    ("row", "name"), ROWS_WITH_IDS, ids=[f"{r.method} {r.path} {n}" for r, n in ROWS_WITH_IDS]
)
def test_a_foreign_id_is_as_good_as_absent(world: World, row: Endpoint, name: str) -> None:
    assert name in world.foreign, f"a new kind of id: say what of the stranger's {name} names"
    nobodys = world.ask(row, name, world.of_nobody(name))
    for value in world.foreign[name]:
        theirs = world.ask(row, name, value)
        compare(row, name, theirs, nobodys)


def compare(row: Endpoint, name: str, theirs: Answer, nobodys: Answer) -> None:
    if row.path in MANAGEMENT and name == "portfolioId":
        assert theirs.json == {"code": 402003, "message": message(402003), "data": {}}
        assert nobodys.json == {"code": 402006, "message": message(402006), "data": {}}
        return
    assert theirs.body == nobodys.body
    assert theirs.status == nobodys.status
    if theirs.json["code"] not in ABSENT:
        # A filter by an order finds nothing; whatever else would be a syntax check in the way.
        assert theirs.json["code"] == row.success, theirs.json
        rows = theirs.json["data"]
        assert (rows["list"] if isinstance(rows, dict) else rows) == []


@pytest.mark.parametrize("path", [row.path for row in ENDPOINTS.values() if row.method == "GET"])
def test_no_list_tells_of_another_user(world: World, path: str) -> None:
    row = ENDPOINTS["GET", path]
    known = {wire for field in row.table.fields for wire in field.wire}
    needed = {name: FILLERS[name] for name in ("sym", "begin", "end") if name in known}
    wanted: Json = {name: world.own[name][0] for name in NAMED_BY.get(path, ())} or needed
    if path == MANAGEMENT[1]:
        wanted = {"portfolioId": world.own["portfolioId"][0]}
    told = world.broker.call("GET", path, wanted).body.decode()
    theirs = {value for values in world.foreign.values() for value in values}
    for value in (*theirs, "Theirs01"):
        assert f'"{value}"' not in told
        assert f":{value}" not in told
