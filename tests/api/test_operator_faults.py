"""Faults at the edge: kinds, matching, counts, and codes at their station (errors 7)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from openprime.api.faults import FaultBoard, Told
from openprime.desk.switches import FaultKind
from openprime.errors import message
from tests.api.kit import BTC, ORDER, Answer, Broker, Json, Unanswered, base_order, refuses

ORDERS = "/api/v1/trading/orders"
LEVERAGE = "/api/v1/trading/position/leverage"

# Codes that a new order can be answered with, one or more of each stage.
STAGES = (
    *(400012, 501, 100018, 2000, 100041, 2002, 401022, 7000, 400000, 401002, 401051),
    *(401009, 401010, 401011, 401031, 401045, 401061, 401054, 401058, 401055, 401057),
    *(401052, 401066, 400010),
)


@pytest.fixture
def funded(broker: Broker) -> Broker:
    broker.fund()
    return broker


def force(broker: Broker, code: int, **members: Any) -> str:
    """Arm force_code; returns the fault's id."""
    args = {"code": code, "placeholders": members.pop("placeholders", [])}
    data = broker.admin("POST", "faults", kind="force_code", args=args, **members).data
    return str(data["faultId"])


def arm(broker: Broker, kind: str, **members: Any) -> str:
    return str(broker.admin("POST", "faults", kind=kind, **members).data["faultId"])


def place(broker: Broker, **changes: Any) -> Answer:
    return broker.call("POST", ORDER, base_order(**changes))


def unfit(answer: Answer) -> str:
    assert answer.json["code"] == 400000, answer.json
    assert answer.json["message"] == "Invalid Parameter, please check api doc"
    return str(answer.json["data"]["detail"])


def standing(broker: Broker) -> list[Json]:
    found: list[Json] = broker.admin("GET", "faults").data
    return found


@pytest.mark.parametrize("code", STAGES)
def test_each_stage_of_an_order(funded: Broker, code: int) -> None:
    force(funded, code)
    before = funded.state_bytes()
    refuses(place(funded), code)
    assert funded.state_bytes() == before
    assert place(funded).json["code"] == 200000


def test_statuses_of_their_own(funded: Broker) -> None:
    force(funded, 500)
    answer = place(funded)
    assert (answer.status, answer.json) == (
        500,
        {"code": 500, "message": "Server Error", "data": {}},
    )
    force(funded, 100429)
    refuses(place(funded), 100429, status=429)


@pytest.mark.parametrize(
    ("code", "natural", "changes"),
    [
        (401011, 401002, {"side": "HOLD"}),
        (401002, 401001, {"clientOrderId": "a" * 64}),
        (401058, 401011, {"sym": "BINANCE_PERP_FAKE_USDT"}),
        (401045, 401013, {"orderQty": "0.0100001"}),
        (401066, 401058, {"orderQty": "100"}),
    ],
)
def test_what_is_found_earlier_is_answered_first(
    funded: Broker, code: int, natural: int, changes: Json
) -> None:
    force(funded, code)
    refuses(place(funded, **changes), natural)
    refuses(place(funded), code)


@pytest.mark.parametrize(
    ("code", "natural", "changes"),
    [
        (401003, 401002, {"side": "HOLD"}),
        (2000, 100018, {}),
        (401061, 401046, {"sym": "OKX_PERP_BTC_USDT", "orderQty": "1"}),
    ],
)
def test_and_within_a_stage(funded: Broker, code: int, natural: int, changes: Json) -> None:
    """A forced code wins over what its stage finds later, and no other."""
    force(funded, code)
    if code == 401061:
        refuses(place(funded, **changes), code)
        return
    key = "nobody" if code == 2000 else None
    refuses(funded.call("POST", ORDER, base_order(**changes), key), natural)
    refuses(place(funded), code)


@pytest.mark.parametrize(
    ("code", "state"), [(401058, "FAIL"), (401057, "FAIL"), (401066, "REJECT"), (400010, "REJECT")]
)
def test_later_answers_end_the_order(funded: Broker, code: int, state: str) -> None:
    force(funded, code)
    order_id = place(funded, syncMode="false").data["orderId"]
    row = funded.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["orderState"], row["reason"]) == (state, message(code))


