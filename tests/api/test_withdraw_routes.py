"""Withdrawals over REST: the address book, asking, the history, and a portfolio's bills."""

from __future__ import annotations

from typing import Any

import pytest

from openprime.desk.commands import CreateUser, RunAgenda
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import NOW_MS, Broker, Json, refuses
from tests.api.test_transfer_routes import apply as transfer

BOOK = "/api/v1/userWithdrawAddress/list"
APPLY = "/api/v1/userWithdrawRecord/apply"
LIST = "/api/v1/userWithdrawRecord/list"
BILLS = "/api/v1/asset/bills"
ADDRESS = "TXLAQ63Xg1NAzckPwKHvzw7CSEmLMEqcdj"
BILL_KEYS = """
    id currency clientOrderId amount amountReceived networkFee network txId fromTradeAccountId
    toTradeAccountId fromAccountType toAccountType status type createdAt
""".split()


def approve(broker: Broker, **members: Any) -> int:
    values = {
        "userId": broker.user_id,
        "currency": "USDT",
        "network": "TRC20",
        "address": ADDRESS,
    } | members
    number: int = broker.admin("POST", "withdrawAddresses", **values).data["addressId"]
    return number


def request(broker: Broker, **changes: Any) -> Json:
    """200 USDT out of MainPortfolio at BINANCE; None takes a field out."""
    values = {
        "accountId": str(broker.main_id),
        "fromAccountType": "BINANCE",
        "currency": "USDT",
        "network": "TRC20",
        "address": ADDRESS,
        "amount": "200",
    } | changes
    return {name: value for name, value in values.items() if value is not None}


def withdraw(broker: Broker, key: str | None = None, **changes: Any) -> int:
    number = broker.call("POST", APPLY, request(broker, **changes), key).data
    assert isinstance(number, int)
    return number


def confirm(broker: Broker) -> None:
    broker.clock_ms += 10_000
    broker.do(RunAgenda())


@pytest.fixture
def stranger(broker: Broker) -> str:
    broker.do(CreateUser(UserKind.NORMAL))
    return broker.make_key("foreign-key", list(broker.state.portfolios)[-1])


# -- the address book


def test_address_book(broker: Broker, stranger: str) -> None:
    first = approve(broker, addressTag="7", memo="m")
    second = approve(broker, network="ERC20", status=0, category=2)
    rows = broker.call("GET", BOOK).data
    assert rows[1] == {
        "id": first,
        "currency": "USDT",
        "network": "TRC20",
        "address": ADDRESS,
        "memo": "m",
        "AddressTag": "7",
        "status": 1,
        "createdAt": str(NOW_MS),
        "category": 1,
    }

    def listed(**params: Any) -> list[int]:
        return [row["id"] for row in broker.call("GET", BOOK, params).data]

    assert listed() == listed(currency="USDT") == listed(address=ADDRESS) == [second, first]
    assert listed(network="ERC20") == listed(status=0) == [second]
    assert listed(addressTag="7") == [first]
    assert listed(status=-1) == listed(currency="BTC") == []
    answer = {"userId": broker.user_id, "addressId": second, "status": -1}
    assert broker.admin("POST", "withdrawAddresses/status", **answer).data == {}
    assert listed(status=-1) == [second]
    refuses(broker.call("GET", BOOK, {"status": "9"}), 400000)
    refuses(broker.call("GET", BOOK, key=broker.sub_key), 2002)
    assert broker.call("GET", BOOK, key=stranger).data == []
    assert len(broker.admin("GET", "withdrawAddresses").data) == 2


# -- asking


@pytest.mark.parametrize("path", [APPLY, "/api/v1/withdraw/apply"])
def test_a_withdrawal(broker: Broker, path: str) -> None:
    approve(broker)
    answer = broker.call("POST", path, request(broker, clientOrderId="w1", amount=250.5))
    assert answer.json == {"code": 200, "message": "success", "data": answer.data}
    (row,) = broker.call("GET", LIST).data
    assert row == {
        "id": answer.data,
        "accountId": broker.main_id,
        "fromAccountType": "BINANCE",
        "currency": "USDT",
        "network": "TRC20",
        "memo": "",
        "address": ADDRESS,
        "AddressTag": "",
        "amount": 250.5,
        "status": 2,
        "txId": row["txId"],
        "txId2": "",
        "info": "",
        "applyTime": str(NOW_MS),
        "clientOrderId": "w1",
        "rapidTransfer": False,
    }
    confirm(broker)
    (done,) = broker.call("GET", LIST).data
    assert (done["status"], len(done["txId2"])) == (3, 64)
    assets = broker.call("GET", "/api/v1/trading/portfolio/assets").data["list"]
    assert (assets[0]["balance"], assets[0]["frozen"]) == ("99748.5", "0")


