"""Lists of transfers, deposits and withdrawals: what they hold, in which order, by which plan."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openprime.desk.events import DepositChanged, TransferChanged, WithdrawalChanged
from openprime.desk.funds import (
    Deposit,
    Place,
    Transfer,
    TransferTerms,
    Withdrawal,
    WithdrawalTerms,
)
from openprime.model.vocabulary import (
    BillKind,
    DepositStatus,
    Exchange,
    TransferStatus,
    WithdrawalStatus,
)
from openprime.store import FundsFilter, FundsHistory, Store, bodies
from tests.store.samples import NOW_MS, PORTFOLIO, USER, keep
from tests.store.test_history import _plans

OTHER_USER = USER + 9
ACCOUNTS = [PORTFOLIO, PORTFOLIO + 1, USER]
COINS = ["USDT", "BTC"]


def place(account_id: int, exchange: Exchange = Exchange.BINANCE) -> Place:
    return Place(account_id, None if account_id == USER else exchange)


def transfer(number: int, **changes: Any) -> Transfer:
    terms = TransferTerms(
        place(changes.pop("source", PORTFOLIO)),
        place(changes.pop("target", PORTFOLIO + 1)),
        changes.pop("coin", "USDT"),
        Decimal("1.50"),
    )
    values = {
        "user_id": USER,
        "client_order_id": f"c{number}",
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
        "status": TransferStatus.SUCCESS,
    } | changes
    return Transfer(transfer_id=number, terms=terms, **values)


def deposit(number: int, **changes: Any) -> Deposit:
    values = {
        "user_id": USER,
        "place": place(PORTFOLIO),
        "coin": "USDT",
        "network": "TRC20",
        "address": "T1",
        "amount": Decimal(7),
        "tx_id": "t",
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
        "status": DepositStatus.SUCCESS,
    } | changes
    return Deposit(deposit_id=number, **values)


def withdrawal(number: int, **changes: Any) -> Withdrawal:
    terms = WithdrawalTerms(changes.pop("coin", "USDT"), "TRC20", "T1")
    values = {
        "user_id": USER,
        "source": place(PORTFOLIO),
        "amount": Decimal(7),
        "fee": Decimal(1),
        "tx_id": "t",
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
        "status": WithdrawalStatus.APPROVED,
    } | changes
    return Withdrawal(withdrawal_id=number, terms=terms, **values)


def _rows() -> dict[str, list[Any]]:
    """Sixty of each kind: few users, accounts and times, so that all filters and ties occur."""
    chance = random.Random(7)
    rows: dict[str, list[Any]] = {"transfers": [], "deposits": [], "withdrawals": []}
    for number in range(1, 61):
        common = {
            "user_id": chance.choice([USER, USER, OTHER_USER]),
            "coin": chance.choice(COINS),
            "created_at_ms": NOW_MS + chance.randrange(10),
        }
        source, target = chance.choice(ACCOUNTS), chance.choice(ACCOUNTS)
        where = place(source, chance.choice([Exchange.BINANCE, Exchange.OKX]))
        status: Any = chance.choice(list(TransferStatus))
        rows["transfers"].append(
            transfer(number, source=source, target=target, status=status, **common)
        )
        status = chance.choice(list(DepositStatus))
        rows["deposits"].append(deposit(number, place=where, status=status, **common))
        status = chance.choice(list(WithdrawalStatus))
        rows["withdrawals"].append(withdrawal(number, source=where, status=status, **common))
    return rows


ROWS = _rows()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("funds"), "relaxed")
    keep(
        store,
        *map(TransferChanged, ROWS["transfers"]),
        *map(DepositChanged, ROWS["deposits"]),
        *map(WithdrawalChanged, ROWS["withdrawals"]),
    )
    yield store
    store.close()


def _questions(store: Store) -> dict[str, Callable[..., Any]]:
    history = FundsHistory(store)
    return {
        "transfers": history.transfers,
        "deposits": history.deposits,
        "withdrawals": history.withdrawals,
    }


filters = st.builds(
    FundsFilter,
    user_id=st.sampled_from([USER, OTHER_USER, 5]),
    begin_ms=st.integers(NOW_MS - 2, NOW_MS + 12),
    end_ms=st.integers(NOW_MS - 2, NOW_MS + 12),
    account_ids=st.none() | st.lists(st.sampled_from([*ACCOUNTS, 5]), max_size=2).map(tuple),
    account_type=st.none() | st.sampled_from(["", "BINANCE", "OKX"]),
    number=st.none() | st.integers(1, 60),
    coin=st.none() | st.sampled_from([*COINS, "ETH"]),
    statuses=st.none() | st.lists(st.integers(0, 5), max_size=3).map(tuple),
)


def _sides(row: Any) -> list[Place]:
    if isinstance(row, Transfer):
        return [row.terms.source, row.terms.target]
    return [row.place if isinstance(row, Deposit) else row.source]


def _expected(kind: str, wanted: FundsFilter) -> list[Any]:
    """The naive answer."""

    def admitted(row: Any) -> bool:
        number = getattr(row, row.__struct_fields__[0])
        coin = row.coin if isinstance(row, Deposit) else row.terms.coin
        sides = _sides(row)
        typed = kind == "transfers" or wanted.account_type in (None, sides[0].exchange or "")
        return (
            row.user_id == wanted.user_id
            and wanted.begin_ms <= row.created_at_ms <= wanted.end_ms
            and (
                wanted.account_ids is None
                or any(side.account_id in wanted.account_ids for side in sides)
            )
            and typed
            and wanted.number in (None, number)
            and wanted.coin in (None, coin)
            and (wanted.statuses is None or row.status in wanted.statuses)
        )

    def newest_first(row: Any) -> tuple[int, int]:
        return row.created_at_ms, getattr(row, row.__struct_fields__[0])

    return sorted(filter(admitted, ROWS[kind]), key=newest_first, reverse=True)


@pytest.mark.parametrize("kind", list(ROWS))
@given(wanted=filters, page=st.integers(1, 3), page_size=st.integers(1, 40))
def test_lists_are_those_of_a_plain_filter(
    store: Store, kind: str, wanted: FundsFilter, page: int, page_size: int
) -> None:
    found = _questions(store)[kind](wanted, page, page_size)
    assert found == _expected(kind, wanted)[(page - 1) * page_size :][:page_size]


def test_the_last_word_counts() -> None:
    store = Store.open(None)
    history = FundsHistory(store)
    begun = transfer(1, status=TransferStatus.IN_PROGRESS)
    ended = transfer(1, status=TransferStatus.FAILED, reason="why", updated_at_ms=NOW_MS + 5)
    keep(store, TransferChanged(begun), TransferChanged(transfer(2)))
    assert history.transfer(USER, 1) == begun
    keep(store, TransferChanged(begun), TransferChanged(ended))
    everything = FundsFilter(user_id=USER, begin_ms=0, end_ms=NOW_MS)
    assert history.transfers(everything, 1, 10) == [transfer(2), ended]
    failed = FundsFilter(user_id=USER, begin_ms=0, end_ms=NOW_MS, statuses=(2,))
    assert history.transfers(failed, 1, 10) == [ended]
    for event in (DepositChanged(deposit(3)), WithdrawalChanged(withdrawal(4))):
        keep(store, event)
        keep(store, event)
    assert history.deposits(everything, 1, 10) == [deposit(3)]
    assert history.withdrawals(everything, 1, 10) == [withdrawal(4)]
    store.close()


def test_one_transfer_by_either_id() -> None:
    store = Store.open(None)
    history = FundsHistory(store)
    keep(store, TransferChanged(transfer(5, client_order_id="a")))
    keep(store, TransferChanged(transfer(6, client_order_id="a")))
    keep(store, TransferChanged(transfer(7, client_order_id="a", user_id=OTHER_USER)))
    assert history.transfer(USER, 5) == transfer(5, client_order_id="a")
    assert history.transfer(USER, 7) is None
    assert history.transfer(USER, 99) is None
    assert history.transfer_by_client_id(USER, "a") == transfer(6, client_order_id="a")
    assert history.transfer_by_client_id(USER, "b") is None
    store.close()


@pytest.mark.parametrize(
    ("kind", "value"),
    [("transfers", transfer(1)), ("deposits", deposit(2)), ("withdrawals", withdrawal(3))],
)
def test_bodies_give_back_what_they_were_made_of(kind: str, value: Any) -> None:
    decoded = bodies.ALL[kind].decode(bodies.encode(value))
    assert decoded == value
    assert type(decoded) is type(value)


# -- plans


def _all_filters() -> list[FundsFilter]:
    narrowed: list[dict[str, Any]] = [
        {},
        {"account_ids": (PORTFOLIO, USER)},
        {"account_type": "BINANCE", "account_ids": (PORTFOLIO,)},
        {"coin": "USDT", "statuses": (1, 2)},
        {"number": 5},
    ]
    base = {"user_id": USER, "begin_ms": 0, "end_ms": NOW_MS * 2}
    return [FundsFilter(**base, **fields) for fields in narrowed]


@pytest.mark.parametrize("wanted", _all_filters())
def test_every_list_walks_its_time_index(store: Store, wanted: FundsFilter) -> None:
    for kind, question in _questions(store).items():
        (plan,) = _plans(store, lambda question=question: question(wanted, 1, 5))  # type: ignore[misc]
        index = f"SEARCH {kind} USING INDEX {kind}_by_time (user_id=? AND created_at_ms>?"
        assert plan.startswith(index)
        assert ";" not in plan, "no sort"


def test_single_transfers_are_found_by_their_keys(store: Store) -> None:
    history = FundsHistory(store)
    assert _plans(store, lambda: history.transfer(USER, 5)) == [
        "SEARCH transfers USING INTEGER PRIMARY KEY (rowid=?)"
    ]
    assert _plans(store, lambda: history.transfer_by_client_id(USER, "c5")) == [
        "SEARCH transfers USING INDEX transfers_by_client (user_id=? AND client_order_id=?)"
    ]


@given(filters, st.integers(1, 4), st.integers(1, 20))
def test_bills_are_all_kinds_in_one_list(
    store: Store, filter: FundsFilter, page: int, page_size: int
) -> None:
    everything = [
        (kind, row)
        for kind, name in (
            (BillKind.DEPOSIT, "deposits"),
            (BillKind.TRANSFER, "transfers"),
            (BillKind.WITHDRAWAL, "withdrawals"),
        )
        for row in _questions(store)[name](filter, 1, 1000)
    ]
    everything.sort(key=lambda found: (found[1].created_at_ms, _id_of(found[1])), reverse=True)
    found = FundsHistory(store).bills(dict.fromkeys(BillKind, filter), page, page_size)
    expected = everything[(page - 1) * page_size : page * page_size]
    assert [(row.created_at_ms, _id_of(row)) for _, row in found] == [
        (row.created_at_ms, _id_of(row)) for _, row in expected
    ]
    assert all(pair in everything for pair in found)


def _id_of(row: Transfer | Deposit | Withdrawal) -> int:
    first: int = msgspec.structs.astuple(row)[0]
    return first
