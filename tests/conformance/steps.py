"""The steps that bring the state of a caller about, in the order in which they are done: money is
there before an order, and an order before the ban that would have refused it.
"""

from __future__ import annotations

from typing import Any

from openprime.desk.commands import VenueReports
from openprime.model.venue import Filled
from openprime.model.vocabulary import Liquidity, Permission
from tests.api.kit import BTC, ORDER, SPOT, base_order
from tests.conformance.scene import Scene, step

SELL = {"side": "SELL", "limitPrice": "63000"}
REDUCE = {**SELL, "reduceOnly": "true"}
MARKET: dict[str, Any] = {"orderType": "MARKET", "timeInForce": None, "limitPrice": None}
OTHER = "BINANCE_PERP_ETH_USDT"
OTHER_ORDER = {"sym": OTHER, "orderQty": "0.1", "limitPrice": "2500"}
# The venue accounts of BINANCE, as they are where nobody changed the pool.
VENUE_ACCOUNTS = (1, 2, 3)

# -- money


@step("funds")
def rich(scene: Scene) -> None:
    scene.broker.fund(to=scene.portfolio_id)


@step("funds")
def poor(scene: Scene) -> None:
    scene.broker.fund("100", to=scene.portfolio_id)


@step("funds")
def unfunded(scene: Scene) -> None:
    """No money ever came."""


@step("coin")
def coin_held(scene: Scene) -> None:
    scene.broker.fund("1", "BTC", to=scene.portfolio_id)


# -- leverage, positions, orders


@step("leverage")
def leverage_10(scene: Scene) -> None:
    _set_leverage(scene, "10")


@step("leverage")
def leverage_20(scene: Scene) -> None:
    _set_leverage(scene, "20")


def _set_leverage(scene: Scene, leverage: str) -> None:
    path = "/api/v1/trading/position/leverage"
    assert scene.ask("POST", path, {"sym": BTC, "leverage": leverage}).data == {}


@step("position")
def flat(scene: Scene) -> None:
    """No position was ever opened."""


@step("position")
def long(scene: Scene) -> None:
    scene.order("opening", **MARKET)


@step("position")
def covered(scene: Scene) -> None:
    """Long, and a reduce-only order at work that closes it all."""
    scene.order("opening", **MARKET)
    scene.order("closing", **REDUCE)


@step("working")
def working(scene: Scene) -> None:
    scene.order("mine")


@step("working")
def post_only(scene: Scene) -> None:
    scene.order("mine", timeInForce="GTX")


@step("working")
def partly_filled(scene: Scene) -> None:
    scene.order("mine", orderQty="0.02")
    report = Filled(int(scene.named["mine"]), 900_001, 570_000, 10, Liquidity.MAKER, done=False)
    scene.broker.do(VenueReports([report]))


@step("working")
def spot_working(scene: Scene) -> None:
    scene.order("mine", sym=SPOT)


@step("working")
def ended(scene: Scene) -> None:
    scene.order("mine")
    assert scene.ask("DELETE", ORDER, {"orderId": "{mine}"}).data["orderState"] == "CANCELLED"


@step("working")
def pending(scene: Scene) -> None:
    """An order whose cancel the venue has not confirmed."""
    scene.order("mine")
    scene.broker.venue.silent = True
    assert scene.ask("DELETE", ORDER, {"orderId": "{mine}"}).data["action"] == "CANCEL_PENDING"
    scene.broker.venue.silent = False


@step("working")
def displaced_if_moved(scene: Scene) -> None:
    """Long, and two closing orders of which the better one, `mine`, leaves room for the other."""
    scene.order("opening", **MARKET, orderQty="0.015")
    scene.order("mine", **REDUCE)
    scene.order("other", **{**REDUCE, "limitPrice": "64000"}, orderQty="0.015")


@step("others")
def another_order(scene: Scene) -> None:
    scene.order("another", **OTHER_ORDER)


@step("used")
def id_used(scene: Scene) -> None:
    scene.order("used", **OTHER_ORDER, clientOrderId="used")


@step("large")
def large_order(scene: Scene) -> None:
    """So much of BTC at work that the margin would not bear a leverage of 1."""
    scene.order("large", orderQty="3")


@step("algo used")
def algo_id_used(scene: Scene) -> None:
    asked = {**ALGO_ORDER, "sym": OTHER, "clientOrderId": "used"}
    assert scene.ask("POST", "/api/v1/algo/order", asked).data["clientOrderId"] == "used"


ALGO_ORDER = {
    "algoOrderType": "TWAP", "sym": BTC, "side": "BUY", "orderQty": "0.1", "interval": "60",
    "endTime": "{soon}",
}  # fmt: skip


# -- portfolios and keys of the user


@step("portfolios")
def one_portfolio_more(scene: Scene) -> None:
    _more(scene)


@step("portfolios")
def every_portfolio(scene: Scene) -> None:
    """As many as there may be."""
    scene.setting("portfolios_max", 1)
    _more(scene)


def _more(scene: Scene) -> None:
    answer = scene.ask("POST", "/api/v1/trading/portfolio", {"name": "Alpha01"})
    scene.named["sub"] = str(answer.data["portfolioId"])


@step("transfer")
def transferred(scene: Scene) -> None:
    """A transfer under the id `once`."""
    asked = {
        "fromTradeAccountId": "{portfolio}", "fromAccountType": "BINANCE",
        "toTradeAccountId": "{portfolio}", "toAccountType": "OKX",
        "currency": "USDT", "amount": "3", "clientOrderId": "once",
    }  # fmt: skip
    scene.named["transfer"] = str(
        scene.ask("POST", "/api/v1/transfer/apply", asked).data["transferId"]
    )


