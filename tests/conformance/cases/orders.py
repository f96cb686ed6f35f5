"""401xxx of a place order: syntax, rules, account, margin (errors 4)."""

from __future__ import annotations

from tests.conformance.answers import Answer
from tests.conformance.registry import natural
from tests.conformance.world import BTC, BTC_SPOT, ETH, OKX_BTC, World

# -- syntax


@natural(401001)
def a_client_order_id_of_64(world: World) -> Answer:
    return world.main.place(clientOrderId="a" * 64)


@natural(401051)
def a_client_order_id_with_a_space(world: World) -> Answer:
    return world.main.place(clientOrderId="a b#")


@natural(401002)
def a_side_that_is_none(world: World) -> Answer:
    return world.main.place(side="HOLD")


@natural(401003)
def an_order_type_that_is_none(world: World) -> Answer:
    return world.main.place(orderType="STOP")


@natural(401004)
def a_time_in_force_that_is_none(world: World) -> Answer:
    return world.main.place(timeInForce="GTD")


@natural(401042)
def a_market_order_that_would_rest(world: World) -> Answer:
    return world.main.place(orderType="MARKET", timeInForce="GTX")


@natural(401005)
def a_quantity_below_zero(world: World) -> Answer:
    return world.main.place(orderQty="-1")


@natural(401006)
def a_price_that_is_no_number(world: World) -> Answer:
    return world.main.place(limitPrice="abc")


@natural(401021)
def an_amount_that_is_no_number(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="abc")


@natural(401024)
def a_spot_market_buy_by_quantity(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, orderQty="0.01")


@natural(401049)
def reduce_only_neither_true_nor_false(world: World) -> Answer:
    return world.main.place(reduceOnly="yes")


# -- lookup and rules


@natural(401009)
def a_client_order_id_used_twice(world: World) -> Answer:
    trader = world.trader()
    trader.rest(clientOrderId="dup1")
    return trader.place(clientOrderId="dup1")


@natural(401011)
def a_symbol_that_is_not_listed(world: World) -> Answer:
    return world.main.place(sym="BINANCE_PERP_FAKE_USDT")


@natural(401067)
def a_business_that_is_switched_off(world: World) -> Answer:
    trader = world.trader()
    with world.business_off(trader, "BINANCE", "SPOT"):
        return trader.place(sym=BTC_SPOT)


@natural(401031)
def a_symbol_without_rules(world: World) -> Answer:
    with world.rules_dropped("BINANCE_PERP_ADA_USDT"):
        return world.main.place(sym="BINANCE_PERP_ADA_USDT", orderQty="100", limitPrice="0.3")


@natural(401013)
def a_quantity_off_the_lot(world: World) -> Answer:
    return world.main.place(orderQty="0.0100001")


@natural(401025)
def a_limit_order_above_the_largest(world: World) -> Answer:
    return world.main.place(orderQty="999999")


@natural(401027)
def a_market_order_above_the_largest(world: World) -> Answer:
    return world.main.market_buy(BTC, orderQty="999999")


@natural(401014)
def a_quantity_below_the_smallest(world: World) -> Answer:
    with world.rules(BTC, min_size="0.002"):
        return world.main.place(orderQty="0.001")


@natural(401029)
def a_spot_market_sell_below_the_smallest(world: World) -> Answer:
    with world.rules(BTC_SPOT, min_size="0.001"):
        return world.main.place(
            sym=BTC_SPOT, side="SELL", orderType="MARKET", timeInForce=None, limitPrice=None,
            orderQty="0.0001",
        )  # fmt: skip


@natural(401015)
def a_price_off_the_tick(world: World) -> Answer:
    return world.main.place(limitPrice="57000.01")


@natural(401016)
def a_price_below_the_lowest(world: World) -> Answer:
    with world.rules(BTC, min_price="100"):
        return world.main.place(limitPrice="50")


@natural(401012)
def a_buy_at_twice_the_mark(world: World) -> Answer:
    return world.main.place(limitPrice="120000")


@natural(401028)
def a_market_buy_of_half_a_dollar(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="0.5")


@natural(401026)
def a_market_buy_of_a_hundred_million(world: World) -> Answer:
    return world.main.market_buy(BTC_SPOT, quoteOrderQty="99999999")


@natural(401017)
def an_order_of_too_little_worth(world: World) -> Answer:
    return world.main.place(orderQty="0.001", limitPrice="1000")


# -- account


@natural(401061)
def a_portfolio_that_may_not_trade(world: World) -> Answer:
    trader = world.trader()
    world.forbid_trading(trader)
    return trader.place()


@natural(401046)
def an_account_without_any_transfer(world: World) -> Answer:
    return world.trader(funds={}).place()


@natural(401045)
def an_account_under_a_trade_ban(world: World) -> Answer:
    trader = world.trader()
    world.pin_risk(trader, "CANCEL_ALL")
    return trader.place()