@pytest.mark.parametrize("name", ["accountId", "currency", "network", "address", "amount"])
def test_what_must_be_sent(broker: Broker, name: str) -> None:
    refuses(broker.call("POST", APPLY, request(broker, **{name: None})), 400009)
    refuses(broker.call("POST", APPLY, request(broker, **{name: ""})), 400009)


@pytest.mark.parametrize(
    ("change", "code", "arguments"),
    [
        ({"accountId": "abc"}, 403006, ()),
        ({"accountId": "9999999999999999"}, 403006, ()),
        ({"fromAccountType": "FTX"}, 403003, ()),
        ({"fromAccountType": None}, 403003, ()),
        ({"currency": "XYZ"}, 403010, ()),
        ({"network": "MOON"}, 400000, ()),
        ({"address": "nowhere"}, 400000, ()),
        ({"clientOrderId": "a" * 64}, 400000, ()),
        ({"rapidTransfer": "perhaps"}, 400000, ()),
        ({"amount": "0"}, 403005, ()),
        ({"amount": "-1"}, 403005, ()),
        ({"amount": "much"}, 403005, ()),
        ({"amount": "100.1234567"}, 403011, ("6",)),
        ({"amount": "99"}, 403012, ("100",)),
        ({"amount": "99999.5"}, 403013, ("100000",)),
        ({"fromAccountType": "OKX"}, 401035, ()),
        ({"fromAccountType": "EDX"}, 401066, ()),
    ],
)
def test_refusals(broker: Broker, change: Json, code: int, arguments: tuple[str, ...]) -> None:
    approve(broker)
    before = broker.state_bytes()
    refuses(broker.call("POST", APPLY, request(broker, **change)), code, *arguments)
    assert broker.state_bytes() == before


def test_whose_accounts(broker: Broker, stranger: str) -> None:
    approve(broker)
    refuses(broker.call("POST", APPLY, request(broker), broker.sub_key), 403006)
    funding = {"accountId": broker.user_id, "fromAccountType": "LTP"}
    refuses(broker.call("POST", APPLY, request(broker, **funding), broker.sub_key), 2002)
    refuses(broker.call("POST", APPLY, request(broker), stranger), 403006)
    transfer(broker, amount="500")
    assert withdraw(broker, broker.sub_key, accountId=broker.sub_id)
    assert withdraw(broker, accountId=broker.sub_id)
    transfer(broker, toTradeAccountId=None, toAccountType=None, amount="500")
    assert withdraw(broker, **funding)


def test_permission(broker: Broker) -> None:
    approve(broker)
    others = [p for p in Permission if p is not Permission.WITHDRAW]
    key = broker.make_key("no-withdraw", broker.main_id, others)
    refuses(broker.call("POST", APPLY, request(broker), key), 2002)


@pytest.mark.parametrize(("status", "number"), [("FAILED", 4), ("REJECTED", 5)])
def test_the_operator_ends_a_withdrawal(broker: Broker, status: str, number: int) -> None:
    approve(broker)
    withdrawal_id = withdraw(broker)
    (row,) = broker.admin("GET", "withdrawals").data
    assert row["id"] == withdrawal_id
    ending = {"withdrawalId": withdrawal_id, "status": status, "info": "because"}
    assert broker.admin("POST", "withdrawals/end", **ending).data == {}
    (row,) = broker.call("GET", LIST).data
    assert (row["status"], row["info"]) == (number, "because")
    assert broker.admin("POST", "withdrawals/end", **ending).json["code"] == 403014
    confirm(broker)
    assets = broker.call("GET", "/api/v1/trading/portfolio/assets").data["list"]
    assert (assets[0]["available"], assets[0]["frozen"]) == ("100000", "0")