def test_what_only_a_push_tells(funded: Broker) -> None:
    told = ["0.01", "BUY", "60000", "1", "0.02"]
    force(funded, 401068, placeholders=told)
    assert funded.call("GET", ORDERS).json["code"] == 200000
    order_id = place(funded).data["orderId"]
    row = funded.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["orderState"], row["reason"]) == ("CANCELLED", message(401068, tuple(told)))
    assert standing(funded) == []


def test_other_commands_and_reads(funded: Broker) -> None:
    order_id = funded.place()
    named = {"orderId": order_id}
    for method, path, params, code in (
        ("DELETE", ORDER, named, 401019),
        ("PUT", ORDER, named | {"replacePrice": "59000"}, 401059),
        ("POST", LEVERAGE, {"sym": BTC, "leverage": "3"}, 401043),
        ("DELETE", "/api/v1/trading/position", {"sym": BTC}, 401032),
        ("GET", ORDER, named, 401018),
        ("GET", ORDERS, {}, 400001),
    ):
        force(funded, code)
        before = funded.state_bytes()
        refuses(funded.call(method, path, params), code)
        assert funded.state_bytes() == before
    assert funded.call("GET", ORDER, named).data["orderState"] == "OPEN"


@pytest.mark.parametrize(
    ("match", "meets", "passes"),
    [
        ({"apiKey": "sub-key"}, {"key": "sub-key"}, {}),
        ({"sym": "BINANCE_PERP_ETH_USDT"}, {"sym": "BINANCE_PERP_ETH_USDT"}, {"sym": BTC}),
        ({"path": ORDERS}, {}, {"path": "/api/v1/trading/position"}),
        ({"method": "get", "path": ORDERS}, {}, {"path": "/api/v1/trading/position"}),
    ],
)
def test_matching(broker: Broker, match: Json, meets: Json, passes: Json) -> None:
    force(broker, 400012, match=match)
    for asked, code in ((passes, 200000), (meets, 400012)):
        params = {"sym": asked["sym"]} if "sym" in asked else {}
        answer = broker.call("GET", asked.get("path", ORDERS), params, asked.get("key"))
        assert answer.json["code"] == code


def test_matching_by_portfolio(broker: Broker) -> None:
    force(broker, 401069, match={"portfolioId": broker.sub_id}, count=2)
    assert broker.call("GET", ORDERS).json["code"] == 200000
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 401069)
    force(broker, 100002, match={"portfolioId": broker.sub_id})
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 100002)


def test_counts_and_times_to_live(broker: Broker) -> None:
    force(broker, 400012, count=2, ttlMs=1000)
    force(broker, 401069, count=0, ttlMs=5000)
    (first, second) = standing(broker)
    assert (first["remaining"], second["remaining"]) == (2, None)
    refuses(broker.call("GET", ORDERS), 400012)
    assert standing(broker)[0]["remaining"] == 1
    broker.clock_ms += 1000
    for _ in range(5):
        refuses(broker.call("GET", ORDERS), 401069)
    assert [row["code"] for row in standing(broker)] == [401069]
    broker.clock_ms += 4000
    assert broker.call("GET", ORDERS).json["code"] == 200000
    broker.services.faults.on_timer(broker.clock_ms)
    assert not broker.services.faults.armed


def test_taking_faults_away(broker: Broker) -> None:
    first, second = force(broker, 400012), force(broker, 501)
    assert broker.admin("DELETE", "faults", faultId=first).data == {}
    assert [row["faultId"] for row in standing(broker)] == [second]
    assert "found 7" in unfit(broker.admin("DELETE", "faults", faultId="7"))
    broker.admin("DELETE", "faults")
    assert standing(broker) == []
    assert not broker.services.faults.armed


def test_chance_is_drawn_from_its_seed(broker: Broker) -> None:
    def outcomes() -> list[int]:
        force(broker, 400012, count=0, chance="0.5", seed=7)
        found = [broker.call("GET", ORDERS).json["code"] for _ in range(40)]
        broker.admin("DELETE", "faults")
        return found

    first = outcomes()
    assert first == outcomes()
    assert 10 < first.count(400012) < 30


