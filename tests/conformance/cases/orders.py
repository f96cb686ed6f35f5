"""401xxx of a place order: syntax, rules, account, margin (errors 4)."""

from __future__ import annotations

from tests.conformance.answers import ORDERS_CHANNEL, Answer
from tests.conformance.registry import natural
from tests.conformance.trader import BTC, BY_MARKET, ORDER, POSITION
from tests.conformance.world import BTC_SPOT, ETH, OKX_BTC, SOL, World

PLACE = f"POST {ORDER}"
CLOSE = f"DELETE {POSITION}"
TRX = "BINANCE_PERP_TRX_USDT"

# -- syntax


@natural(401001, on=PLACE)
def a_client_order_id_of_64(world: World) -> Answer:
    return world.main.place(clientOrderId="a" * 64)


@natural(401051, on=PLACE)
def a_client_order_id_with_a_space(world: World) -> Answer:
    return world.main.place(clientOrderId="a b#")


@natural(401002, on=PLACE)
def a_side_that_is_none(world: World) -> Answer:
    return world.main.place(side="HOLD")


@natural(401003, on=PLACE)
def an_order_type_that_is_none(world: World) -> Answer:
    return world.main.place(orderType="STOP")


@natural(401004, on=PLACE)
def a_time_in_force_that_is_none(world: World) -> Answer:
    return world.main.place(timeInForce="GTD")


@natural(401042, on=PLACE)
def a_market_order_that_would_rest(world: World) -> Answer:
    return world.main.place(orderType="MARKET", timeInForce="GTX")


@natural(401005, on=PLACE)
def a_quantity_below_zero(world: World) -> Answer:
    return world.main.place(orderQty="-1")


@natural(401006, on=PLACE)
def a_price_that_is_no_number(world: World) -> Answer:
    return world.main.place(limitPrice="abc")


@natural(401021, on=PLACE)
def an_amount_that_is_no_number(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="abc")


@natural(401024, on=PLACE)
def a_spot_market_buy_by_quantity(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, orderQty="0.01")


@natural(401049, on=PLACE)
def reduce_only_neither_true_nor_false(world: World) -> Answer:
    return world.main.place(reduceOnly="yes")


# -- lookup and rules


@natural(401009, on=PLACE)
def a_client_order_id_used_twice(world: World) -> Answer:
    trader = world.trader()
    trader.rest(clientOrderId="dup1")
    return trader.place(clientOrderId="dup1")


@natural(401011, on=PLACE)
def a_symbol_that_is_not_listed(world: World) -> Answer:
    return world.main.place(sym="BINANCE_PERP_FAKE_USDT")


@natural(401067, on=PLACE)
def a_business_that_is_switched_off(world: World) -> Answer:
    trader = world.trader()
    portfolio = trader.portfolio_id
    world.operator.do("portfolios/limits", portfolioId=portfolio, marketsOff=["BINANCE:SPOT"])
    return trader.place(sym=BTC_SPOT)


@natural(401031, on=PLACE)
def a_symbol_without_rules(world: World) -> Answer:
    with world.operator.rules_dropped("BINANCE_PERP_ADA_USDT"):
        return world.main.place(sym="BINANCE_PERP_ADA_USDT", orderQty="100", limitPrice="0.3")


@natural(401013, on=PLACE)
def a_quantity_off_the_lot(world: World) -> Answer:
    return world.main.place(orderQty="0.0100001")


@natural(401025, on=PLACE)
def a_limit_order_above_the_largest(world: World) -> Answer:
    return world.main.place(orderQty="999999")


@natural(401027, on=PLACE)
def a_market_order_above_the_largest(world: World) -> Answer:
    return world.main.market_buy(BTC, orderQty="999999")


@natural(401014, on=PLACE)
def a_quantity_below_the_smallest(world: World) -> Answer:
    with world.operator.rules(BTC, minSize="0.002"):
        return world.main.place(orderQty="0.001")


@natural(401029, on=PLACE)
def a_spot_market_sell_below_the_smallest(world: World) -> Answer:
    with world.operator.rules(BTC_SPOT, minSize="0.001"):
        return world.main.place(
            **{**BY_MARKET, "sym": BTC_SPOT, "side": "SELL", "orderQty": "0.0001"}
        )


@natural(401015, on=PLACE)
def a_price_off_the_tick(world: World) -> Answer:
    return world.main.place(limitPrice="57000.01")


@natural(401016, on=PLACE)
def a_price_below_the_lowest(world: World) -> Answer:
    with world.operator.rules(BTC, minPrice="100"):
        return world.main.place(limitPrice="50")


@natural(401012, on=PLACE)
def a_buy_at_twice_the_mark(world: World) -> Answer:
    return world.main.place(limitPrice="120000")


@natural(401028, on=PLACE)
def a_market_buy_of_half_a_dollar(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="0.5")


@natural(401026, on=PLACE)
def a_market_buy_of_a_hundred_million(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="99999999")


@natural(401017, on=PLACE)
def an_order_of_too_little_worth(world: World) -> Answer:
    return world.main.place(orderQty="0.001", limitPrice="1000")


# -- account


@natural(401061, on=PLACE)
def a_portfolio_that_may_not_trade(world: World) -> Answer:
    trader = world.trader()
    world.operator.do("portfolios/forbid", portfolioId=trader.portfolio_id)
    return trader.place()


@natural(401046, on=PLACE)
def an_account_without_any_transfer(world: World) -> Answer:
    return world.trader(funds={}).place()


