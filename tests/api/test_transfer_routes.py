"""Transfers over REST: shapes, both dialects, who sees what, and the order of the codes."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from openprime.desk.commands import CreateKey, CreateUser, RunAgenda
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Permission, UserKind
from tests.api.kit import DAY_MS, NOW_MS, SECRET, Broker, Json, refuses

T = "/api/v1/transfer/"
APPLY, GET, LIST = f"{T}apply", f"{T}get", f"{T}list"
KEYS = """
    transferId clientOrderId currency network txId amount amountReceived networkFee
    fromTradeAccountId toTradeAccountId fromAccountType toAccountType status reason rapidTransfer
    createdAt
""".split()


def request(broker: Broker, **changes: Any) -> Json:
    """MainPortfolio at BINANCE to the other portfolio; None takes a field out."""
    values = {
        "fromTradeAccountId": str(broker.main_id),
        "toTradeAccountId": str(broker.sub_id),
        "fromAccountType": "BINANCE",
        "toAccountType": "BINANCE",
        "currency": "USDT",
        "amount": "100",
    } | changes
    return {name: value for name, value in values.items() if value is not None}


def apply(broker: Broker, key: str | None = None, **changes: Any) -> int:
    data = broker.call("POST", APPLY, request(broker, **changes), key).data
    assert data.keys() == {"transferId", "clientOrderId"}
    number = data["transferId"]
    assert isinstance(number, int)
    return number


def balance(broker: Broker, account_id: int, venue: str, coin: str = "USDT") -> str:
    rows = broker.call("GET", "/api/v1/asset/getAccountCurrencyInfo").data
    (row,) = [r for r in rows if r["accountId"] == account_id and r["venues"] == venue]
    found = [info["totalBalance"] for info in row["assetInfo"] if info["currency"] == coin]
    return found[0] if found else "0"


@pytest.fixture
def stranger(broker: Broker) -> tuple[int, str]:
    """Another user's MainPortfolio and a key of it."""
    broker.do(CreateUser(UserKind.NORMAL))
    portfolio_id = list(broker.state.portfolios)[-1]
    return portfolio_id, broker.make_key("foreign-key", portfolio_id)


# -- shapes


def test_apply_and_get(broker: Broker) -> None:
    number = apply(broker, clientOrderId="first-1")
    row = broker.call("GET", GET, {"transferId": number}).data
    assert list(row) == KEYS
    assert row == {
        "transferId": number,
        "clientOrderId": "first-1",
        "currency": "USDT",
        "network": "",
        "txId": "",
        "amount": 100,
        "amountReceived": 100,
        "networkFee": 0,
        "fromTradeAccountId": broker.main_id,
        "toTradeAccountId": broker.sub_id,
        "fromAccountType": "BINANCE",
        "toAccountType": "BINANCE",
        "status": 1,
        "reason": "",
        "rapidTransfer": False,
        "createdAt": NOW_MS,
    }
    assert broker.call("GET", GET, {"clientOrderId": "first-1"}).data == row
    assert broker.call("GET", GET, {"requestId": "first-1", "transferId": number}).data == row
    assert broker.call("GET", LIST).data == [row]


def test_amounts_are_printed_from_the_exact_decimal(broker: Broker) -> None:
    broker.fund("1", "ETH")
    number = apply(broker, currency="ETH", amount="0.10000001")
    body = broker.call("GET", GET, {"transferId": number}).body
    assert b'"amount":0.10000001,' in body
    number = apply(broker, currency="ETH", amount=0.1)
    assert b'"amount":0.1,' in broker.call("GET", GET, {"transferId": number}).body


def test_the_older_names_do_as_well(broker: Broker) -> None:
    older = {
        "sourcePortfolioId": broker.main_id,
        "targetPortfolioId": broker.sub_id,
        "sourceTransferType": "binance",
        "targetTransferType": "OKX",
        "currency": "USDT",
        "amount": "1",
        "requestId": "r1",
    }
    data = broker.call("POST", APPLY, older).data
    assert data["clientOrderId"] == "r1"
    row = broker.call("GET", GET, {"requestId": "r1"}).data
    assert (row["fromAccountType"], row["toAccountType"]) == ("BINANCE", "OKX")
    newer = request(broker, clientOrderId="c1", amount="2") | older | {"amount": "2"}
    assert broker.call("POST", APPLY, newer).data["clientOrderId"] == "c1"