# -- rules and settings


@step("orders of a symbol")
def symbol_full(scene: Scene) -> None:
    scene.order("filler")
    scene.rules(BTC, maxNumOrders="1")


@step("orders of a portfolio")
def portfolio_full(scene: Scene) -> None:
    scene.order("last", **OTHER_ORDER)
    scene.setting("portfolio_max_orders", 1)


@step("minimum size")
def two_lots_at_least(scene: Scene) -> None:
    scene.rules(BTC, minSize="0.002")


@step("minimum size of SPOT")
def a_hundred_lots_at_least(scene: Scene) -> None:
    scene.rules(SPOT, minSize="0.001")


@step("minimum price")
def a_hundred_at_least(scene: Scene) -> None:
    scene.rules(BTC, minPrice="100")


@step("leverage")
def leverage_to_be_set(scene: Scene) -> None:
    """None is set, and the symbol has none of its own."""
    scene.rules(BTC, defaultLeverage="0")


@step("brackets")
def small_brackets(scene: Scene) -> None:
    """At 20x no more than 100000, at 5x ten times as much."""
    tiers = [
        {"maxNotionalValue": "100000", "maxLeverage": 20, "mmRate": "0.01"},
        {"maxNotionalValue": "1000000", "maxLeverage": 5, "mmRate": "0.05"},
    ]
    scene.operate("positionTiers", sym=BTC, tiers=tiers)
    scene.undo.append(lambda: scene.operate("positionTiers", sym=BTC, tiers=None))


@step("blocked")
def orders_block_leverage(scene: Scene) -> None:
    scene.setting("leverage_blocked_by_orders", ["BINANCE"])


@step("known")
def rules_dropped(scene: Scene) -> None:
    scene.operate("instruments/known", sym=BTC, known=False)
    scene.undo.append(lambda: scene.operate("instruments/known", sym=BTC, known=True))


@step("known spot")
def spot_rules_dropped(scene: Scene) -> None:
    scene.operate("instruments/known", sym=SPOT, known=False)
    scene.undo.append(lambda: scene.operate("instruments/known", sym=SPOT, known=True))


@step("markets")
def markets_off(scene: Scene) -> None:
    """No business is offered to the portfolio."""
    off = [f"BINANCE:{business}" for business in ("SPOT", "MARGIN", "PERP")]
    scene.limit(marketsOff=off)


@step("cap")
def capped(scene: Scene) -> None:
    scene.limit(maxNotional="500")


# -- what is held against a portfolio


@step("seized")
def seized(scene: Scene) -> None:
    scene.operate("accounts/seize", **scene.account, coin="USDT", amount="100")


@step("forbidden")
def forbidden(scene: Scene) -> None:
    scene.operate("portfolios/forbid", portfolioId=scene.portfolio_id)


@step("restricted")
def restricted(scene: Scene) -> None:
    scene.operate("accounts/state", **scene.account, state="RESTRICTED")


@step("status")
def banned(scene: Scene) -> None:
    scene.operate("accounts/ban", **scene.account)


@step("status")
def taken_over(scene: Scene) -> None:
    scene.operate("accounts/status", **scene.account, status="TAKEOVER")


# -- the pool of venue accounts


@step("route")
def unrouted(scene: Scene) -> None:
    for business in ("SPOT", "MARGIN", "PERP"):
        scene.pool("routes", exchange="BINANCE", businessType=business, group=None)


@step("health")
def accounts_down(scene: Scene) -> None:
    for account_id in VENUE_ACCOUNTS:
        scene.pool("accounts/change", accountId=account_id, health="DOWN")


@step("venue money")
def small_share(scene: Scene) -> None:
    for account_id in VENUE_ACCOUNTS:
        scene.pool(
            "allocations", userId=scene.user_id, accountId=account_id, coin="USDT", amount="0.5"
        )


@step("venue money")
def venue_empty(scene: Scene) -> None:
    for account_id in VENUE_ACCOUNTS:
        scene.pool("accounts/balance", accountId=account_id, coin="USDT", amount="0")
        scene.pool("accounts/margin", accountId=account_id, amount="0")


# -- the door: another key, which is the one that asks


@step("permission")
def reads_only(scene: Scene) -> None:
    scene.make_key([Permission.READ], [])


@step("address")
def elsewhere_only(scene: Scene) -> None:
    scene.make_key(scene.permissions, ["203.0.113.7"])


@step("keys")
def every_key(scene: Scene) -> None:
    scene.setting("portfolio_keys_max", 1)


@step("frozen")
def frozen(scene: Scene) -> None:
    scene.operate("keys/freeze", accessKey=scene.key)


@step("user")
def not_yet_known(scene: Scene) -> None:
    scene.operate("users/state", userId=scene.user_id, state="PENDING_KYB")


@step("closed")
def closed(scene: Scene) -> None:
    scene.operate("portfolios/close", portfolioId=scene.portfolio_id)


@step("user")
def deleted(scene: Scene) -> None:
    """While the edge still remembers the key."""
    scene.ask("GET", "/api/v1/trading/orders", {})
    scene.operate("users/delete", userId=scene.user_id)


@step("signature")
def wrong_signature(scene: Scene) -> None:
    scene.signature = "0" * 64


@step("nonce")
def late(scene: Scene) -> None:
    scene.nonce = str(int(scene.broker.nonce) - 120)


@step("key")
def nobodys_key(scene: Scene) -> None:
    scene.key = "nope"


def base(**changes: Any) -> dict[str, Any]:
    """The base order, away from the market."""
    return base_order(**{"limitPrice": "57000", **changes})
