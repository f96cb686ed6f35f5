"""Leverage of PERP symbols and of debts: what is refused, and what it changes."""

from decimal import Decimal

import msgspec
import pytest

from openprime.desk import commands as c
from openprime.desk import views
from openprime.desk.outcome import Outcome
from openprime.errors import message
from openprime.model.reference import Reference
from openprime.model.vocabulary import Exchange
from tests.desk.kit import BTC_MARGIN, BTC_PERP, DeskKit

D = Decimal
OKX_PERP = "OKX_PERP_BTC_USDT"
SOL = "BINANCE_PERP_SOL_USDT"
BINANCE = Exchange.BINANCE


@pytest.fixture
def kit() -> DeskKit:
    kit = DeskKit()
    kit.cash("USDT", 10_000)
    kit.index("BTC", 60000)
    kit.mark(BTC_PERP, 60000)
    kit.quote(BTC_MARGIN, "59999.9", "60000.1")
    return kit


def refused(kit: DeskKit, outcome: Outcome, code: int, text: str) -> None:
    assert kit.code(outcome) == code
    assert message(code) == text


def lever(kit: DeskKit, sym: str, leverage: int) -> Outcome:
    return kit.do(c.SetLeverage(kit.portfolio_id, sym, leverage))


def lend(kit: DeskKit, coin: str, leverage: int, exchange: Exchange = BINANCE) -> Outcome:
    return kit.do(c.SetCoinLeverage(kit.portfolio_id, exchange, coin, leverage))


TOO_HIGH = "The leverage you have set exceeds the maximum leverage limit"
NO_MARGIN = "Insufficient available for set this leverage"
ORDER_OPEN = "There is a open order, please cancel it first"


# -- of PERP symbols


def test_leverage_above_what_the_present_notional_allows(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000_000)
    kit.mark(SOL, 160)
    lever(kit, SOL, 5)
    kit.hold(SOL, 60_000, 160)
    refused(kit, lever(kit, SOL, 20), 401034, TOO_HIGH)
    assert lever(kit, SOL, 10).refusal is None


@pytest.mark.parametrize("sym", ["BINANCE_PERP_NONE_USDT", SOL])
def test_leverage_of_a_symbol_that_is_not_listed_or_not_live(kit: DeskKit, sym: str) -> None:
    kit.do(c.Override("instruments", SOL, {"state": "suspend"}))
    refused(kit, lever(kit, sym, 2), 401011, "The sym is not supported")


def test_leverage_is_for_perpetuals(kit: DeskKit) -> None:
    refused(kit, lever(kit, BTC_MARGIN, 2), 401041, message(401041))


def test_leverage_above_the_lowest_bracket(kit: DeskKit) -> None:
    refused(kit, lever(kit, BTC_PERP, 21), 401034, TOO_HIGH)


def test_leverage_below_what_the_margin_carries(kit: DeskKit) -> None:
    lever(kit, BTC_PERP, 20)
    kit.hold(BTC_PERP, 2, 60000)
    refused(kit, lever(kit, BTC_PERP, 5), 401036, NO_MARGIN)


def test_leverage_beside_an_order_on_okx_only(kit: DeskKit) -> None:
    kit.cash("USDT", 10_000, Exchange.OKX)
    kit.mark(OKX_PERP, 60000)
    kit.rest(OKX_PERP, "BUY", 1, 60000)
    refused(kit, lever(kit, OKX_PERP, 10), 401043, ORDER_OPEN)
    kit.rest(BTC_PERP, "BUY", "0.01", 60000)
    assert lever(kit, BTC_PERP, 10).refusal is None


def test_a_symbol_without_default_leverage_wants_one_set() -> None:
    def no_default(rules: Reference) -> Reference:
        instrument = msgspec.structs.replace(rules.instruments[BTC_PERP], default_leverage=0)
        return msgspec.structs.replace(
            rules, instruments=rules.instruments | {BTC_PERP: instrument}
        )

    kit = DeskKit(change=no_default)
    kit.cash("USDT", 10_000)
    kit.mark(BTC_PERP, 60000)
    outcome = kit.place(BTC_PERP, "BUY", "0.01", 60000)
    refused(kit, outcome, 401037, "Please set leverage first")
    assert lever(kit, BTC_PERP, 4).refusal is None
    assert kit.place(BTC_PERP, "BUY", "0.01", 60000).refusal is None
    assert views.account_view(kit.desk, kit.account()).perp_margin == 150


# -- of debts


def test_coin_leverage_is_what_debts_are_margined_with(kit: DeskKit) -> None:
    assert lend(kit, "USDT", 3).refusal is None
    order = kit.rest(BTC_MARGIN, "BUY", "0.2", 60000)
    assert order.leverage == 3
    kit.fill(order, 60000, "0.2")
    owed = views.asset_view(kit.desk, kit.account(), "USDT").debt
    assert owed == 2012
    view = views.account_view(kit.desk, kit.account())
    assert view.debt_margin == D("670.66666666")
    assert lend(kit, "USDT", 2).refusal is None
    assert views.account_view(kit.desk, kit.account()).debt_margin == 1006


def test_coin_leverage_widens_what_may_be_borrowed(kit: DeskKit) -> None:
    refused(kit, kit.place(BTC_MARGIN, "BUY", "0.5", 60000), 401055, "Insufficient available")
    assert lend(kit, "USDT", 3).refusal is None
    assert kit.place(BTC_MARGIN, "BUY", "0.5", 60000).refusal is None


def test_coin_leverage_of_an_unknown_coin(kit: DeskKit) -> None:
    refused(kit, lend(kit, "NOPE", 2), 401035, "Asset is not exists")
    refused(kit, lend(kit, "WIF", 2), 401035, "Asset is not exists")


def test_coin_leverage_before_the_first_credit() -> None:
    kit = DeskKit(funded=False)
    text = "Your exchange account has not been initialized, please transfer to this portfolio."
    refused(kit, lend(kit, "USDT", 2), 401046, text)
    refused(kit, lend(kit, "USDT", 2, Exchange.EDX), 401046, text)


def test_coin_leverage_above_the_first_loan_tier(kit: DeskKit) -> None:
    refused(kit, lend(kit, "USDT", 6), 401034, TOO_HIGH)
    assert lend(kit, "USDT", 5).refusal is None


def test_coin_leverage_above_what_the_debt_allows(kit: DeskKit) -> None:
    kit.cash("USDT", -700_000)
    kit.cash("BTC", 100)
    refused(kit, lend(kit, "USDT", 5), 401034, TOO_HIGH)
    assert lend(kit, "USDT", 3).refusal is None


def test_coin_leverage_beside_a_margin_order(kit: DeskKit) -> None:
    kit.rest(BTC_MARGIN, "BUY", "0.01", 60000)
    refused(kit, lend(kit, "USDT", 2), 401043, ORDER_OPEN)
    assert lend(kit, "BTC", 2).refusal is None


def test_coin_leverage_below_what_the_margin_carries(kit: DeskKit) -> None:
    lend(kit, "USDT", 5)
    kit.cash("USDT", -100_000)
    kit.cash("BTC", 3)
    refused(kit, lend(kit, "USDT", 1), 401036, NO_MARGIN)
    assert lend(kit, "USDT", 2).refusal is None