def test_a_restart_gives_the_whole_count_again(broker: Broker) -> None:
    force(broker, 400012, count=3)
    refuses(broker.call("GET", ORDERS), 400012)
    again = FaultBoard(lambda: broker.state.faults, lambda: broker.clock_ms)
    (fault,) = again.standing(broker.clock_ms)
    assert (fault.remaining, again.armed) == (3, True)


def test_user_id_of_the_gateway(broker: Broker) -> None:
    for way in ("missing", "malformed", "unknown"):
        arm(broker, "gateway.user_id", args={"userId": way})
        refuses(broker.call("GET", ORDERS), 401022)


def test_stale_cache(broker: Broker) -> None:
    assert broker.call("GET", ORDERS, key=broker.sub_key).json["code"] == 200000
    arm(broker, "gateway.stale_cache")
    broker.admin("POST", "keys/delete", accessKey=broker.sub_key)
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 401022)
    broker.clock_ms += 30_000
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), 100018)


def test_simple_kinds(funded: Broker) -> None:
    for kind, code in (("gateway.core_down", 501), ("refdata.loading", 400012)):
        arm(funded, kind)
        refuses(funded.call("GET", ORDERS), code)
    arm(funded, "venue.reject")
    refuses(place(funded), 400010)
    arm(funded, "venue.reject", args={"code": 401052})
    order_id = place(funded, syncMode="false").data["orderId"]
    row = funded.call("GET", ORDER, {"orderId": order_id}).data
    assert (row["orderState"], row["reason"]) == ("REJECT", message(401052))


def test_order_lock(funded: Broker) -> None:
    first, second = funded.place(), funded.place()
    arm(funded, "oms.lock", args={"orderId": second})
    assert funded.call("DELETE", ORDER, {"orderId": first}).json["code"] == 200000
    refuses(funded.call("DELETE", ORDER, {"orderId": second}), 400011)


def test_race_of_a_fill_and_a_change(funded: Broker) -> None:
    order_id = funded.place()
    arm(funded, "ledger.race_fill")
    named = {"orderId": order_id, "replacePrice": "59000"}
    refuses(funded.call("PUT", ORDER, named), 401057)
    assert funded.call("PUT", ORDER, named).json["code"] == 200000


def test_latency_of_the_venue(funded: Broker) -> None:
    distances: list[int] = []
    funded.services.faults.move_venue(distances.append)
    fault = arm(funded, "venue.latency", args={"ms": 2000}, ttlMs=10_000)
    assert place(funded).json["code"] == 200000
    funded.admin("DELETE", "faults", faultId=fault)
    arm(funded, "venue.latency", args={"ms": 3000}, ttlMs=10_000)
    funded.clock_ms += 10_000
    funded.services.faults.on_timer(funded.clock_ms)
    assert distances == [0, 2000, 0, 3000, 0]


def test_a_request_that_is_lost_and_an_answer(funded: Broker) -> None:
    before = funded.state_bytes()
    for kind, done in (("request.lost", False), ("answer.lost", True)):
        fault = arm(funded, kind, match={"path": ORDER, "method": "POST"}, count=1)
        assert funded.call("GET", ORDERS).json["code"] == 200000
        with pytest.raises(Unanswered):
            place(funded, clientOrderId=kind.replace(".", "-"))
        assert fault not in [row["faultId"] for row in standing(funded)]
        assert len(funded.call("GET", ORDERS).data["list"]) == done
    assert funded.state_bytes() != before


def test_a_request_that_comes_twice_is_done_twice(funded: Broker) -> None:
    arm(funded, "request.doubled", match={"sym": BTC})
    assert place(funded).json["code"] == 200000
    assert len(funded.call("GET", ORDERS).data["list"]) == 2
    arm(funded, "request.doubled")
    refuses(place(funded, clientOrderId="once"), 401009)
    assert len(funded.call("GET", ORDERS).data["list"]) == 3


def test_both_of_a_doubled_request_meet_what_else_stands(funded: Broker) -> None:
    arm(funded, "request.doubled")
    force(funded, 400012, count=3)
    refuses(place(funded), 400012)
    assert [row["remaining"] for row in standing(funded)] == [1]


