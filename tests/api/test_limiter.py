"""Budgets of calls, by a driven clock: windows, headers, order, and the table's numbers
(errors 4, resolutions 86, 196 to 199, T5).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.api.edge.limiter import Limiter
from openprime.api.endpoints import ENDPOINTS, Endpoint
from openprime.api.sockets.limits import SUBJECTS_MAX, Pace, SlidingWindow
from openprime.errors import message
from tests.api.kit import ORDER, Answer, Broker, base_order, refuses
from tests.api.socket_kit import in_loop, logged_in, private_socket

ORDERS = "/api/v1/trading/orders"
MARK = "/api/v1/market/markPrice"
ACCOUNT = "/api/v1/trading/account"
STATUS = "/api/v1/system/status"
ADDRESS_CALLS = 60_000
PACED_CALLS = 10_000


def limit(broker: Broker, contest: bool = False, address_calls: int = ADDRESS_CALLS) -> None:
    broker.services.limiter = Limiter(contest, lambda: broker.clock_ms / 1000, address_calls)


@pytest.fixture
def limited() -> Iterator[Broker]:
    """A broker under the production profile; its clock stands still unless a test moves it."""
    broker = Broker()
    broker.fund()
    limit(broker)
    yield broker
    broker.close()


def told(answer: Answer) -> tuple[int, int, int, int]:
    """Limit, used, remaining and reset as the headers tell them."""
    names = ("limit", "used", "remaining", "reset")
    limit, used, remaining, reset = (int(answer.headers[f"x-ratelimit-{name}"]) for name in names)
    return limit, used, remaining, reset


# -- the window


@given(
    st.integers(1, 5),
    st.integers(1, 20),
    st.lists(st.integers(0, 12), max_size=60),
)
def test_window_against_a_naive_model(calls_max: int, seconds: int, gaps: list[int]) -> None:
    window = SlidingWindow(calls_max, seconds)
    accepted: list[int] = []
    now = 0
    for gap in gaps:
        now += gap
        inside = [at for at in accepted if at > now - seconds]
        spent = window.spend(now)
        assert spent.refused == (len(inside) >= calls_max)
        if not spent.refused:
            accepted.append(now)
            inside.append(now)
        assert (spent.used, spent.remaining) == (len(inside), calls_max - len(inside))
        free = 0 if len(inside) < calls_max else min(inside) + seconds - now
        assert spent.wait_seconds == free
        assert window.idle(now) == (not inside)


@given(st.integers(1, 4), st.integers(1, 9), st.lists(st.integers(0, 30), max_size=40))
def test_who_waits_as_told_is_let_in(calls_max: int, seconds: int, gaps: list[int]) -> None:
    window = SlidingWindow(calls_max, seconds)
    now, wait = 0, 0
    for gap in gaps:
        now += max(gap, wait)
        spent = window.spend(now)
        assert not spent.refused
        wait = spent.wait_seconds


def test_subjects_are_counted_apart_and_forgotten_when_idle() -> None:
    clock = [0.0]
    pace = Pace(1, 10.0, lambda: clock[0])
    assert pace.take("a")
    assert pace.take("b")
    assert not pace.take("a")
    clock[0] = 10.0
    assert pace.take("c")
    assert len(pace) == 1


def test_memory_is_bounded_whoever_calls() -> None:
    pace = Pace(1, 10.0, lambda: 0.0)
    for number in range(SUBJECTS_MAX + 100):
        assert pace.take(str(number))
    assert len(pace) <= SUBJECTS_MAX
    assert not pace.take(str(SUBJECTS_MAX + 99))
    assert pace.take("0"), "the one seen least lately was forgotten"


# -- over REST


def test_every_limited_answer_tells_the_budget(limited: Broker) -> None:
    assert told(limited.call("GET", ORDERS)) == (1200, 1, 1199, 0)
    assert told(limited.call("GET", ORDERS, {"page": "x"})) == (1200, 2, 1198, 0)
    assert told(limited.call("POST", ORDER, base_order())) == (1200, 1, 1199, 0)


def test_call_beyond_the_budget(limited: Broker) -> None:
    assert told(limited.call("GET", ACCOUNT)) == (2, 1, 1, 0)
    limited.clock_ms += 400
    assert told(limited.call("GET", ACCOUNT)) == (2, 2, 0, 1)
    for _ in range(3):
        answer = limited.call("GET", ACCOUNT)
        refuses(answer, 100429, status=429)
        assert told(answer) == (2, 2, 0, 1)
        assert answer.headers["retry-after"] == "1"
    limited.clock_ms += 600
    assert told(limited.call("GET", ACCOUNT)) == (2, 2, 0, 1)
    refuses(limited.call("GET", ACCOUNT), 100429, status=429)


def test_waiting_is_told_in_whole_seconds(limited: Broker) -> None:
    limit(limited, contest=True)
    limited.call("GET", ACCOUNT)
    limited.clock_ms += 1
    answer = limited.call("GET", ACCOUNT)
    assert (answer.headers["x-ratelimit-reset"], answer.headers["retry-after"]) == ("3", "3")
    limited.clock_ms += 2999
    assert limited.call("GET", ACCOUNT).status == 200


def test_keys_and_routes_have_budgets_of_their_own(limited: Broker) -> None:
    for _ in range(2):
        assert limited.call("GET", ACCOUNT).status == 200
    assert limited.call("GET", ACCOUNT).status == 429
    assert limited.call("GET", ACCOUNT, key=limited.sub_key).status == 200
    assert limited.call("GET", ORDERS).status == 200


def test_unsigned_calls_spend_the_budget_of_their_address(limited: Broker) -> None:
    for _ in range(15):
        assert limited.send("GET", MARK).status == 200
    refuses(limited.send("GET", MARK), 100429, status=429)
    assert limited.send("GET", MARK, client="192.0.2.1").status == 200
    assert limited.call("GET", MARK).status == 200


def test_budget_comes_after_the_caller_and_before_the_syntax(limited: Broker) -> None:
    limit(limited, contest=True)
    assert limited.call("POST", ORDER, {"side": "?"}).json["code"] == 401002
    refuses(limited.call("POST", ORDER, {"side": "?"}), 100429, status=429)
    unsigned = limited.headers("", signature="0" * 64)
    refuses(limited.send("POST", ORDER, unsigned, body=b"{}"), 2000)


def test_who_is_not_let_in_spends_no_budget_of_a_key(limited: Broker) -> None:
    wrong = limited.headers("", signature="0" * 64)
    for _ in range(5):
        refuses(limited.send("GET", ACCOUNT, wrong), 2000)
    assert told(limited.call("GET", ACCOUNT)) == (2, 1, 1, 0)


def test_route_without_a_limit(limited: Broker) -> None:
    row = limited.app.endpoints["GET", STATUS]
    assert row.limits.production.text == "none"
    for _ in range(30):
        answer = limited.call("GET", STATUS)
    assert told(answer) == (ADDRESS_CALLS, 30, ADDRESS_CALLS - 30, 0)


def test_address_has_one_budget_for_all_routes(limited: Broker) -> None:
    limit(limited, address_calls=3)
    wrong = limited.headers("", signature="0" * 64)
    assert told(limited.send("GET", ACCOUNT, wrong)) == (3, 1, 2, 0)
    assert told(limited.call("GET", ORDERS)) == (3, 2, 1, 0)
    limited.clock_ms += 20_000
    assert told(limited.call("GET", ORDERS)) == (3, 3, 0, 40)
    answer = limited.send("GET", ORDERS, wrong)
    refuses(answer, 100429, status=429)
    assert answer.headers["retry-after"] == "40"
    assert limited.send("GET", ORDERS, wrong, client="192.0.2.1").status == 200
    assert limited.send("GET", "/health").status == 200
    limit(limited, address_calls=0)
    assert told(limited.call("GET", ORDERS)) == (1200, 1, 1199, 0)


def test_without_a_limiter_nothing_is_counted_or_told(limited: Broker) -> None:
    limited.services.limiter = None
    for _ in range(5):
        answer = limited.call("GET", ACCOUNT)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


# -- over the private socket


@pytest.mark.parametrize(
    ("action", "method", "path"),
    [
        ("place_order", "POST", ORDER),
        ("replace_order", "PUT", ORDER),
        ("cancel_order", "DELETE", ORDER),
        ("cancel_orders", "DELETE", "/api/v1/trading/cancelAll"),
    ],
)
def test_action_spends_the_budget_of_its_twin(
    limited: Broker, action: str, method: str, path: str
) -> None:
    limit(limited, contest=True)
    calls = limited.app.endpoints[method, path].limits.contest.calls
    for _ in range(calls - 1):
        limited.call(method, path, {"exchangeType": "?"})

    @in_loop
    async def act(broker: Broker) -> None:
        peer = await logged_in(broker, private_socket(broker))
        frame = {"id": "1", "action": action, "args": {"exchangeType": "?"}}
        assert (await peer.ask(frame))["code"] != 100429
        assert await peer.ask(frame) == {
            "id": "1",
            "event": action,
            "code": 100429,
            "msg": message(100429),
            "data": None,
        }
        # What is no frame, and who may not act, comes before the budget.
        assert (await peer.ask({"id": "1", "action": action}))["code"] == 601008
        await peer.leave()

    act(limited)
    refuses(limited.call(method, path), 100429, status=429)


# -- clients


def test_client_that_paces_itself_by_the_headers_is_never_refused(limited: Broker) -> None:
    """As a client does that sends whatever it may, and then waits as long as it is told."""
    limit(limited, contest=True)
    wait_until_ms = dict.fromkeys((ORDERS, MARK, ACCOUNT), 0)

    async def call_all() -> None:
        for number in range(PACED_CALLS):
            path = ACCOUNT if number % 50 == 0 else MARK if number % 7 == 0 else ORDERS
            limited.clock_ms = max(limited.clock_ms + 3, wait_until_ms[path])
            signed = limited.headers(f"&{limited.nonce}")
            answer = await limited._send("GET", path, signed, "", b"", "127.0.0.1")
            assert answer.status == 200, number
            wait_until_ms[path] = limited.clock_ms + 1000 * told(answer)[3]

    limited.runner.run(call_all())


@pytest.mark.parametrize("path", [ORDERS, MARK, ACCOUNT])
@pytest.mark.parametrize("contest", [False, True])
def test_client_that_does_not_is_refused_from_the_right_call_on(
    limited: Broker, path: str, contest: bool
) -> None:
    limit(limited, contest)
    limits = limited.app.endpoints["GET", path].limits
    calls = (limits.contest if contest else limits.production).calls
    statuses = [limited.call("GET", path).status for _ in range(calls + 10)]
    assert statuses == [200] * calls + [429] * 10


# -- the table

# Production and contest of every row that has a budget of its own (resolutions T5).
NUMBERS = {
    "POST trading/order": "1200/60 1/5",
    "PUT trading/order": "300/60 1/5",
    "DELETE trading/order": "1200/60 240/60",
    "GET trading/order": "1200/60 240/60",
    "GET trading/orders": "1200/60 240/60",
    "DELETE trading/cancelAll": "50/10 10/10",
    "DELETE trading/position": "50/10 10/10",
    "POST trading/account": "50/10 10/10",
    "DELETE trading/positions": "3/10 1/10",
    "GET trading/history/orders": "30/10 6/10",
    "GET trading/archive/history/orders": "30/10 6/10",
    "GET trading/history/position": "30/10 6/10",
    "GET trading/position": "300/60 60/60",
    "POST trading/position/leverage": "30/1 6/1",
    "GET trading/perp/leverage": "20/1 6/1",
    "GET trading/margin/leverage": "100/10 20/10",
    "POST trading/margin/leverage": "100/10 20/10",
    "GET trading/account": "2/1 1/3",
    "GET trading/executions": "5/10 1/10",
    "GET trading/executions/pageable": "5/10 1/10",
    "GET trading/archive/executions/pageable": "5/10 1/10",
    "GET trading/statement": "100/60 20/60",
    "GET trading/user/portfolio/tradingstats": "10/3600 2/3600",
    "GET trading/sym/info": "15/10 3/10",
    "GET market/fundingRate": "15/10 3/10",
    "GET market/markPrice": "15/10 3/10",
    "GET trading/userFeeRate": "3/10 1/20",
    "GET trading/positionBracket": "3/10 1/20",
    "GET trading/broker/positionBracket": "3/10 1/20",
    "GET trading/coin/discount": "3/10 1/20",
    "GET trading/coin/discount_detail": "3/10 1/20",
    "GET trading/loan/info": "3/10 1/20",
    "GET trading/loan/info_detail": "3/10 1/20",
    "GET interest/user": "3/10 1/20",
    "GET interest/user_detail": "3/10 1/20",
    "GET adl/rank": "10/60 2/60",
    "POST trading/portfolio": "3/10 1/10",
    "GET trading/portfolio": "3/10 1/10",
    "PUT trading/portfolio": "3/10 1/10",
    "POST apiKey/portfolio": "3/10 1/10",
    "GET apiKey/portfolio": "3/10 1/10",
    "PUT apiKey/portfolio": "3/10 1/10",
    "DELETE apiKey/portfolio": "3/10 1/10",
    "GET broker/sub/feeRate": "10/2 2/2",
    "POST broker/sub/feeRate": "10/2 2/2",
    "POST trading/rapidxLoan/loan/borrow": "50/10 10/10",
    "POST trading/rapidxLoan/loan/repay": "50/10 10/10",
    "GET trading/loan/pool": "2/1 1/1",
    "GET asset/getAccountCurrencyInfo": "3/10 1/10",
    "POST deposit/exchange": "3/10 1/10",
    "GET system/status": "none none",
    "POST transfer/apply": "none none",
    "GET userWithdrawRecord/list": "none none",
    "DELETE algo/cancelAll": "50/10 10/10",
    "GET v2/asset/funding": "10/60 2/60",
    "GET v2/tradingAccount/list": "10/60 2/60",
    "GET v2/tradingAccount/assets": "10/60 2/60",
    "GET v2/transfer/networks": "10/10 2/10",
}
ALGO = "3/10 3/50"
ANYTHING_ELSE = "20/1 4/1"


def short(row: Endpoint) -> str:
    path = row.path.removeprefix("/api").removeprefix("/v1").removeprefix("/")
    return f"{row.method} {path}"


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=short)
def test_every_row_has_the_limits_of_its_route(row: Endpoint) -> None:
    otherwise = ALGO if "algo/" in row.path else ANYTHING_ELSE
    wanted = NUMBERS.get(short(row), otherwise)
    assert f"{row.limits.production.text} {row.limits.contest.text}" == wanted


def test_no_contest_is_wider_than_production() -> None:
    for row in ENDPOINTS.values():
        production, contest = row.limits.production, row.limits.contest
        assert contest.calls * production.seconds <= production.calls * contest.seconds
