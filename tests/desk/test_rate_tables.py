"""Tiers, discounts, loans, interest, fees and settings as an operator changes them (206)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from openprime.desk import commands as c
from openprime.desk.effective import effective
from openprime.desk.lending import lent, pool_left, pool_size
from openprime.desk.overrides import overridden
from openprime.desk.settings import DeskSettings
from openprime.desk.tiers import borrow_limit
from openprime.desk.views import account_view, position_tiers_view
from openprime.model.instrument import FeeRate
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, DeskKit

D = Decimal
OKX_PERP = "OKX_PERP_BTC_USDT"
BINANCE = Exchange.BINANCE


@pytest.fixture
def kit() -> DeskKit:
    desk = DeskKit()
    desk.cash("USDT", 100_000)
    desk.index("BTC", 60000)
    desk.mark(BTC_PERP, 60000)
    desk.quote(BTC_MARGIN, "59999.99", "60000.01")
    return desk


def put(kit: DeskKit, table: str, key: str, document: Any) -> None:
    outcome = kit.do(c.Override(table, key, document))
    assert outcome.refusal is None, overridden(kit.desk.turn, c.Override(table, key, document))


def test_position_tiers(kit: DeskKit) -> None:
    kit.trade(BTC_PERP, "BUY", "1", 60000)
    before = account_view(kit.desk, kit.account()).maintain_margin
    rows = [
        {"maxNotionalValue": "10000", "maxLeverage": "20", "mmRate": "0.01"},
        {"maxNotionalValue": "1000000", "maxLeverage": "10", "mmRate": "0.02"},
    ]
    put(kit, "positionTiers", BTC_PERP, rows)
    told = [(t.floor, t.cap, t.max_leverage, t.mm_rate, t.level) for t in tiers(kit, BTC_PERP)]
    assert told == [(0, 10000, 20, D("0.01"), "1"), (10000, 1_000_000, 10, D("0.02"), "2")]
    # Progressive: 60,000 at 2 %, of which the first 10,000 at 1 % only.
    assert account_view(kit.desk, kit.account()).maintain_margin == 1100
    put(kit, "positionTiers", BTC_PERP, None)
    assert account_view(kit.desk, kit.account()).maintain_margin == before


def tiers(kit: DeskKit, sym: str) -> Any:
    return position_tiers_view(kit.desk, sym)


def test_okx_tiers_are_in_contracts_and_flat(kit: DeskKit) -> None:
    kit.mark(OKX_PERP, 60000)
    rows = [
        {"maxNotionalValue": "10", "maxLeverage": "20", "mmRate": "0.01"},
        {"maxNotionalValue": "100", "maxLeverage": "5", "mmRate": "0.05"},
    ]
    put(kit, "positionTiers", OKX_PERP, rows)
    kept = kit.desk.reference.position_tiers[OKX_PERP]
    assert [(t.floor, t.cap, t.maintenance_amount) for t in kept] == [(0, 10, 0), (10, 100, 0)]


def test_discounts(kit: DeskKit) -> None:
    kit.cash("BTC", 1)
    put(kit, "discounts", "BTC", "0.5")
    assert account_view(kit.desk, kit.account()).margin_value == 129_990
    assert kit.desk.reference.discount_texts["BTC"] == "0.5"


def test_loan_tiers(kit: DeskKit) -> None:
    rows = [{"maxSize": "3", "mmRate": "0.1", "maxLeverage": "3"}]
    put(kit, "loanTiers", "BINANCE:BTC", rows)
    told = kit.desk.reference.loan_rows["BINANCE_MARGIN_BTC_USDT"]
    assert told["tiers"] == [{"tier": "1", "minSize": "0", **rows[0]}]
    assert borrow_limit(kit.desk.turn, BINANCE, "BTC", 3) == 3
    assert borrow_limit(kit.desk.turn, BINANCE, "BTC", 4) == 0
    assert pool_size(kit.desk.turn, BINANCE, "BTC") == 30


def test_a_coin_that_had_no_loans(kit: DeskKit) -> None:
    put(kit, "loanTiers", "BINANCE:IMX", [{"maxSize": "9", "mmRate": "0.1", "maxLeverage": "2"}])
    rows = [{"hourInterestRate": "0.00000228310502283105022831", "loanLimit": "5"}]
    put(kit, "interestLevels", "BINANCE:IMX", rows)
    assert borrow_limit(kit.desk.turn, BINANCE, "IMX", 2) == 5
    assert kit.desk.reference.interest_rows["BINANCE:IMX"]["levels"] == [{"level": "1", **rows[0]}]


def test_a_pool_bounds_what_all_borrow_together(kit: DeskKit) -> None:
    put(kit, "loanPools", "BINANCE:BTC", "1")
    kit.trade(BTC_MARGIN, "SELL", "0.6", 60000)
    turn = kit.desk.turn
    assert lent(turn, BINANCE, "BTC") == D("0.6")
    assert lent(turn, Exchange.OKX, "BTC") == 0
    assert pool_left(turn, BINANCE, "BTC") == D("0.4")
    assert kit.code(kit.place(BTC_MARGIN, "SELL", "0.41", 60000)) == 401055
    kit.rest(BTC_MARGIN, "SELL", "0.3", 60000)
    # What the resting order will borrow is spoken for.
    assert kit.code(kit.place(BTC_MARGIN, "SELL", "0.11", 60000)) == 401055
    assert kit.code(kit.place(BTC_MARGIN, "SELL", "0.1", 60000)) is None


def test_fees_of_everybody_a_user_and_a_portfolio(kit: DeskKit) -> None:
    user_id = next(iter(kit.desk.state.users))
    sub_id = int(str(kit.do(c.CreatePortfolio(user_id, "Sub01")).reply))
    books = kit.desk.turn.rules_of

    def taker(portfolio_id: int) -> Decimal:
        return kit.desk.turn.rules_of[portfolio_id][BTC_PERP].fees.taker

    assert books[kit.portfolio_id] is books[sub_id] is kit.desk.turn.rules
    put(kit, "fees", "BINANCE:PERP", {"takerFeeRate": "0.001"})
    assert (taker(kit.portfolio_id), taker(sub_id)) == (D("0.001"), D("0.001"))
    put(kit, "fees", f"{user_id}:BINANCE:PERP", {"takerFeeRate": "0.002"})
    put(kit, "fees", f"{sub_id}:BINANCE:PERP", {"makerFeeRate": "-0.0001"})
    assert taker(kit.portfolio_id) == D("0.002")
    assert kit.desk.turn.rules_of[sub_id][BTC_PERP].fees == FeeRate(D("0.001"), D("-0.0001"))
    put(kit, "fees", f"{user_id}:BINANCE:PERP", None)
    assert taker(kit.portfolio_id) == D("0.001")
    assert kit.desk.turn.rules_of[kit.portfolio_id] is kit.desk.turn.rules


def test_settings(kit: DeskKit) -> None:
    put(kit, "settings", "broker_max_leverage", 5)
    put(kit, "settings", "liquidating_uni_mmr", "1.06")
    turn = kit.desk.turn
    assert (turn.settings.broker_max_leverage, turn.settings.liquidating_uni_mmr) == (5, D("1.06"))
    assert kit.desk.state.settings == DeskSettings()
    kit.do(c.Configure(DeskSettings(portfolio_max_orders=7)))
    assert (turn.settings.broker_max_leverage, turn.settings.portfolio_max_orders) == (5, 7)
    assert kit.code(kit.do(c.Configure(DeskSettings(cancel_all_uni_mmr=D("1.055"))))) == 400000
    put(kit, "settings", "broker_max_leverage", None)
    assert turn.settings.broker_max_leverage == 20


@pytest.mark.parametrize(
    ("table", "key", "document", "told"),
    [
        ("positionTiers", "BINANCE_SPOT_BTC_USDT", [], "expected a PERP symbol of sym/info"),
        ("positionTiers", BTC_PERP, [], "expected a list of 1 to 50 rows"),
        ("positionTiers", BTC_PERP, [{"cap": "1"}], "expected rows of riskLevel"),
        (
            "positionTiers",
            BTC_PERP,
            [{"maxNotionalValue": "0", "maxLeverage": "2", "mmRate": "0.1"}],
            "maxNotionalValue: expected rising values above 0, found 0 then 0",
        ),
        (
            "positionTiers",
            BTC_PERP,
            [{"maxNotionalValue": "9", "maxLeverage": "2", "mmRate": "1.1"}],
            "mmRate: expected a value from 0 to 1, found 1.1",
        ),
        ("discounts", "NOPE", "0.5", "expected a known coin, found 'NOPE'"),
        ("discounts", "BTC", 0.5, "BTC: expected a plain decimal as a text, found 0.5"),
        ("discounts", "BTC", "1e9", "BTC: expected a plain decimal as a text, found '1e9'"),
        ("loanTiers", "BTC", [], "expected EXCHANGE:COIN of a known coin, found 'BTC'"),
        ("loanTiers", "OKX:BTC", {}, "OKX:BTC: expected a list of 1 to 50 rows, found {}"),
        ("interestLevels", "X:BTC", [], "expected EXCHANGE:COIN of a known coin, found 'X:BTC'"),
        ("loanPools", "OKX:BTC", "-1", "OKX:BTC: expected a value at or above 0, found -1"),
        ("fees", "BINANCE", {}, "expected EXCHANGE:BUSINESS with or without an id in front"),
        ("fees", "12:BINANCE:SPOT", {}, "expected EXCHANGE:BUSINESS with or without an id"),
        ("fees", "OKX:SPOT", {"rate": "1"}, "OKX:SPOT: expected takerFeeRate, makerFeeRate"),
        (
            "fees",
            "OKX:SPOT",
            {"takerFeeRate": "0.001", "makerFeeRate": "-0.002"},
            "makerFeeRate: expected a value from -0.001 to 0.1, found -0.002",
        ),
        ("settings", "nope", 1, "Expected a setting of the section `desk`, found `nope`"),
        ("settings", "newest_messages", True, "Expected a setting of the section `desk`"),
        ("settings", "broker_max_leverage", -1, "Expected a value at or above 0"),
        ("settings", "broker_max_leverage", "x", "Expected `int`, got `str` - at `$.desk"),
        ("settings", "takeover_uni_mmr", "1.2", "Expected margin_call > cancel_open"),
        ("settings", "takeover_uni_mmr", "NaN", "Expected a value at or above 0"),
        ("nope", "x", 1, "table: expected one of instruments, "),
    ],
)
def test_what_cannot_be(kit: DeskKit, table: str, key: str, document: Any, told: str) -> None:
    before = kit.desk.snapshot()
    command = c.Override(table, key, document)
    with pytest.raises(ValueError, match=r"^") as caught:
        overridden(kit.desk.turn, command)
    assert told in str(caught.value)
    assert kit.code(kit.do(command)) == 400000
    assert kit.desk.snapshot() == before


def test_without_documents_the_rules_are_the_venues_own(kit: DeskKit) -> None:
    base = kit.desk.turn.base
    assert effective(base, {}) is base
    put(kit, "discounts", "BTC", "0.5")
    put(kit, "discounts", "BTC", None)
    assert effective(base, kit.desk.state.overrides) is base