def test_a_venue_that_is_down_is_further_than_any_deadline(broker: Broker) -> None:
    arm(broker, "venue.down", ttlMs=5)
    told = Told()
    assert broker.services.faults.latency_ms(told) == math.inf
    broker.clock_ms += 5
    assert broker.services.faults.latency_ms(told) == 0


def test_the_rows_of_faults_say_how(broker: Broker) -> None:
    arm(broker, "venue.reports", args={"how": "late", "lateMs": 30}, match={"sym": BTC})
    arm(broker, "disk.fail", args={"how": "slow", "ms": 7}, count=0)
    arm(broker, "process.crash", args={"when": "after_commit"})
    arm(broker, "venue.reports")
    rows = standing(broker)
    assert [(row["how"], row["latencyMs"], row["count"]) for row in rows] == [
        ("late", 30, 1),
        ("slow", 7, 0),
        ("after_commit", 0, 1),
        ("", 0, 1),
    ]


def test_who_watches_a_kind_is_told_of_every_change(broker: Broker) -> None:
    told: list[bool] = []
    board = broker.services.faults
    board.watch(FaultKind.PROCESS_CRASH, told.append, how="now")
    arm(broker, "process.crash", args={"when": "before_commit"})
    first = arm(broker, "process.crash", args={"when": "now"}, ttlMs=10)
    arm(broker, "process.crash", args={"when": "now"})
    broker.admin("DELETE", "faults", faultId=first)
    assert told == [False, True]
    assert board.strike(FaultKind.PROCESS_CRASH, how="now")
    assert told == [False, True, False]
    assert board.strike(FaultKind.PROCESS_CRASH, how="now") is None


def test_what_stays_meets_a_fault_once_whatever_is_drawn(broker: Broker) -> None:
    struck: list[str] = []
    board, known = broker.services.faults, set[int]()
    board.on_struck = lambda fault: struck.append(fault.kind)
    mine = Told(access_key="mine")
    arm(broker, "socket.drop", match={"apiKey": "mine"}, chance="0.01", seed=1)
    assert board.strike_once(FaultKind.SOCKET_DROP, Told(), known) is None
    assert not known
    for _ in range(1000):
        assert board.strike_once(FaultKind.SOCKET_DROP, mine, known) is None
    arm(broker, "socket.drop", count=0)
    assert board.strike_once(FaultKind.SOCKET_DROP, mine, known)
    assert board.strike_once(FaultKind.SOCKET_DROP, mine, known) is None
    assert struck == ["socket.drop"]


@pytest.mark.parametrize(
    ("kind", "match", "args", "code"),
    [
        ("key.freeze", {"apiKey": "sub-key"}, {}, 100041),
        ("portfolio.close", {"portfolioId": "sub"}, {}, 100001),
    ],
)
def test_kinds_that_change_state(
    broker: Broker, kind: str, match: Json, args: Json, code: int
) -> None:
    if "portfolioId" in match:
        match = {"portfolioId": broker.sub_id}
    assert broker.admin("POST", "faults", kind=kind, match=match, args=args).data == {}
    refuses(broker.call("GET", ORDERS, key=broker.sub_key), code)


