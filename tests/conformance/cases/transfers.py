"""403xxx: transfers, in the words of the older and the newer parameters."""

from __future__ import annotations

from typing import Any

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.world import Trader, World

APPLY = "/api/v1/transfer/apply"
GET = "/api/v1/transfer/get"
NOBODYS = "9999999999999999"


def apply(trader: Trader, **changes: Any) -> Answer:
    """A transfer from BINANCE to OKX inside the trader's portfolio, but for the changes."""
    portfolio = str(trader.portfolio_id)
    parameters = {
        "fromTradeAccountId": portfolio, "toTradeAccountId": portfolio,
        "fromAccountType": "BINANCE", "toAccountType": "OKX",
        "currency": "USDT", "amount": "1", **changes,
    }  # fmt: skip
    sent = {name: value for name, value in parameters.items() if value is not None}
    return trader.call("POST", APPLY, **sent)


@natural(403000)
def from_nowhere_to_nowhere(world: World) -> Answer:
    return world.main.call("POST", APPLY, currency="USDT", amount="1")


@natural(403001)
def from_an_id_of_letters(world: World) -> Answer:
    return apply(world.main, fromTradeAccountId="abc")


@natural(403002)
def to_an_id_of_letters(world: World) -> Answer:
    return apply(world.main, toTradeAccountId="abc")


@natural(403003)
def from_an_exchange_that_is_none(world: World) -> Answer:
    return apply(world.main, fromAccountType="FTX")


@natural(403004)
def to_an_exchange_that_is_none(world: World) -> Answer:
    return apply(world.main, toAccountType="FTX")


@natural(403005)
def less_than_nothing(world: World) -> Answer:
    return apply(world.main, amount="-1")


@natural(403006)
def from_a_portfolio_that_is_not_the_user_s(world: World) -> Answer:
    return apply(world.main, fromTradeAccountId=NOBODYS)


@natural(403007)
def to_a_portfolio_that_is_not_the_user_s(world: World) -> Answer:
    return apply(world.main, toTradeAccountId=NOBODYS)


@natural(403008)
def from_the_funding_account_to_itself(world: World) -> Answer:
    funding = str(world.main.user_id)
    return apply(
        world.main, fromTradeAccountId=funding, toTradeAccountId=funding,
        fromAccountType="PB", toAccountType="PB",
    )  # fmt: skip


@natural(403009)
def from_an_account_to_itself(world: World) -> Answer:
    return apply(world.main, toAccountType="BINANCE")


@natural(403010)
def a_currency_that_is_none(world: World) -> Answer:
    return apply(world.main, currency="XYZ")


@natural(403011, "6")
def more_decimals_than_a_currency_has(world: World) -> Answer:
    return apply(world.main, amount="1.1234567")


@natural(403012, "0.01")
def less_than_can_be_moved(world: World) -> Answer:
    return apply(world.main, amount="0.001")


@natural(403013, "10")
def more_than_there_is(world: World) -> Answer:
    return apply(world.trader(funds={"BINANCE": {"USDT": "10"}}), amount="100")


@natural(403014)
def a_transfer_id_of_letters(world: World) -> Answer:
    return world.main.call("GET", GET, transferId="x")


@natural(403015)
def a_request_id_used_again_for_another_amount(world: World) -> Answer:
    trader = world.trader()
    first = apply(trader, clientOrderId="once")
    assert first.code == 200, first
    return apply(trader, clientOrderId="once", amount="2")


@natural(403016)
def a_request_id_of_64(world: World) -> Answer:
    return apply(world.main, clientOrderId="a" * 64)