@natural(401053)
def closing_in_a_restricted_account(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    world.restrict(trader)
    return trader.call("DELETE", "/api/v1/trading/position", sym=BTC)


@natural(401037)
def a_symbol_whose_leverage_was_never_set(world: World) -> Answer:
    with world.rules("BINANCE_PERP_TRX_USDT", default_leverage="0"):
        return world.trader().place(sym="BINANCE_PERP_TRX_USDT", orderQty="100", limitPrice="0.12")


@natural(401035)
def selling_a_coin_never_held(world: World) -> Answer:
    return world.trader().place(
        sym="BINANCE_SPOT_ETH_USDT", side="SELL", orderQty="0.1", limitPrice="2800"
    )


@natural(401048)
def reduce_only_while_flat(world: World) -> Answer:
    return world.trader().place(side="SELL", limitPrice="63000", reduceOnly="true")


@natural(401047)
def reduce_only_that_would_add(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    return trader.place(reduceOnly="true")


@natural(401059)
def reduce_only_behind_a_better_price(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    trader.rest(side="SELL", limitPrice="63000", reduceOnly="true")
    return trader.place(side="SELL", limitPrice="64000", reduceOnly="true")


@natural(401044)
def one_order_more_than_a_symbol_takes(world: World) -> Answer:
    trader = world.trader()
    with world.rules(ETH, max_open_orders="2"):
        for _ in range(2):
            trader.rest(sym=ETH, orderQty="0.1", limitPrice="2400")
        return trader.place(sym=ETH, orderQty="0.1", limitPrice="2400")


@natural(401054)
def one_order_more_than_a_portfolio_takes(world: World) -> Answer:
    trader = world.trader()
    with world.settings(portfolio_max_orders=3):
        for sym in (BTC, BTC, ETH):
            price = "57000" if sym == BTC else "2400"
            trader.rest(sym=sym, orderQty="0.1", limitPrice=price)
        return trader.place(sym="BINANCE_PERP_SOL_USDT", orderQty="1", limitPrice="150")


# -- margin


@natural(401055)
def a_spot_buy_of_more_than_there_is(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "10"}})
    return trader.place(sym=BTC_SPOT)


@natural(401058)
def a_position_beyond_the_margin(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100"}})
    trader.set_leverage(BTC, 5)
    return trader.place()


@natural(401056)
def a_loss_at_once_beyond_the_margin(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100"}})
    trader.set_leverage(BTC, 10)
    return trader.place(orderQty="0.016", limitPrice="60600")


@natural(401060)
def a_position_beyond_what_its_leverage_allows(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "50000000"}})
    trader.set_leverage("BINANCE_PERP_SOL_USDT", 20)
    with world.rules("BINANCE_PERP_SOL_USDT", max_limit_size="1000000"):
        return trader.place(sym="BINANCE_PERP_SOL_USDT", orderQty="60000", limitPrice="155")


@natural(401070)
def a_position_beyond_every_bracket(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"USDT": "100000"}})
    world.cap_notional(trader, "1000")
    return trader.place()


# -- venue


@natural(401052)
def a_post_only_order_that_would_trade(world: World) -> Answer:
    return world.main.place(timeInForce="GTX", limitPrice=world.ask(BTC))


@natural(401066)
def a_business_without_a_group_of_accounts(world: World) -> Answer:
    with world.pool_unrouted("OKX", "PERP"):
        return world.trader(funds={"OKX": {"USDT": "10000"}}).place(sym=OKX_BTC, orderQty="1")


@natural(401064)
def a_group_whose_accounts_are_all_down(world: World) -> Answer:
    with world.pool_account("BINANCE", health="DOWN"):
        return world.trader().place()


@natural(401062)
def more_than_the_user_s_share_of_an_account(world: World) -> Answer:
    trader = world.trader()
    with world.pool_account("BINANCE", allocation=(trader, "USDT", "10")):
        return trader.place(sym=BTC_SPOT, orderQty="0.01")


@natural(401065)
def more_coins_than_the_accounts_hold(world: World) -> Answer:
    trader = world.trader(funds={"BINANCE": {"BTC": "5"}})
    with world.pool_account("BINANCE", balances={"BTC": "0"}):
        return trader.place(sym=BTC_SPOT, side="SELL", orderQty="5", limitPrice="63000")


@natural(401063)
def more_margin_than_the_account_has(world: World) -> Answer:
    with world.pool_account("BINANCE", margin_available="1"):
        return world.trader().place()


@natural(401068, BTC, "SELL", "0.01", "BTC", "64000")
def displaced_by_a_better_price(world: World) -> Answer:
    trader = world.trader()
    trader.fill(BTC, "BUY", "0.01")
    with trader.pushes() as pushes:
        displaced = trader.rest(side="SELL", limitPrice="64000", reduceOnly="true")
        trader.rest(side="SELL", limitPrice="63000", reduceOnly="true")
        return pushes.end_of(displaced)


