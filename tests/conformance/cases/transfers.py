"""403xxx: transfers, in the words of the older and the newer parameters."""

from __future__ import annotations

from typing import Any

from tests.conformance.answers import Answer, Json
from tests.conformance.registry import natural
from tests.conformance.trader import Trader
from tests.conformance.world import World

APPLY = "/api/v1/transfer/apply"
ON_APPLY = f"POST {APPLY}"
GET = "/api/v1/transfer/get"
NOBODYS = "9999999999999999"


def terms(trader: Trader, **changes: Any) -> Json:
    """A transfer from BINANCE to OKX inside the trader's portfolio, but for the changes."""
    portfolio = str(trader.portfolio_id)
    parameters = {
        "fromTradeAccountId": portfolio, "toTradeAccountId": portfolio,
        "fromAccountType": "BINANCE", "toAccountType": "OKX",
        "currency": "USDT", "amount": "1", **changes,
    }  # fmt: skip
    return {name: value for name, value in parameters.items() if value is not None}


def apply(trader: Trader, **changes: Any) -> Answer:
    return trader.call("POST", APPLY, **terms(trader, **changes))


@natural(403000, on=ON_APPLY)
def from_nowhere_to_nowhere(world: World) -> Answer:
    return world.main.call("POST", APPLY, currency="USDT", amount="1")


@natural(403001, on=ON_APPLY)
def from_an_id_of_letters(world: World) -> Answer:
    return apply(world.main, fromTradeAccountId="abc")


@natural(403002, on=ON_APPLY)
def to_an_id_of_letters(world: World) -> Answer:
    return apply(world.main, toTradeAccountId="abc")


@natural(403003, on=ON_APPLY)
def from_an_exchange_that_is_none(world: World) -> Answer:
    return apply(world.main, fromAccountType="FTX")


@natural(403004, on=ON_APPLY)
def to_an_exchange_that_is_none(world: World) -> Answer:
    return apply(world.main, toAccountType="FTX")


@natural(403005, on=ON_APPLY)
def less_than_nothing(world: World) -> Answer:
    return apply(world.main, amount="-1")


@natural(403006, on=ON_APPLY)
def from_a_portfolio_that_is_not_the_user_s(world: World) -> Answer:
    return apply(world.main, fromTradeAccountId=NOBODYS)


@natural(403007, on=ON_APPLY)
def to_a_portfolio_that_is_not_the_user_s(world: World) -> Answer:
    return apply(world.main, toTradeAccountId=NOBODYS)


@natural(403008, on=ON_APPLY)
def from_the_funding_account_to_itself(world: World) -> Answer:
    funding = str(world.main.user_id)
    return apply(
        world.main, fromTradeAccountId=funding, toTradeAccountId=funding,
        fromAccountType="PB", toAccountType="PB",
    )  # fmt: skip


@natural(403009, on=ON_APPLY)
def from_an_account_to_itself(world: World) -> Answer:
    return apply(world.main, toAccountType="BINANCE")


@natural(403010, on=ON_APPLY)
def a_currency_that_is_none(world: World) -> Answer:
    return apply(world.main, currency="XYZ")


@natural(403011, "6", on=ON_APPLY)
def more_decimals_than_a_currency_has(world: World) -> Answer:
    return apply(world.main, amount="1.1234567")


@natural(403012, "0.01", on=ON_APPLY)
def less_than_can_be_moved(world: World) -> Answer:
    return apply(world.main, amount="0.001")


@natural(403013, "10", on=ON_APPLY)
def more_than_there_is(world: World) -> Answer:
    return apply(world.trader(funds={"BINANCE": {"USDT": "10"}}), amount="100")


@natural(403014, on="GET /api/v1/transfer/get")
def a_transfer_id_of_letters(world: World) -> Answer:
    return world.main.call("GET", GET, transferId="x")


@natural(403015, on=ON_APPLY)
def a_request_id_used_again_for_another_amount(world: World) -> Answer:
    trader = world.trader()
    trader.data("POST", APPLY, **terms(trader, clientOrderId="once"))
    return apply(trader, clientOrderId="once", amount="2")


@natural(403016, on=ON_APPLY)
def a_request_id_of_64(world: World) -> Answer:
    return apply(world.main, clientOrderId="a" * 64)
