"""What the fund takes back of an account that it made good: coins with a price, and no more."""

from decimal import Decimal as D

from openprime.desk import commands as c
from openprime.desk.events import Statement
from openprime.desk.ledger import check_balanced
from openprime.model.vocabulary import StatementType
from tests.desk.kit import DeskKit


def made_good(kit: DeskKit) -> list[tuple[str, D]]:
    """Coin and amount of each compensation, given or taken."""
    outcomes = [kit.do(c.RunAgenda()) for _ in range(2)]
    check_balanced(kit.desk.state)
    events = [event for outcome in outcomes for event in outcome.events]
    rows = [event for event in events if isinstance(event, Statement)]
    return [(r.coin, r.delta) for r in rows if r.statement_type is StatementType.LIQ_COMPENSATION]


def in_debt(debt: str) -> DeskKit:
    """With so much USDT, BTC enough to pay for it, and two other coins."""
    kit = DeskKit()
    kit.index("BTC", 50_000)
    kit.index("ETH", 2_600)
    for coin, amount in {"DOGE": 5, "ETH": "0.00002", "BTC": "0.00145", "USDT": debt}.items():
        kit.cash(coin, amount)
    return kit


def untouched(kit: DeskKit) -> bool:
    wallets = kit.account().wallets
    return (wallets["DOGE"].cash, wallets["ETH"].cash) == (5, D("0.00002"))


def test_a_coin_without_a_price_is_left_and_so_is_what_comes_after_all_is_paid() -> None:
    kit = in_debt("-70")
    assert made_good(kit) == [("USDT", D(70)), ("BTC", -D("0.0014"))]
    assert untouched(kit)


def test_what_is_too_little_to_be_booked_is_left() -> None:
    kit = in_debt("-70.000000000000000001")
    assert made_good(kit) == [("USDT", D(70)), ("BTC", -D("0.0014"))]
    assert untouched(kit)