@pytest.mark.parametrize("account_type", [None, "", "PB", "FUNDING", "LTP", "ltp"])
@pytest.mark.parametrize("named", [True, False])
def test_the_funding_account_has_many_names(
    broker: Broker, account_type: str | None, named: bool
) -> None:
    own = broker.user_id if named else None
    number = apply(broker, toTradeAccountId=own, toAccountType=account_type, amount="7")
    row = broker.call("GET", GET, {"transferId": number}).data
    assert (row["toTradeAccountId"], row["toAccountType"]) == (broker.user_id, "LTP")
    assert balance(broker, broker.user_id, "LTP") == "7"
    apply(
        broker,
        fromTradeAccountId=own,
        fromAccountType=account_type,
        toTradeAccountId=broker.sub_id,
        toAccountType="OKX",
        amount="3",
    )
    assert balance(broker, broker.sub_id, "OKX") == "3"


def test_between_the_exchanges_of_one_portfolio_by_its_own_key(broker: Broker) -> None:
    apply(broker)
    inside = {"fromTradeAccountId": broker.sub_id, "toAccountType": "OKX", "amount": "40"}
    apply(broker, key=broker.sub_key, **inside)
    assert balance(broker, broker.sub_id, "OKX") == "40"
    assert balance(broker, broker.sub_id, "BINANCE") == "60"


# -- lists


def test_list_filters_and_pages(broker: Broker) -> None:
    numbers = []
    for step in range(4):
        broker.clock_ms = NOW_MS + step
        numbers.append(apply(broker, amount=str(step + 1)))
    broker.fund("1", "BTC")
    numbers.append(apply(broker, currency="BTC", amount="0.5"))

    def listed(**params: Any) -> list[int]:
        return [row["transferId"] for row in broker.call("GET", LIST, params).data]

    assert listed() == numbers[::-1]
    assert listed(currency="BTC") == numbers[4:]
    assert listed(status=1) == numbers[::-1]
    assert listed(status=0) == listed(currency="XYZ") == []
    assert listed(startTime=NOW_MS + 1, endTime=NOW_MS + 2) == [numbers[2], numbers[1]]
    assert listed(pageSize=2) == [numbers[4], numbers[3]]
    assert listed(pageSize=2, pageNum=3) == [numbers[0]]
    assert listed(page=9) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"status": "3"}, 400000),
        ({"status": "done"}, 400000),
        ({"startTime": "yesterday"}, 401039),
        ({"endTime": "-1"}, 401040),
        ({"startTime": "2000", "endTime": "1000"}, 400004),
        ({"startTime": str(NOW_MS + DAY_MS)}, 400005),
        ({"pageSize": "1001"}, 400002),
        ({"page": "10001"}, 400003),
        ({"page": "0"}, 400000),
    ],
)
def test_list_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("GET", LIST, params), code)


# -- who sees what


def test_a_portfolio_key_sees_what_concerns_its_portfolio(broker: Broker) -> None:
    seen = apply(broker, clientOrderId="seen")
    hidden = apply(broker, toTradeAccountId=None, toAccountType=None, clientOrderId="hidden")
    rows = broker.call("GET", LIST, key=broker.sub_key).data
    assert [row["transferId"] for row in rows] == [seen]
    assert broker.call("GET", GET, {"transferId": seen}, broker.sub_key).data == rows[0]
    refuses(broker.call("GET", GET, {"transferId": hidden}, broker.sub_key), 403014)
    refuses(broker.call("GET", GET, {"clientOrderId": "hidden"}, broker.sub_key), 403015)


def test_another_user_s_transfers_are_absent(broker: Broker, stranger: tuple[int, str]) -> None:
    _, key = stranger
    number = apply(broker, clientOrderId="mine")
    refuses(broker.call("GET", GET, {"transferId": number}, key), 403014)
    refuses(broker.call("GET", GET, {"clientOrderId": "mine"}, key), 403015)
    assert broker.call("GET", LIST, key=key).data == []


def test_another_user_s_accounts_are_absent(broker: Broker, stranger: tuple[int, str]) -> None:
    portfolio_id, _ = stranger
    other_user = list(broker.state.users)[-1]
    for account_id in (portfolio_id, other_user, 9999999999999999):
        answer = broker.call("POST", APPLY, request(broker, fromTradeAccountId=account_id))
        refuses(answer, 403006)
        refuses(broker.call("POST", APPLY, request(broker, toTradeAccountId=account_id)), 403007)