def test_state_of_orders_and_prices(funded: Broker) -> None:
    match = {"portfolioId": funded.main_id}
    account = match | {"exchange": "BINANCE"}
    funded.admin("POST", "faults", kind="portfolio.forbid", match=match)
    refuses(place(funded), 401061)
    funded.admin("POST", "faults", kind="portfolio.forbid", match=match, args={"forbidden": False})
    funded.admin("POST", "faults", kind="risk.override", args=account | {"state": "CANCEL_ALL"})
    refuses(place(funded), 401045)
    funded.admin("POST", "accounts/status", **account)
    funded.admin("POST", "faults", kind="mark.set", match={"sym": BTC}, args={"price": 30000})
    refuses(place(funded), 401012)
    user = {"userId": funded.user_id, "status": "SUSPENDED"}
    funded.admin("POST", "faults", kind="user.status", args=user)
    refuses(place(funded), 100002)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"kind": "boom"}, "expected kind to be one of force_code, gateway.user_id"),
        ({"kind": "force_code"}, "args: Object missing required field `code`"),
        ({"kind": "force_code", "args": {"code": 1}}, "found 1"),
        (
            {"kind": "force_code", "args": {"code": 403013}},
            "expected 1 texts of at most 200 characters in args.placeholders for 403013, found 0",
        ),
        ({"kind": "refdata.loading", "count": -1}, "expected count from 0"),
        ({"kind": "refdata.loading", "ttlMs": -1}, "expected ttlMs from 0"),
        ({"kind": "refdata.loading", "chance": "1.5"}, "expected chance above 0 and at most 1"),
        ({"kind": "refdata.loading", "match": {"key": "x"}}, "unknown field `key` - at `$.match`"),
        ({"kind": "refdata.loading", "args": {"x": 1}}, "args: Object contains unknown field `x`"),
        ({"kind": "venue.latency", "args": {"ms": 0}}, "expected args.ms from 1"),
        ({"kind": "venue.reject", "args": {"code": 401002}}, "expected args.code to be one of"),
        ({"kind": "gateway.user_id", "args": {"userId": "x"}}, "missing or malformed or unknown"),
        ({"kind": "venue.reports", "args": {"how": "x"}}, "lost or late or doubled or repeated"),
        ({"kind": "venue.reports", "args": {"lateMs": -1}}, "expected args.lateMs from 1 to"),
        (
            {"kind": "venue.reports", "match": {"path": "/x"}},
            "expected match of venue.reports to name portfolioId or sym, found path",
        ),
        (
            {"kind": "venue.down", "match": {"sym": BTC}},
            "expected match of venue.down to name nothing, found sym",
        ),
        ({"kind": "venue.down", "count": 1}, "expected neither count nor chance of venue.down"),
        ({"kind": "venue.down", "chance": "0.5"}, "expected neither count nor chance of venue"),
        ({"kind": "socket.stall", "args": {"ms": 0}}, "expected args.ms from 1 to 600000, found 0"),
        (
            {"kind": "socket.drop", "match": {"sym": BTC}},
            "expected match of socket.drop to name apiKey or portfolioId or path, found sym",
        ),
        ({"kind": "disk.fail"}, "args: Object missing required field `how`"),
        ({"kind": "disk.fail", "args": {"how": "x"}}, "args.how to be full or failed or slow"),
        ({"kind": "disk.fail", "args": {"how": "slow"}}, "expected args.ms from 1 to"),
        (
            {"kind": "disk.fail", "args": {"how": "full", "ms": 3}},
            "expected args.ms of a slow disk alone, found 3 of full",
        ),
        (
            {"kind": "process.crash", "args": {"when": "later"}},
            "expected args.when to be before_commit or after_commit or now, found 'later'",
        ),
        (
            {"kind": "process.crash", "args": {"when": "now"}, "match": {"sym": BTC}},
            "expected match of process.crash to name nothing, found sym",
        ),
        ({"kind": "key.freeze", "count": 3}, "expected neither count, ttlMs nor chance"),
        ({"kind": "key.freeze", "match": {"path": "/x"}}, "expected match of key.freeze"),
        ({"kind": "key.freeze"}, "args: Object missing required field `accessKey`"),
    ],
)
def test_bad_faults_are_told_in_one_line(broker: Broker, members: Json, told: str) -> None:
    detail = unfit(broker.admin("POST", "faults", **members))
    assert told in detail
    assert "\n" not in detail
    assert standing(broker) == []


def test_every_kind_of_the_catalogue_is_there() -> None:
    from openprime.api.operator.fault_kinds import KINDS

    assert set(KINDS) == set(FaultKind)


def test_faults_that_are_used_up_make_room_for_more(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("desk.switching", "api.operator.faults"):
        monkeypatch.setattr(f"openprime.{module}.FAULTS_MAX", 1)
    force(broker, 400012)
    more = {"kind": "force_code", "args": {"code": 400012}}
    assert unfit(broker.admin("POST", "faults", **more)) == (
        "expected at most 1 faults, found one more; take some away first"
    )
    refuses(broker.call("GET", ORDERS), 400012)
    fresh = force(broker, 400012)
    assert [row["faultId"] for row in standing(broker)] == [fresh]
    assert list(broker.state.faults) == [int(fresh)]
    codes = [row["code"] for row in broker.admin("GET", "audit").data["list"]]
    assert codes == [200, 400000, 200], "newest first, one row an action"
