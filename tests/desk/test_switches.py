"""The operator's switches at the desk: prices held, accounts held, windows, faults, the audit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk.desk import Desk
from openprime.desk.events import Audited, OrderChanged
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.desk.state import State
from openprime.desk.switches import Fault, FaultKind, FaultMatch, ServiceType
from openprime.desk.views import account_view, position_view
from openprime.errors import Refusal, message
from openprime.model.vocabulary import AccountStatus, Exchange, OrderState, OrderType, TimeInForce
from tests.desk.kit import DeskKit

BTC = "BINANCE_PERP_BTC_USDT"
ETH = "BINANCE_PERP_ETH_USDT"
D = Decimal


@pytest.fixture
def bench() -> DeskKit:
    made = DeskKit()
    made.cash("USDT", 100_000)
    made.mark(BTC, 60_000)
    made.index("BTC", 60_000)
    return made


def place(bench: DeskKit, **changes: Any) -> c.PlaceOrder:
    fields: dict[str, Any] = {
        "portfolio_id": bench.portfolio_id,
        "sym": BTC,
        "side": "BUY",
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": D("0.01"),
        "quote_quantity": D(0),
        "limit_price": D(60_000),
    }
    return msgspec.convert(fields | changes, c.PlaceOrder)


def under(bench: DeskKit, command: c.Command, forced: Refusal) -> Outcome:
    """Apply a command under a fault; a refused one is not journaled."""
    bench.now_ms += 1
    envelope = c.Envelope(bench.desk.state.sequence + 1, bench.now_ms, command, forced=forced)
    outcome = bench.desk.apply(envelope)
    if outcome.refusal is None:
        bench.journal.append(envelope)
    return outcome


def replayed(bench: DeskKit) -> bytes:
    """The state of a desk that was fed the same envelopes, as the journal keeps them."""
    encoded = msgspec.msgpack.encode(bench.journal)
    desk = Desk(bench.desk.reference, DeskSettings())
    for envelope in msgspec.msgpack.decode(encoded, type=list[c.Envelope]):
        assert desk.apply(envelope).refusal is None
    return desk.snapshot()


# -- prices


def test_a_held_mark_moves_for_nothing_else(bench: DeskKit) -> None:
    position = bench.hold(BTC, 1, 60_000)
    bench.do(c.PinPrices(marks={BTC: D(61_000)}))
    bench.mark(BTC, 70_000)
    bench.mark(ETH, 2_600)
    assert bench.desk.state.marks == {BTC: D(61_000), ETH: D(2_600)}
    assert position_view(bench.desk, bench.account(), position).upnl == D(1000)
    bench.do(c.PinPrices(marks={BTC: None}))
    assert bench.desk.state.marks[BTC] == D(61_000)
    bench.mark(BTC, 70_000)
    assert position_view(bench.desk, bench.account(), position).upnl == D(10_000)


def test_a_held_index_moves_for_nothing_else(bench: DeskKit) -> None:
    bench.cash("BTC", 1)
    worth = account_view(bench.desk, bench.account()).margin_value
    bench.do(c.PinPrices(indexes={"BTC": D(50_000)}))
    bench.index("BTC", 70_000)
    assert bench.desk.state.indexes["BTC"] == D(50_000)
    assert account_view(bench.desk, bench.account()).margin_value < worth
    bench.do(c.PinPrices(indexes={"BTC": None}))
    bench.index("BTC", 60_000)
    assert account_view(bench.desk, bench.account()).margin_value == worth


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (c.PinPrices(marks={"FOO": D(1)}), 401011),
        (c.PinPrices(marks={"BINANCE_SPOT_BTC_USDT": D(1)}), 401041),
        (c.PinPrices(indexes={"USDT": D(1)}), 401035),
        (c.PinPrices(indexes={"FOO": D(1)}), 401035),
        (c.PinPrices(marks={BTC: D(0)}), 400000),
        (c.PinPrices(marks={BTC: D("NaN")}), 400000),
        (c.PinPrices(marks={ETH: D(1), BTC: D(-1)}), 400000),
    ],
)
def test_prices_that_cannot_be_held(bench: DeskKit, command: c.PinPrices, code: int) -> None:
    before = bench.desk.snapshot()
    assert bench.do(command).refusal == Refusal(code)
    assert bench.desk.snapshot() == before


# -- accounts


def test_ban(bench: DeskKit) -> None:
    bench.do(c.BanTrading(bench.portfolio_id, Exchange.BINANCE, True))
    assert bench.do(place(bench)).refusal == Refusal(401045)
    bench.do(c.BanTrading(bench.portfolio_id, Exchange.BINANCE, False))
    assert bench.do(place(bench)).refusal is None
    assert bench.do(c.BanTrading(1, Exchange.BINANCE, True)).refusal == Refusal(402006)


def test_a_held_status_lets_closing_orders_through_as_its_own_would(bench: DeskKit) -> None:
    bench.hold(BTC, "0.01", 60_000)
    closing = place(bench, side="SELL", reduce_only=True)
    for status, opens, closes in (
        (AccountStatus.MARGIN_CALL, None, None),
        (AccountStatus.CANCEL_OPEN, 401045, None),
        (AccountStatus.CANCEL_ALL, 401045, 401045),
    ):
        bench.do(c.PinStatus(bench.portfolio_id, Exchange.BINANCE, status))
        assert account_view(bench.desk, bench.account()).account_status is status
        assert bench.code(bench.do(place(bench))) == opens
        outcome = bench.do(closing)
        assert bench.code(outcome) == closes
        if closes is None:
            assert outcome.reply is not None
            bench.confirm_cancel(outcome.reply.order_id)  # type: ignore[union-attr]
    bench.do(c.PinStatus(bench.portfolio_id, Exchange.BINANCE, None))
    assert account_view(bench.desk, bench.account()).account_status is AccountStatus.NORMAL
    unknown = c.PinStatus(1, Exchange.BINANCE, AccountStatus.NORMAL)
    assert bench.do(unknown).refusal == Refusal(402006)


# -- windows


def window(bench: DeskKit, start_ms: int, end_ms: int) -> Outcome:
    return bench.do(
        c.OpenWindow(ServiceType.TRADE, bench.now_ms + start_ms, bench.now_ms + end_ms, "test")
    )


def test_windows(bench: DeskKit) -> None:
    first = window(bench, 0, 1000).reply
    assert window(bench, -2000, 0).refusal == Refusal(400000)
    assert window(bench, 5000, 5000).refusal == Refusal(400000)
    bench.now_ms += 2000
    second = window(bench, 1000, 2000).reply
    assert list(bench.desk.state.windows) == [second]
    assert bench.do(c.EndWindow(int(str(first)))).refusal == Refusal(400000)
    assert bench.do(c.EndWindow(int(str(second)))).refusal is None
    assert bench.desk.state.windows == {}


# -- faults


def fault(**changes: Any) -> c.ArmFault:
    fields: dict[str, Any] = {
        "kind": FaultKind.FORCE_CODE,
        "match": FaultMatch(),
        "code": 401058,
        "arguments": (),
        "latency_ms": 0,
        "count": 1,
        "ttl_ms": 0,
        "chance": None,
        "seed": 0,
    }
    return c.ArmFault(**(fields | changes))


def test_faults_are_kept_until_they_are_over(bench: DeskKit) -> None:
    first = bench.do(fault(ttl_ms=1000))
    second = bench.do(fault(count=3, chance=D("0.5"), seed=7))
    faults = bench.desk.state.faults
    assert list(faults) == [first.reply, second.reply]
    assert faults[int(str(first.reply))].until_ms == bench.now_ms - 1 + 1000
    bench.now_ms += 1000
    third = bench.do(fault())
    assert list(faults) == [second.reply, third.reply]
    assert bench.do(c.DisarmFaults(int(str(first.reply)))).refusal == Refusal(400000)
    bench.do(c.DisarmFaults(int(str(third.reply))))
    assert list(faults) == [second.reply]
    bench.do(c.DisarmFaults(None))
    assert faults == {}


def test_a_fault_goes_its_way_and_one_of_an_older_folder_has_none(bench: DeskKit) -> None:
    armed = bench.do(fault(kind=FaultKind.DISK_FAIL, code=0, latency_ms=5, how="slow"))
    kept = bench.desk.state.faults[int(str(armed.reply))]
    assert (kept.kind, kept.how, kept.latency_ms) == (FaultKind.DISK_FAIL, "slow", 5)
    older = msgspec.to_builtins(kept)
    del older["how"]
    assert msgspec.convert(older, Fault).how == ""


@pytest.mark.parametrize("code", [401009, 401011, 401045, 401058, 401057, 401066, 400010, 400011])
def test_a_forced_code_changes_nothing(bench: DeskKit, code: int) -> None:
    before = bench.desk.snapshot()
    assert under(bench, place(bench), Refusal(code)).refusal == Refusal(code)
    assert bench.desk.snapshot() == before
    assert bench.do(place(bench)).refusal is None


@pytest.mark.parametrize(
    ("forced", "changes", "found"),
    [
        (401011, {"sym": "FOO"}, 401011),
        (401045, {"sym": "FOO"}, 401011),
        (401045, {"quantity": D("0.0100001")}, 401013),
        (401011, {"quantity": D("0.0100001")}, 401011),
        (401058, {"side": "SELL", "reduce_only": True}, 401048),
        (401052, {"quantity": D(100)}, 401058),
        (401057, {"quantity": D(100)}, 401057),
    ],
)
def test_stages_before_it_are_found_first(
    bench: DeskKit, forced: int, changes: dict[str, Any], found: int
) -> None:
    outcome = under(bench, place(bench, **changes), Refusal(forced))
    assert outcome.refusal == Refusal(found)


@pytest.mark.parametrize(
    ("code", "state"),
    [(401057, OrderState.FAIL), (401065, OrderState.REJECT), (400010, OrderState.REJECT)],
)
def test_a_later_answer_ends_the_order(bench: DeskKit, code: int, state: OrderState) -> None:
    outcome = under(bench, place(bench, synchronous=False), Refusal(code))
    last = [event for event in outcome.events if isinstance(event, OrderChanged)][-1]
    assert (last.finished, last.order.state) == (True, state)
    assert (last.order.reason, last.order.reason_code) == (message(code), code)
    assert outcome.requests == []


def test_a_code_that_a_push_tells(bench: DeskKit) -> None:
    told = ("1", "2", "3", "4", "5")
    outcome = under(bench, place(bench), Refusal(401068, told))
    (order,) = bench.desk.state.orders.values()
    assert outcome.refusal is None
    assert [type(request).__name__ for request in outcome.requests] == ["NewOrder", "CancelOrder"]
    bench.confirm_cancel(order.order_id)
    assert (order.state, order.reason_code) == (OrderState.CANCELLED, 401068)
    assert order.reason == message(401068, told)


@pytest.mark.parametrize(
    ("forced", "order_id", "found"),
    [
        (401019, None, 401019),
        (401019, 1, 401018),  # an earlier stage finds it
        (401018, 1, 401018),
        (400011, 1, 400011),  # of no stage: found first of all
    ],
)
def test_other_commands_are_tried_first(
    bench: DeskKit, forced: int, order_id: int | None, found: int
) -> None:
    order = bench.rest(BTC, "BUY", "0.01", 60_000)
    cancel = c.CancelOrder(bench.portfolio_id, order_id or order.order_id, "")
    before = bench.desk.snapshot()
    assert under(bench, cancel, Refusal(forced)).refusal == Refusal(found)
    assert bench.desk.snapshot() == before


# -- the audit


def test_the_row_of_a_change_is_its_command_s(bench: DeskKit) -> None:
    note = c.OperatorNote("POST /admin/v1/marks/pin", "{}", "127.0.0.1")
    envelope = c.Envelope(
        bench.desk.state.sequence + 1,
        bench.now_ms,
        c.PinPrices(marks={BTC: D(1)}),
        note=note,
    )
    (row,) = [event for event in bench.desk.apply(envelope).events if isinstance(event, Audited)]
    assert (row.action, row.body, row.peer, row.code) == (note.action, "{}", "127.0.0.1", 200)
    assert row.time_ms == bench.now_ms
    assert len(str(row.audit_id)) == 17


def test_the_row_of_a_refusal_stands_alone(bench: DeskKit) -> None:
    note = c.OperatorNote("POST /admin/v1/marks/pin", "{}", "127.0.0.1", 401011)
    sequence = bench.desk.state.sequence + 1
    outcome = bench.desk.apply(c.Envelope(sequence, bench.now_ms, c.Note(), note=note))
    (row,) = outcome.events
    assert isinstance(row, Audited)
    assert row.code == 401011


def test_all_of_it_is_replayed(bench: DeskKit) -> None:
    fresh = DeskKit(funded=False)
    fresh.do(c.Credit(fresh.portfolio_id, Exchange.BINANCE, "USDT", D(100_000)))
    fresh.mark(BTC, 60_000)
    fresh.do(c.PinPrices(marks={BTC: D(61_000)}, indexes={"ETH": D(2)}))
    fresh.do(c.BanTrading(fresh.portfolio_id, Exchange.OKX, True))
    fresh.do(c.PinStatus(fresh.portfolio_id, Exchange.OKX, AccountStatus.TAKEOVER))
    window(fresh, 0, 1000)
    fresh.do(fault(chance=D("0.25"), arguments=("a", "b")))
    under(fresh, place(fresh, synchronous=False), Refusal(401057))
    under(fresh, place(fresh), Refusal(401068, ("1", "2", "3", "4", "5")))
    assert replayed(fresh) == fresh.desk.snapshot()
    again = msgspec.msgpack.decode(fresh.desk.snapshot(), type=State)
    assert again.faults == fresh.desk.state.faults
    assert again.windows == fresh.desk.state.windows


def test_faults_are_bounded_and_those_that_are_over_make_room(
    bench: DeskKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openprime.desk.switching.FAULTS_MAX", 1)
    for_a_second = c.ArmFault(FaultKind.FORCE_CODE, FaultMatch(), 401058, (), 0, 0, 1000, None, 0)
    assert bench.do(for_a_second).refusal is None
    assert bench.code(bench.do(for_a_second)) == 400000
    bench.now_ms += 1000
    outcome = bench.do(for_a_second)
    assert list(bench.desk.state.faults) == [outcome.reply]
    in_its_place = msgspec.structs.replace(for_a_second, replaces=outcome.reply)
    outcome = bench.do(in_its_place)
    assert list(bench.desk.state.faults) == [outcome.reply]
    assert bench.code(bench.do(in_its_place)) == 400000, "it has been taken"
