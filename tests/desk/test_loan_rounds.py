"""Interest on the loans of more accounts than one command goes to."""

import pytest

from openprime.desk import commands as c
from openprime.desk.events import LoanEntry
from openprime.model.vocabulary import Exchange, LoanKind
from tests.desk.kit import DeskKit
from tests.desk.test_loans import NEXT_CHARGE_MS, borrow


@pytest.mark.parametrize("accounts_max", [1, 100])
def test_every_account_pays_once_and_for_the_same_hour(
    accounts_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openprime.desk.rounds.ACCOUNTS_MAX", accounts_max)
    kit = DeskKit()
    for exchange in (Exchange.BINANCE, Exchange.OKX):
        kit.cash("USDT", 20_000, exchange)
        assert borrow(kit, 100, exchange=exchange).refusal is None
    kit.now_ms = NEXT_CHARGE_MS
    told = []
    while any(due.time_ms <= NEXT_CHARGE_MS for due in kit.desk.state.agenda):
        told.append(kit.do(c.RunAgenda()).events)
    paid = [event for events in told for event in events if isinstance(event, LoanEntry)]
    assert {entry.kind for entry in paid} == {LoanKind.INTEREST}
    assert sorted(entry.exchange for entry in paid) == ["BINANCE", "OKX"]
    assert {entry.time_ms for entry in paid} == {NEXT_CHARGE_MS}