def test_another_user_may_use_the_same_request_id(
    broker: Broker, stranger: tuple[int, str]
) -> None:
    portfolio_id, key = stranger
    broker.fund("50", to=portfolio_id)
    first = apply(broker, clientOrderId="same")
    other = apply(
        broker,
        key=key,
        clientOrderId="same",
        fromTradeAccountId=portfolio_id,
        toTradeAccountId=portfolio_id,
        toAccountType="OKX",
        amount="1",
    )
    assert first != other


def test_a_portfolio_key_stays_inside_its_portfolio(broker: Broker) -> None:
    def inside(**changes: Any) -> Any:
        own = {"fromTradeAccountId": broker.sub_id, "toAccountType": "OKX"}
        return broker.call("POST", APPLY, request(broker, **(own | changes)), broker.sub_key)

    refuses(inside(fromTradeAccountId=None, fromAccountType=None), 2002)
    refuses(inside(toTradeAccountId=broker.user_id, toAccountType="PB"), 2002)
    refuses(inside(fromTradeAccountId=broker.main_id), 403006)
    refuses(inside(toTradeAccountId=broker.main_id), 403007)


def test_permission(broker: Broker) -> None:
    others = [p for p in Permission if p is not Permission.TRANSFER]
    key = broker.make_key("no-transfer", broker.main_id, others)
    refuses(broker.call("POST", APPLY, request(broker), key), 2002)
    sealed = broker.store.vault.seal(SECRET, "only-transfer")
    broker.do(CreateKey(broker.main_id, "only-transfer", sealed, "t", [Permission.TRANSFER]))
    assert apply(broker, key="only-transfer")


# -- one transfer


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 400009),
        ({"transferId": ""}, 400009),
        ({"transferId": "x"}, 403014),
        ({"transferId": "0"}, 403014),
        ({"transferId": "-5"}, 403014),
        ({"transferId": "1.5"}, 403014),
        ({"transferId": "9" * 30}, 403014),
        ({"transferId": "1000000000000000"}, 403014),
        ({"clientOrderId": "nothing"}, 403015),
        ({"clientOrderId": "a b"}, 403015),
    ],
)
def test_get_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("GET", GET, params), code)


def test_both_ids_must_agree(broker: Broker) -> None:
    number = apply(broker, clientOrderId="a")
    refuses(broker.call("GET", GET, {"transferId": number, "clientOrderId": "b"}), 403014)


# -- repeats


def test_the_same_request_again(broker: Broker) -> None:
    number = apply(broker, clientOrderId="again")
    assert apply(broker, clientOrderId="again", amount="100.00") == number
    assert len(broker.call("GET", LIST).data) == 1
    other = request(broker, clientOrderId="again", amount="99")
    refuses(broker.call("POST", APPLY, other), 403015)


def test_a_used_request_id_with_what_cannot_be_read(broker: Broker) -> None:
    apply(broker, clientOrderId="used")
    for change in ({"amount": "-1"}, {"fromAccountType": "FTX"}, {"toTradeAccountId": "abc"}):
        answer = broker.call("POST", APPLY, request(broker, clientOrderId="used", **change))
        refuses(answer, 403015)


# -- the order of the codes


def wrongs(broker: Broker) -> list[tuple[int, tuple[str, ...], Json]]:
    """Each way for a transfer to be wrong, in the order of its codes (errors 4)."""
    main, sub = str(broker.main_id), str(broker.sub_id)
    nobody = "9999999999999999"
    return [
        (403016, (), {"clientOrderId": "a" * 64}),
        (403015, (), {"clientOrderId": ""}),
        (403015, (), {"clientOrderId": "a b"}),
        (403015, (), {"clientOrderId": "used"}),
        (403000, (), {"fromTradeAccountId": "", "toTradeAccountId": ""}),
        (403001, (), {"fromTradeAccountId": "abc"}),
        (403002, (), {"toTradeAccountId": "12345"}),
        (403003, (), {"fromAccountType": "FTX"}),
        (403003, (), {"fromAccountType": None}),
        (403004, (), {"toAccountType": "PB"}),
        (
            403008,
            (),
            {
                "fromTradeAccountId": str(broker.user_id),
                "toTradeAccountId": "",
                "fromAccountType": "PB",
                "toAccountType": "PB",
            },
        ),
        (
            403009,
            (),
            {
                "fromTradeAccountId": main,
                "toTradeAccountId": main,
                "fromAccountType": "OKX",
                "toAccountType": "OKX",
            },
        ),
        (403005, (), {"amount": "-1"}),
        (403005, (), {"amount": None}),
        (403006, (), {"fromTradeAccountId": nobody}),
        (403007, (), {"toTradeAccountId": "9999999999999998"}),
        (403010, (), {"currency": "XYZ"}),
        (403011, ("6",), {"amount": "1.123456789"}),
        (403012, ("0.01",), {"amount": "0.00001"}),
        (401035, (), {"currency": "ETH"}),
        (403013, ("100000",), {"amount": "100001"}),
        (401066, (), {"toAccountType": "EDX"}),
        # One that is right stands last, so that each wrong one is also tried alone.
        (0, (), {"toTradeAccountId": sub}),
    ]


