"""401xxx beside place orders: changes, closes, leverage, lists."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.trader import (
    ACCOUNT,
    BTC,
    LEVERAGE,
    ORDER,
    ORDERS,
    POSITION,
)
from tests.conformance.world import BTC_SPOT, World

NOBODYS_ORDER = "1000000000000000"


@natural(401000, on="GET /api/v1/trading/orders")
def a_portfolio_id_that_is_no_number(world: World) -> Answer:
    return world.main.call("GET", ORDERS, portfolioId="abc")


@natural(401007, on="DELETE /api/v1/trading/order")
def an_order_id_of_three_digits(world: World) -> Answer:
    return world.main.call("DELETE", ORDER, orderId="123")


@natural(401008, on="DELETE /api/v1/trading/order")
def no_order_named(world: World) -> Answer:
    return world.main.call("DELETE", ORDER)


@natural(401010, on="GET /api/v1/trading/orders")
def a_portfolio_that_is_not_the_user_s(world: World) -> Answer:
    return world.main.call("GET", ORDERS, portfolioId="9999999999999999")


@natural(401018, on="DELETE /api/v1/trading/order")
def an_order_that_is_not_there(world: World) -> Answer:
    return world.main.call("DELETE", ORDER, orderId=NOBODYS_ORDER)


@natural(401019, on="DELETE /api/v1/trading/order")
def a_second_cancel_before_the_first_is_done(world: World) -> Answer:
    trader = world.trader()
    order_id = trader.rest()
    with world.operator.fault("venue.latency", ms=2000):
        assert trader.data("DELETE", ORDER, orderId=order_id)["action"] == "CANCEL_PENDING"
        return trader.call("DELETE", ORDER, orderId=order_id)


@natural(401020, on="DELETE /api/v1/trading/order")
def an_order_id_of_letters(world: World) -> Answer:
    return world.main.call("DELETE", ORDER, orderId="ABCDEFGHIJKLMNOP")


@natural(401022, on="GET /api/v1/trading/orders")
def a_user_who_is_gone_while_the_key_is_remembered(world: World) -> Answer:
    trader = world.trader(funds={})
    trader.data("GET", ORDERS)
    world.operator.do("users/delete", userId=trader.user_id)
    return trader.call("GET", ORDERS)


@natural(401023, on="DELETE /api/v1/trading/cancelAll")
def an_exchange_that_is_none(world: World) -> Answer:
    return world.main.call("DELETE", "/api/v1/trading/cancelAll", exchangeType="FTX")


@natural(401030, on="GET /api/v1/trading/orders")
def a_symbol_of_the_old_kind_without_its_business(world: World) -> Answer:
    return world.main.call("GET", ORDERS, symbol="BTC_USDT")


@natural(401032, on="DELETE /api/v1/trading/position")
def closing_what_is_not_open(world: World) -> Answer:
    return world.trader().call("DELETE", POSITION, sym=BTC)


@natural(401033, on="POST /api/v1/trading/position/leverage")
def a_leverage_of_nothing(world: World) -> Answer:
    return world.main.call("POST", LEVERAGE, sym=BTC, leverage="0")


@natural(401034, on="POST /api/v1/trading/position/leverage")
def a_leverage_of_five_hundred(world: World) -> Answer:
    return world.trader().call("POST", LEVERAGE, sym=BTC, leverage="500")


@natural(401036, on="POST /api/v1/trading/position/leverage")
def less_leverage_than_the_margin_bears(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "1000"}})
    trader.set_leverage(BTC, 20)
    trader.rest(orderQty="0.2")
    return trader.call("POST", LEVERAGE, sym=BTC, leverage="1")


@natural(401038, on="DELETE /api/v1/trading/position")
def closing_beside_an_order_that_closes(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    trader.rest(side="SELL", limitPrice="64000", reduceOnly="true")
    return trader.call("DELETE", POSITION, sym=BTC)


@natural(401039, on="GET /api/v1/trading/orders")
def a_begin_that_is_no_time(world: World) -> Answer:
    return world.main.call("GET", ORDERS, begin="yesterday")


@natural(401040, on="GET /api/v1/trading/orders")
def an_end_before_all_time(world: World) -> Answer:
    return world.main.call("GET", ORDERS, end="-1")


@natural(401041, on="POST /api/v1/trading/position/leverage")
def the_leverage_of_a_spot_symbol(world: World) -> Answer:
    return world.main.call("POST", LEVERAGE, sym=BTC_SPOT, leverage="5")


@natural(401043, on="POST /api/v1/trading/account")
def another_position_mode_beside_an_open_order(world: World) -> Answer:
    trader = world.trader()
    trader.rest()
    return trader.call("POST", ACCOUNT, exchangeType="BINANCE", positionMode="BOTH")


@natural(401050, on="GET /api/v1/trading/statement")
def a_kind_of_statement_that_is_none(world: World) -> Answer:
    return world.main.call("GET", "/api/v1/trading/statement", statementType="LUNCH")


@natural(401057, on="PUT /api/v1/trading/order")
def a_change_of_an_order_whose_reserve_was_seized(world: World) -> Answer:
    trader = world.trader()
    order_id = trader.rest(sym=BTC_SPOT, orderQty="0.02")
    account = {"portfolioId": trader.portfolio_id, "exchange": "BINANCE"}
    world.operator.do("accounts/seize", **account, coin="USDT", amount="1000")
    return trader.call("PUT", ORDER, orderId=order_id, replaceQty="0.01")


@natural(401069, on="GET /api/v1/trading/orders")
def a_business_that_is_none(world: World) -> Answer:
    return world.main.call("GET", ORDERS, businessType="FUTURE")