@natural(401045, on=PLACE)
def an_account_whose_orders_are_all_cancelled(world: World) -> Answer:
    trader = world.trader()
    account = {"portfolioId": trader.portfolio_id, "exchange": "BINANCE"}
    world.operator.do("accounts/status", **account, status="CANCEL_ALL")
    return trader.place()


@natural(401053, on=CLOSE)
def closing_in_a_restricted_account(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    account = {"portfolioId": trader.portfolio_id, "exchange": "BINANCE"}
    world.operator.do("accounts/state", **account, state="RESTRICTED")
    return trader.call("DELETE", POSITION, sym=BTC)


@natural(401037, on=PLACE)
def a_symbol_whose_leverage_was_never_set(world: World) -> Answer:
    with world.operator.rules(TRX, defaultLeverage="0"):
        return world.trader().place(sym=TRX, orderQty="100", limitPrice="0.12")


@natural(401035, on=PLACE)
def selling_a_coin_never_held(world: World) -> Answer:
    return world.trader().place(
        sym="BINANCE_SPOT_ETH_USDT", side="SELL", orderQty="0.1", limitPrice="2800"
    )


@natural(401048, on=PLACE)
def reduce_only_while_flat(world: World) -> Answer:
    return world.trader().place(side="SELL", limitPrice="63000", reduceOnly="true")


@natural(401047, on=PLACE)
def reduce_only_that_would_add(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    return trader.place(reduceOnly="true")


@natural(401059, on=PLACE)
def reduce_only_behind_a_better_price(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    trader.rest(side="SELL", limitPrice="63000", reduceOnly="true")
    return trader.place(side="SELL", limitPrice="64000", reduceOnly="true")


@natural(401044, on=PLACE)
def one_order_more_than_a_symbol_takes(world: World) -> Answer:
    trader = world.trader()
    with world.operator.rules(ETH, maxNumOrders="2"):
        for _ in range(2):
            trader.rest(sym=ETH, orderQty="0.1", limitPrice="2400")
        return trader.place(sym=ETH, orderQty="0.1", limitPrice="2400")


@natural(401054, on=PLACE)
def one_order_more_than_a_portfolio_takes(world: World) -> Answer:
    trader = world.trader()
    with world.operator.setting("portfolio_max_orders", 3):
        for sym in (BTC, BTC, ETH):
            price = "57000" if sym == BTC else "2400"
            trader.rest(sym=sym, orderQty="0.1", limitPrice=price)
        return trader.place(sym=SOL, orderQty="1", limitPrice="150")


# -- margin


@natural(401055, on=PLACE)
def a_spot_buy_of_more_than_there_is(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "10"}})
    return trader.place(sym=BTC_SPOT)


@natural(401058, on=PLACE)
def a_position_beyond_the_margin(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100"}})
    trader.set_leverage(BTC, 5)
    return trader.place()


@natural(401056, on=PLACE)
def a_loss_at_once_beyond_the_margin(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100"}})
    trader.set_leverage(BTC, 10)
    return trader.place(orderQty="0.016", limitPrice="60600")


@natural(401060, on=PLACE)
def a_position_beyond_what_its_leverage_allows(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "50000000"}})
    trader.set_leverage(SOL, 20)
    return trader.place(sym=SOL, orderQty="60000", limitPrice="155")


@natural(401070, on=PLACE)
def a_position_beyond_every_bracket(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100000"}})
    portfolio = trader.portfolio_id
    world.operator.do("portfolios/limits", portfolioId=portfolio, maxNotional="500")
    return trader.place()


# -- venue


@natural(401052, on=PLACE)
def a_post_only_order_that_would_trade(world: World) -> Answer:
    return world.main.place(timeInForce="GTX", limitPrice="63000")


@natural(401066, on=PLACE)
def a_business_without_a_group_of_accounts(world: World) -> Answer:
    with world.operator.unrouted("OKX", "PERP"):
        return world.trader(funds={"OKX": {"USDT": "10000"}}).place(sym=OKX_BTC, orderQty="1")


@natural(401064, on=PLACE)
def a_group_whose_accounts_are_all_down(world: World) -> Answer:
    down, up = {"health": "DOWN"}, {"health": "UP"}
    with world.operator.venue_accounts("BINANCE", "accounts/change", down, up):
        return world.trader().place()


@natural(401062, on=PLACE)
def more_than_the_user_s_share_of_an_account(world: World) -> Answer:
    trader = world.trader()
    share = {"userId": trader.user_id, "coin": "USDT"}
    some = share | {"amount": "10"}
    with world.operator.venue_accounts("BINANCE", "allocations", some, share):
        return trader.place(sym=BTC_SPOT, orderQty="0.01")


@natural(401065, on=PLACE)
def more_coins_than_the_accounts_hold(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"BTC": "5"}})
    coin = {"coin": "BTC"}
    with world.operator.venue_accounts("BINANCE", "accounts/balance", coin | {"amount": "0"}, coin):
        return trader.place(sym=BTC_SPOT, side="SELL", orderQty="5", limitPrice="63000")


@natural(401063, on=PLACE)
def more_margin_than_the_account_has(world: World) -> Answer:
    with world.operator.venue_accounts("BINANCE", "accounts/margin", {"amount": "1"}, {}):
        return world.trader().place()


@natural(401068, BTC, "SELL", "0.01", "BTC", "64000", on=ORDERS_CHANNEL)
def displaced_by_a_better_price(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    with trader.socket() as socket:
        displaced = trader.rest(side="SELL", limitPrice="64000", reduceOnly="true")
        trader.rest(side="SELL", limitPrice="63000", reduceOnly="true")
        return socket.end_of(displaced)