def test_history_filters(broker: Broker, stranger: str) -> None:
    approve(broker)
    transfer(broker, amount="500")
    first = withdraw(broker)
    broker.clock_ms += 1
    second = withdraw(broker, broker.sub_key, accountId=broker.sub_id)

    def listed(key: str | None = None, **params: Any) -> list[int]:
        return [row["id"] for row in broker.call("GET", LIST, params, key).data]

    assert listed() == listed(status=2) == listed(currency="USDT") == [second, first]
    assert listed(id=first) == listed(accountId=broker.main_id) == [first]
    assert listed(fromAccountType="OKX") == listed(fromAccountType="LTP") == listed(status=3) == []
    assert listed(startTime=NOW_MS + 1) == listed(broker.sub_key) == [second]
    assert listed(broker.sub_key, accountId=broker.main_id) == []
    assert listed(broker.sub_key, id=first) == []
    assert listed(stranger) == listed(stranger, id=first) == []
    assert listed(pageSize=1, page=2) == [first]
    for wrong in ({"status": "0"}, {"id": "x"}, {"accountId": "7"}, {"fromAccountType": "FTX"}):
        refuses(broker.call("GET", LIST, wrong), 400000)


# -- bills


@pytest.fixture
def busy(broker: Broker) -> tuple[int, int, int]:
    """A deposit, a transfer and a withdrawal of the sub portfolio, one after the other."""
    approve(broker)
    members = {"accountId": broker.sub_id, "currency": "USDT", "network": "TRC20"}
    deposit: int = broker.admin("POST", "deposits", amount="50.5", **members).data["depositId"]
    broker.clock_ms += 1
    moved = transfer(broker, amount="500", clientOrderId="c1")
    broker.clock_ms += 1
    taken = withdraw(broker, accountId=broker.sub_id)
    transfer(broker, toTradeAccountId=None, toAccountType=None, amount="1")
    return deposit, moved, taken


def test_bills_are_texts(broker: Broker, busy: tuple[int, int, int]) -> None:
    answer = broker.call("GET", BILLS, key=broker.sub_key)
    assert answer.json["code"] == 200000
    taken, moved, came = answer.data
    assert [bill["id"] for bill in (came, moved, taken)] == [str(number) for number in busy]
    for bill in answer.data:
        assert sorted(bill) == sorted(BILL_KEYS)
        assert all(isinstance(value, str) for value in bill.values())
    sub, main = str(broker.sub_id), str(broker.main_id)
    sides = ("fromTradeAccountId", "fromAccountType", "toTradeAccountId", "toAccountType")
    assert [came[side] for side in sides] == ["0", "", sub, "BINANCE"]
    assert [moved[side] for side in sides] == [main, "BINANCE", sub, "BINANCE"]
    assert [taken[side] for side in sides] == [sub, "BINANCE", "0", ""]
    assert [bill["type"] for bill in (came, moved, taken)] == ["0", "1", "2"]
    assert [bill["status"] for bill in (came, moved, taken)] == ["0", "1", "0"]
    assert (came["amount"], came["network"], len(came["txId"])) == ("50.5", "TRC20", 64)
    assert (moved["clientOrderId"], moved["networkFee"]) == ("c1", "0")
    assert (taken["amount"], taken["amountReceived"], taken["networkFee"]) == ("200", "200", "1")


def test_bills_filters(broker: Broker, busy: tuple[int, int, int]) -> None:
    came, moved, taken = map(str, busy)

    def listed(key: str | None = broker.sub_key, **params: Any) -> list[str]:
        return [bill["id"] for bill in broker.call("GET", BILLS, params, key).data]

    assert listed() == listed(currency="USDT") == [taken, moved, came]
    assert [listed(type=kind) for kind in (0, 1, 2)] == [[came], [moved], [taken]]
    assert listed(status=0) == [taken, came]
    assert listed(status=1) == listed(status=1, type=1) == [moved]
    assert listed(status=2) == listed(status=1, type=2) == listed(currency="BTC") == []
    assert listed(startTime=NOW_MS, endTime=NOW_MS + 1) == [moved, came]
    assert [listed(page=page, pageSize=1) for page in (1, 2, 3, 4)] == [
        [taken],
        [moved],
        [came],
        [],
    ]
    confirm(broker)
    assert listed(status=1) == [taken, moved, came]
    assert len(listed(broker.key)) == 2, "a primary key sees MainPortfolio's"
    refuses(broker.call("GET", BILLS, {"type": "3"}), 400000)
    refuses(broker.call("GET", BILLS, {"status": "3"}), 400000)
    refuses(broker.call("GET", BILLS, {"page": "10001"}), 400003)
    assert listed(page=10000) == []


def test_no_bills(broker: Broker, stranger: str) -> None:
    assert broker.call("GET", BILLS, key=broker.sub_key).data == []
    assert broker.call("GET", BILLS, key=stranger).data == []
