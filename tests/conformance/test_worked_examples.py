"""The risk model's worked examples A to M, each through the API of a running broker.

The operator sets wallets and marks, and the few rates by which a page's number differs from the
shipped data; everything else runs on the data as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

import pytest

from openprime.errors import message
from tests.conformance.house import BTC, House, Json, Trader, number, wait_for

D = Decimal
HOUR_MS = 3_600_000
SETTLEMENT_MS = 8 * HOUR_MS
ETH = "BINANCE_PERP_ETH_USDT"
BTC_SPOT = "BINANCE_SPOT_BTC_USDT"
BTC_MARGIN = "BINANCE_MARGIN_BTC_USDT"
OKX_BTC = "OKX_PERP_BTC_USDT"

MARGIN_LEVERAGE = "/api/v1/trading/margin/leverage"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("examples"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def rules(house: House) -> Iterator[None]:
    """Prices as the page has them; what an example changed of the rules is given back."""
    house.mark(BTC, 60000)
    house.mark(OKX_BTC, 60000)
    house.index("BTC", 60000)
    yield
    house.cancel_all()
    for row in reversed(house.ask("GET", "overrides")):
        if row["table"] == "settings":
            house.setting(row["key"], None)


@pytest.fixture(scope="module")
def counterparty(house: House) -> Trader:
    """Whoever takes the other side."""
    return house.trader(USDT=100_000_000, BTC=1000)


def approx(found: object, expected: str, places: int) -> None:
    """Equal as far as the page prints it."""
    assert round(number(found), places) == D(expected), (found, expected)


def shows(row: Json, **expected: object) -> None:
    """Fields of a row, to the last digit."""
    found = {name: number(row[name]) for name in expected}
    assert found == {name: number(value) for name, value in expected.items()}


@pytest.fixture
def a(house: House, counterparty: Trader) -> Trader:
    """Example A's account."""
    trader = house.trader(USDT=10_000, BTC="0.5")
    trader.take_over(counterparty, BTC, "BUY", 2, 59000)
    assert trader.lever(BTC, 10)["code"] == 200000
    return trader


def test_a_an_account_of_two_coins_and_a_long_position(a: Trader) -> None:
    account = a.account()
    shows(
        account,
        positionValue=120000,
        upnl=2000,
        marginValue="40498.8",
        openLossMargin=42,
        validMargin="40456.8",
        perpMargin=12000,
        frozenMargin=12000,
        availableMargin="28456.8",
        maintainMargin=480,
        uniMMR="84.285",
        riskRatio="0.0119",
        equity=42000,
    )
    usdt, btc = a.asset("USDT"), a.asset("BTC")
    shows(usdt, equity=12000, marginValue="11998.8", maxTransferable=10000)
    shows(btc, marginValue=28500)
    assert btc["maxTransferable"].startswith("0.4992421052")


def test_b_a_buy_above_the_mark(a: Trader) -> None:
    a.rest(BTC, "BUY", 1, 60500)
    shows(a.account(), perpMargin=18050, openLossMargin="584.35", availableMargin="21864.45")


def test_c_the_larger_side_counts(a: Trader) -> None:
    a.rest(BTC, "SELL", 5, 61000)
    shows(a.account(), perpMargin=18500)
    a.rest(BTC, "BUY", 1, 60500)
    shows(a.account(), perpMargin=18500)


@pytest.fixture
def d(house: House, a: Trader) -> Iterator[Trader]:
    """Example D's account: A with a margin buy at work (resolutions 207)."""
    tier = {"maxSize": "600000", "mmRate": "0.10", "maxLeverage": "3"}
    house.ask("POST", "loanTiers", exchange="BINANCE", coin="USDT", tiers=[tier])
    a.client.data("POST", MARGIN_LEVERAGE, exchangeType="BINANCE", coin="USDT", leverage="3")
    refused = a.place(BTC_SPOT, "BUY", 1, 60000)
    assert (refused["code"], refused["message"]) == (401055, message(401055))
    yield a
    house.ask("POST", "loanTiers", exchange="BINANCE", coin="USDT")