def compatible(first: Json, second: Json) -> bool:
    """Whether a request can be wrong in both ways: they change different fields."""
    return not first.keys() & second.keys()


def test_the_first_wrong_thing_is_told(broker: Broker) -> None:
    apply(broker, clientOrderId="used", amount="1", toTradeAccountId=None, toAccountType=None)
    apply(broker, amount="1", toTradeAccountId=None, toAccountType=None)
    broker.fund("2")  # what the two above took
    tried = 0
    for first, second in combinations(wrongs(broker), 2):
        if compatible(first[2], second[2]):
            answer = broker.call("POST", APPLY, request(broker, **(first[2] | second[2])))
            refuses(answer, first[0], *_arguments(first, second))
            tried += 1
    assert tried > 120


def _arguments(first: Any, second: Any) -> tuple[str, ...]:
    """What fills the first one's text: precision and minimum are those of the coin asked for."""
    if second[2].get("currency") == "ETH":
        return {403011: ("8",), 403012: ("0.0001",)}.get(first[0], first[1])
    arguments: tuple[str, ...] = first[1]
    return arguments


def test_numbers_and_wrong_types(broker: Broker) -> None:
    body = request(broker, fromTradeAccountId=broker.main_id, amount=12.5)
    assert broker.call("POST", APPLY, body).json["code"] == 200
    for wrong in ({"amount": True}, {"amount": ["1"]}, {"fromTradeAccountId": {}}):
        refuses(broker.call("POST", APPLY, request(broker) | wrong), 400000)
    refuses(broker.call("POST", APPLY, request(broker, rapidTransfer="perhaps")), 400000)
    assert broker.call("POST", APPLY, request(broker, rapidTransfer=True)).json["code"] == 200
    assert broker.call("POST", APPLY, request(broker, rapidTransfer="true")).json["code"] == 200


# -- under way


def test_a_transfer_that_takes_its_time() -> None:
    broker = Broker(desk_settings=DeskSettings(transfer_delay_ms=5000))
    try:
        broker.fund()
        number = apply(broker)
        assert broker.call("GET", GET, {"transferId": number}).data["status"] == 0
        (row,) = broker.call(
            "GET", "/api/v1/asset/getAccountCurrencyInfo", {"accountId": str(broker.main_id)}
        ).data[:1]
        (info,) = row["assetInfo"]
        assert (info["available"], info["frozen"], info["totalBalance"]) == (
            "99900",
            "100",
            "100000",
        )
        broker.clock_ms += 5000
        broker.do(RunAgenda())
        assert broker.call("GET", GET, {"transferId": number}).data["status"] == 1
        assert broker.call("GET", LIST, {"status": 1}).data[0]["transferId"] == number
        assert balance(broker, broker.sub_id, "BINANCE") == "100"
    finally:
        broker.close()


# -- rapid pool


@pytest.mark.parametrize(
    ("pool", "coin", "available"),
    [
        ("Binance", "USDT", "5000000"),
        ("OKX", "USDT", "5000000"),
        ("Unifiedpool", "USDT", "5000000"),
        ("Gate", "USDT", "0"),
        ("Binance", "BTC", "0"),
    ],
)
def test_rapid_pool(broker: Broker, pool: str, coin: str, available: str) -> None:
    answer = broker.call("GET", f"{T}rapidPool", {"pool": pool, "currency": coin})
    assert answer.json == {"code": 200, "message": "success", "data": {"available": available}}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"currency": "USDT"}, 400009),
        ({"pool": "Binance"}, 400009),
        ({"pool": "FTX", "currency": "USDT"}, 400000),
        ({"pool": "OKX", "currency": "XYZ"}, 403010),
    ],
)
def test_rapid_pool_refusals(broker: Broker, params: Json, code: int) -> None:
    refuses(broker.call("GET", f"{T}rapidPool", params), code)


def test_success_envelope(broker: Broker) -> None:
    answer = broker.call("POST", APPLY, request(broker))
    assert json.loads(answer.body)["code"] == 200
    assert answer.json["message"] == "success"