def test_d_a_margin_buy_borrows_where_a_spot_buy_may_not(d: Trader) -> None:
    order = d.order(d.rest(BTC_MARGIN, "BUY", 1, 60000))
    assert (order["borrowAsset"], number(order["borrowAmount"])) == ("USDT", 50060)
    shows(d.asset("USDT"), frozen=60060, debtMargin=16020)
    account = d.account()
    shows(
        account,
        openLossMargin="3100.8",
        validMargin=37398,
        debtMargin=16020,
        frozenMargin=28020,
        availableMargin=9378,
        maintainMargin=5286,
    )
    approx(account["uniMMR"], "7.0749", 4)


@pytest.fixture
def stopped(house: House) -> Iterator[int]:
    """The clock stands a quarter of an hour after a settlement; tells that moment in ms."""
    now_ms = house.ask("POST", "clock", frozen=True)["time"]
    settlement_ms = (now_ms // SETTLEMENT_MS + 1) * SETTLEMENT_MS
    yield house.ask("POST", "clock", to=settlement_ms + HOUR_MS // 4)["time"]
    house.ask("POST", "clock", frozen=False)


def test_e_an_hour_of_interest(house: House, stopped: int, d: Trader) -> None:
    """The rate has as many digits as the printed amount needs (resolutions 208)."""
    level = {"hourInterestRate": "0.00000228310502283105022831", "loanLimit": "600000"}
    house.ask("POST", "interestLevels", exchange="BINANCE", coin="USDT", levels=[level])
    d.rest(BTC_MARGIN, "BUY", 1, 60000)
    assert number(d.account()["debtMargin"]) * 3 == 48060
    house.ask("POST", "clock", advanceMs=HOUR_MS)
    (row,) = d.statements("DEDUCT_INTEREST")
    house.ask("POST", "interestLevels", exchange="BINANCE", coin="USDT")
    assert row["requestId"] == row["createAt"] == str(stopped // HOUR_MS * HOUR_MS + HOUR_MS)
    shows(row, deltaAmount="-0.10972602")
    shows(d.asset("USDT"), equity=12000 - D("0.109726027397260273"))


def test_f_funding_of_a_long_position(house: House, stopped: int, a: Trader) -> None:
    house.ask("POST", "clock", advanceMs=SETTLEMENT_MS)
    (row,) = a.statements("FUNDING_FEE")
    settlement_ms = stopped - HOUR_MS // 4 + SETTLEMENT_MS
    assert (row["sym"], row["requestId"]) == (BTC, str(settlement_ms))
    shows(row, deltaAmount=-12)
    (position,) = a.positions()
    shows(position, fundingFee=-12)


G = [
    ("3", "58219.0775"),
    ("1.5", "57867.4953"),
    ("1.2", "57797.6878"),
    ("1.1", "57774.4561"),
    ("1.05", "57762.8472"),
    ("1.0", "57751.2430"),
]


def bare(house: House, counterparty: Trader, side: str) -> Trader:
    """Example G's account: only its position, and no broker leverage cap (resolutions 209)."""
    house.setting("broker_max_leverage", 0)
    trader = house.trader(USDT=5000)
    assert trader.lever(BTC, 50)["code"] == 200000
    trader.take_over(counterparty, BTC, side, 2, 60000)
    return trader


def test_g_the_way_down_to_liquidation(house: House, counterparty: Trader) -> None:
    trader = bare(house, counterparty, "BUY")
    shows(
        trader.account(),
        validMargin="4957.5",
        maintainMargin=480,
        uniMMR="10.328125",
        availableMargin="2557.5",
    )
    (position,) = trader.positions()
    approx(position["liqPrice"], "57762.8472", 4)
    # The ladder would act on what it sees: its steps are out of the way for the rest.
    for step, name in enumerate(("takeover", "liquidating", "cancel_all", "cancel_open"), 1):
        house.setting(f"{name}_uni_mmr", f"0.{step}")
    for ratio, price in G:
        house.mark(BTC, price)
        assert abs(number(trader.account()["uniMMR"]) - D(ratio)) < D("0.0000003"), ratio
    house.mark(BTC, 60000)


def test_g_the_short_mirror(house: House, counterparty: Trader) -> None:
    trader = bare(house, counterparty, "SELL")
    (position,) = trader.positions()
    approx(position["liqPrice"], "62216.884862", 6)


def test_h_a_stage_sells_what_brings_the_account_back(house: House, counterparty: Trader) -> None:
    """20 million of notional at uniMMR 1.04; the wallet is what makes it so (resolutions 209)."""
    wallet = (D(278720) + 7000) / D("0.9999") + 400 * 4000
    trader = house.trader(USDT=wallet.quantize(D("1e-8")))
    trader.lever(BTC, 20)
    house.mark(BTC, 54000)
    trader.take_over(counterparty, BTC, "BUY", 400, 54000)
    counterparty.rest(BTC, "BUY", 400, 50000)
    house.mark(BTC, 50000)
    sold = (D("3728279.06") / 50000).quantize(D("0.001"), ROUND_CEILING)
    wait_for(lambda: number(trader.positions()[0]["positionQty"]) != 400)
    (position,) = trader.positions()
    shows(position, positionQty=400 - sold)
    account = trader.account()
    assert D("1.2") <= number(account["uniMMR"]) < D("1.2001")
    assert account["accountStatus"] == "MARGIN_CALL"


def test_i_leverage_of_an_account(a: Trader) -> None:
    assert a.lever(BTC, 5)["code"] == 200000
    shows(a.account(), availableMargin="16456.8")
    refused = a.lever(BTC, 25)
    assert (refused["code"], refused["message"]) == (401034, message(401034))


def test_j_reduce_only_orders_by_price(house: House, counterparty: Trader) -> None:
    trader = house.trader(USDT=100_000)
    trader.take_over(counterparty, BTC, "BUY", 1, 60000)
    first = trader.rest(BTC, "SELL", "0.6", 61000, reduceOnly="true")
    second = trader.rest(BTC, "SELL", "0.4", 62000, reduceOnly="true")
    trader.rest(BTC, "SELL", "0.5", 60500, reduceOnly="true")
    wait_for(lambda: trader.order(second)["orderState"] == "CANCELLED")
    assert trader.order(second)["reason"] == (
        "Due to an order with a better price, BINANCE_PERP_BTC_USDT reduce only order to "
        "SELL 0.4 BTC at 62000 was cancelled"
    )
    assert trader.order(first)["orderState"] == "OPEN"
    refused = trader.place(BTC, "SELL", "0.5", 63000, reduceOnly="true")
    assert (refused["code"], refused["message"]) == (401059, message(401059))


def test_k_okx_counts_contracts(house: House) -> None:
    trader = house.trader("OKX", USDT=10_000)
    other = house.trader("OKX", USDT=10_000)
    trader.take_over(other, OKX_BTC, "BUY", 10, 60000)
    (position,) = trader.positions()
    shows(position, positionQty=10, positionValue=6000)


def test_l_deleveraging_goes_by_profit_and_margin(house: House, counterparty: Trader) -> None:
    """Scores 0.17143, 0.0160 and 0.0000048 make the ranks of three longs."""
    house.setting("broker_max_leverage", 0)
    longs = []
    for cash, entry in ((2000, 2875), (10_000, 2875), (100_000, "2997.5")):
        trader = house.trader(USDT=cash)
        trader.lever(ETH, 100)
        house.mark(ETH, entry)
        trader.take_over(counterparty, ETH, "BUY", 40, entry)
        longs.append(trader)
    house.mark(ETH, 3000)
    found = [t.client.data("GET", "/api/v1/adl/rank", sym=ETH)["adlRanks"][0] for t in longs]
    assert [row["adlRank"] for row in found] == ["5", "4", "2"]


def test_m_a_bankrupt_balance_is_made_good(house: House, counterparty: Trader) -> None:
    trader = house.trader(USDT=1000)
    house.setting("broker_max_leverage", 0)
    trader.lever(BTC, 100)
    trader.take_over(counterparty, BTC, "BUY", 1, 60000)
    house.mark(BTC, 58930)
    wait_for(lambda: not trader.positions())
    (row,) = trader.statements("LIQ_COMPENSATION")
    shows(row, deltaAmount=70, beforeOverdraw=70, afterOverdraw=0)
    shows(trader.asset("USDT"), equity=0, overdraw=0)
