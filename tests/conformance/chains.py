"""What can be wrong with the requests of each route, in the order in which it is found (errors 4,
resolutions E): the first that is broken gives the answer its code.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from tests.api.kit import BTC, DAY_MS, NOW_MS, ORDER, SPOT, Json
from tests.conformance import steps as s
from tests.conformance.scene import Step

NOBODYS_PORTFOLIO = "9999999999999999"
NOBODYS_ORDER = "1000000000000000"
WRONG_TYPE = True


class Breach(NamedTuple):
    """A rule that is broken: its code, the parameters that break it (None: left out), and the
    state that it needs.
    """

    code: int
    changes: Json
    steps: tuple[Step, ...]
    arguments: tuple[str, ...] = ()

    def fits(self, other: Breach) -> bool:
        """Whether both can be broken at once: they say nothing different of the same thing."""
        mine = {step.facet: step.name for step in self.steps}
        theirs = {step.facet: step.name for step in other.steps}
        same_state = all(theirs.get(facet, name) == name for facet, name in mine.items())
        changes = other.changes
        return same_state and all(changes.get(n, v) == v for n, v in self.changes.items())


def breach(code: int, *steps: Step, arguments: tuple[str, ...] = (), **changes: Any) -> Breach:
    return Breach(code, changes, steps, arguments)


class Chain(NamedTuple):
    """A route, a request that nothing is wrong with, the state that it needs, and its breaches."""

    name: str
    method: str
    path: str
    sound: Json
    steps: tuple[Step, ...]
    breaches: tuple[Breach, ...]

    def pairs(self) -> Iterator[tuple[Breach, Breach]]:
        """All breaches that can stand together, two by two, the one that is found first in front;
        two of the same code tell nothing of an order.
        """
        for first, second in combinations(self.breaches, 2):
            if first.code != second.code and first.fits(second):
                yield first, second


DOOR = (
    breach(100018, s.nobodys_key),
    breach(2001, s.elsewhere_only),
    breach(7000, s.late),
    breach(2000, s.wrong_signature),
    breach(100041, s.frozen),
    breach(100002, s.not_yet_known),
    breach(2002, s.reads_only),
    breach(100001, s.closed),
    breach(401022, s.deleted, s.unfunded),
)
# What a private socket tells at the login, or by ending the connection of a caller who was let in.
AT_THE_DOOR = (100018, 2001, 7000, 2000, 100041, 100002, 100001)
# A read needs no permission that a key could lack.
OPEN_DOOR = tuple(each for each in DOOR if each.code != 2002)
NO_TEXT = breach(400000, clientOrderId=[WRONG_TYPE])
BAD_PORTFOLIO = breach(401000, portfolioId="abc")
FOREIGN_PORTFOLIO = breach(401010, portfolioId=NOBODYS_PORTFOLIO)
CLIENT_IDS = (breach(401001, clientOrderId="a" * 64), breach(401051, clientOrderId="a b#"))

# -- orders

_PLACE_SYNTAX = (
    breach(400000, syncMode=[WRONG_TYPE]),
    BAD_PORTFOLIO,
    *CLIENT_IDS,
    breach(401002, side="HOLD"),
    breach(401003, orderType="STOP"),
    breach(401004, timeInForce="DAY"),
    breach(401042, orderType="MARKET", timeInForce="GTX"),
    breach(401005, orderQty="-1"),
    breach(401021, quoteOrderQty="abc"),
    breach(401024, quoteOrderQty="100"),
    breach(401006, limitPrice="abc"),
    breach(401049, reduceOnly="yes"),
    breach(400000, positionSide="UP"),
    breach(400009, sym=None),
    FOREIGN_PORTFOLIO,
    breach(401009, s.id_used, s.rich, clientOrderId="used"),
    breach(401011, sym="BINANCE_PERP_FAKE_USDT"),
)

PLACE = Chain(
    "place", "POST", ORDER, s.base(), (),
    (
        *DOOR,
        *_PLACE_SYNTAX,
        breach(401067, s.markets_off, sym=BTC),
        breach(401031, s.rules_dropped, sym=BTC),
        breach(401013, sym=BTC, orderQty="0.0100001"),
        breach(401025, sym=BTC, orderType="LIMIT", orderQty="999999"),
        breach(401027, sym=BTC, **s.MARKET, orderQty="999999"),
        breach(401014, s.two_lots_at_least, sym=BTC, orderQty="0.001"),
        breach(401015, sym=BTC, limitPrice="57000.01", orderType="LIMIT"),
        breach(401016, s.a_hundred_at_least, sym=BTC, limitPrice="50", orderType="LIMIT"),
        breach(401012, sym=BTC, side="BUY", limitPrice="120000", orderType="LIMIT"),
        breach(401017, sym=BTC, orderQty="0.001", reduceOnly=None),
        breach(401061, s.forbidden),
        breach(401046, s.unfunded, sym=BTC),
        breach(401045, s.rich, s.banned, sym=BTC),
        breach(401053, s.rich, s.long, s.restricted, sym=BTC, **s.REDUCE),
        breach(401037, s.rich, s.leverage_to_be_set, sym=BTC),
        breach(401048, s.rich, s.flat, sym=BTC, **s.REDUCE),
        breach(401047, s.rich, s.long, sym=BTC, side="BUY", reduceOnly="true"),
        breach(401059, s.rich, s.covered, sym=BTC, **{**s.REDUCE, "limitPrice": "64000"}),
        breach(401044, s.rich, s.symbol_full, sym=BTC),
        breach(401054, s.rich, s.portfolio_full, sym=BTC),
        breach(401070, s.rich, s.capped, sym=BTC, side="BUY", reduceOnly=None),
        breach(401060, s.rich, s.leverage_20, s.small_brackets, sym=BTC, side="BUY",
               orderQty="2", limitPrice="57000", reduceOnly=None),
        breach(401058, s.rich, sym=BTC, side="BUY", orderQty="100", reduceOnly=None),
        breach(401056, s.poor, s.leverage_10, sym=BTC, side="BUY", orderQty="0.016",
               limitPrice="60600", reduceOnly=None),
        breach(401066, s.rich, s.unrouted, sym=BTC),
        breach(401064, s.rich, s.accounts_down, sym=BTC, reduceOnly=None),
        breach(401062, s.rich, s.small_share, sym=BTC, reduceOnly=None),
        breach(401063, s.rich, s.venue_empty, sym=BTC, reduceOnly=None),
        breach(401052, s.rich, sym=BTC, side="BUY", orderType="LIMIT", timeInForce="GTX",
               limitPrice="60001"),
    ),
)  # fmt: skip

_SPOT_ORDER = s.base(sym=SPOT)
PLACE_SPOT = Chain(
    "place on SPOT", "POST", ORDER, _SPOT_ORDER, (),
    (
        *_PLACE_SYNTAX[:9],
        *(each for each in _PLACE_SYNTAX[9:] if each.code != 401049),
        breach(401067, s.markets_off, sym=SPOT),
        breach(401031, s.spot_rules_dropped, sym=SPOT),
        breach(401013, sym=SPOT, orderQty="0.0100000001"),
        breach(401029, s.a_hundred_lots_at_least, sym=SPOT, side="SELL", **s.MARKET,
               orderQty="0.0001"),
        breach(401015, sym=SPOT, limitPrice="57000.001", orderType="LIMIT"),
        breach(401012, sym=SPOT, side="BUY", limitPrice="120000", orderType="LIMIT"),
        breach(401028, sym=SPOT, **s.MARKET, side="BUY", orderQty=None, quoteOrderQty="0.5"),
        breach(401026, sym=SPOT, **s.MARKET, side="BUY", orderQty=None, quoteOrderQty="99999999"),
        breach(401017, sym=SPOT, orderQty="0.00002", side="BUY"),
        breach(401061, s.forbidden),
        breach(401046, s.unfunded, sym=SPOT),
        breach(401045, s.rich, s.banned, sym=SPOT),
        breach(401053, s.rich, s.coin_held, s.restricted, sym=SPOT, **s.SELL),
        breach(401035, s.rich, sym=SPOT, **s.SELL),
        breach(401054, s.rich, s.portfolio_full, sym=SPOT),
        breach(401055, s.poor, sym=SPOT, side="BUY"),
        breach(401066, s.rich, s.unrouted, sym=SPOT),
        breach(401064, s.rich, s.accounts_down, sym=SPOT),
        breach(401062, s.rich, s.small_share, sym=SPOT, side="BUY"),
        breach(401065, s.rich, s.venue_empty, sym=SPOT, side="BUY"),
    ),
)  # fmt: skip

_NAMING = (
    breach(401008, orderId=None),
    breach(401020, orderId="ABCDEFGHIJKLMNOP"),
    breach(401007, orderId="123"),
)
_MINE = "{mine}"
REPLACE = Chain(
    "replace", "PUT", ORDER, {"orderId": _MINE, "replacePrice": "56000"}, (s.rich, s.working),
    (
        *DOOR,
        NO_TEXT,
        BAD_PORTFOLIO,
        *_NAMING,
        breach(400009, replacePrice=None, replaceQty=None),
        breach(401005, replaceQty="-1"),
        breach(401006, replacePrice="abc"),
        FOREIGN_PORTFOLIO,
        breach(401018, orderId=NOBODYS_ORDER),
        breach(401117, s.rich, s.ended, orderId=_MINE),
        breach(401019, s.rich, s.pending, orderId=_MINE),
        breach(401005, s.rich, s.partly_filled, orderId=_MINE, replaceQty="0.01"),
        breach(401031, s.rich, s.working, s.rules_dropped, orderId=_MINE),
        breach(401013, s.rich, s.working, orderId=_MINE, replaceQty="0.0200001"),
        breach(401025, s.rich, s.working, orderId=_MINE, replaceQty="999999"),
        breach(401014, s.rich, s.working, s.two_lots_at_least, orderId=_MINE, replaceQty="0.001"),
        breach(401015, s.rich, s.working, orderId=_MINE, replacePrice="57000.01"),
        breach(401016, s.rich, s.working, s.a_hundred_at_least, orderId=_MINE, replacePrice="50"),
        breach(401012, s.rich, s.working, orderId=_MINE, replacePrice="120000"),
        breach(401017, s.rich, s.working, orderId=_MINE, replaceQty="0.001"),
        breach(401045, s.rich, s.banned, orderId=_MINE),
        breach(401059, s.rich, s.displaced_if_moved, orderId=_MINE, replacePrice="65000"),
        breach(401057, s.rich, s.spot_working, s.seized, orderId=_MINE),
        breach(401055, s.rich, s.spot_working, orderId=_MINE, replaceQty="10"),
        breach(401070, s.rich, s.working, s.capped, orderId=_MINE, replaceQty="0.02"),
        breach(401060, s.rich, s.leverage_20, s.working, s.small_brackets,
               orderId=_MINE, replaceQty="2"),
        breach(401058, s.rich, s.working, orderId=_MINE, replaceQty="100"),
        breach(401056, s.poor, s.leverage_10, s.working, orderId=_MINE, replaceQty="0.016",
               replacePrice="60600"),
        breach(401052, s.rich, s.post_only, orderId=_MINE, replacePrice="60001"),
    ),
)  # fmt: skip

_CANCEL = (
    BAD_PORTFOLIO,
    *_NAMING,
    FOREIGN_PORTFOLIO,
    breach(401018, orderId=NOBODYS_ORDER),
    breach(401117, s.rich, s.ended, orderId=_MINE),
)
CANCEL = Chain(
    "cancel", "DELETE", ORDER, {"orderId": _MINE}, (s.rich, s.working),
    (*DOOR, NO_TEXT, *_CANCEL, breach(401019, s.rich, s.pending, orderId=_MINE)),
)  # fmt: skip
QUERY = Chain(
    "query", "GET", ORDER, {"orderId": _MINE}, (s.rich, s.working), (*OPEN_DOOR, *_CANCEL[:-1])
)
CANCEL_ALL = Chain(
    "cancel all", "DELETE", "/api/v1/trading/cancelAll", {}, (),
    (
        *DOOR,
        breach(400000, sym=[WRONG_TYPE]),
        BAD_PORTFOLIO,
        breach(401023, exchangeType="FTX"),
        FOREIGN_PORTFOLIO,
        breach(401011, sym="FAKE"),
    ),
)  # fmt: skip

# -- positions and leverage

CLOSE = Chain(
    "close", "DELETE", "/api/v1/trading/position", {"sym": BTC}, (s.rich, s.long),
    (
        *DOOR,
        BAD_PORTFOLIO,
        breach(400009, sym=None),
        breach(400000, positionSide="UP"),
        FOREIGN_PORTFOLIO,
        breach(401011, sym="FAKE"),
        breach(401041, sym=SPOT),
        breach(401046, s.unfunded, s.flat),
        breach(401045, s.rich, s.taken_over),
        breach(401053, s.rich, s.restricted),
        breach(401032, s.rich, s.flat),
        breach(401038, s.rich, s.covered),
        breach(401066, s.rich, s.unrouted),
        breach(401064, s.rich, s.accounts_down),
    ),
)  # fmt: skip

LEVERAGE = Chain(
    "leverage", "POST", "/api/v1/trading/position/leverage", {"sym": BTC, "leverage": "4"}, (),
    (
        *DOOR,
        BAD_PORTFOLIO,
        breach(400009, sym=None),
        breach(400009, leverage=None),
        breach(401033, leverage="2.5"),
        FOREIGN_PORTFOLIO,
        breach(401011, sym="FAKE"),
        breach(401041, sym=SPOT),
        breach(401046, s.unfunded, sym=BTC),
        breach(401034, s.rich, sym=BTC, leverage="500"),
        breach(401043, s.rich, s.working, s.orders_block_leverage, sym=BTC),
        breach(401036, s.rich, s.large_order, sym=BTC, leverage="1"),
        breach(401066, s.rich, s.unrouted, sym=BTC),
    ),
)  # fmt: skip

COIN_LEVERAGE = Chain(
    "margin leverage", "POST", "/api/v1/trading/margin/leverage",
    {"exchangeType": "BINANCE", "coin": "BTC", "leverage": "2"}, (),
    (
        *DOOR,
        BAD_PORTFOLIO,
        breach(400009, exchangeType=None),
        breach(400009, coin=None),
        breach(400009, leverage=None),
        breach(401023, exchangeType="FTX"),
        breach(401033, leverage="2.5"),
        FOREIGN_PORTFOLIO,
        breach(401035, coin="FAKE"),
        breach(401067, s.markets_off),
        breach(401046, s.unfunded),
        breach(401034, leverage="500"),
    ),
)  # fmt: skip

MODE = Chain(
    "position mode", "POST", "/api/v1/trading/account",
    {"exchangeType": "BINANCE", "positionMode": "BOTH"}, (),
    (
        *DOOR,
        BAD_PORTFOLIO,
        breach(400009, exchangeType=None),
        breach(400009, positionMode=None),
        breach(401023, exchangeType="FTX"),
        breach(400000, positionMode="UP"),
        FOREIGN_PORTFOLIO,
        breach(401046, s.unfunded, s.flat),
        breach(401043, s.rich, s.working),
        breach(406012, s.rich, s.long),
    ),
)  # fmt: skip

# -- lists

_AHEAD = str(NOW_MS + 3_600_000)
_SOONER = str(NOW_MS + 1_800_000)
_LATER = str(NOW_MS + 7_200_000)


_BEGUN_AHEAD = breach(400005, begin=_AHEAD)


def _range(days: int, ahead: Breach = _BEGUN_AHEAD) -> tuple[Breach, ...]:
    old = str(NOW_MS - (days + 1) * DAY_MS)
    older = str(NOW_MS - (days + 2) * DAY_MS)
    return (
        breach(401039, begin="yesterday"),
        breach(401040, end="-1"),
        breach(400004, begin=old, end=older),
        breach(400004, begin=_AHEAD, end=_SOONER),
        ahead,
        breach(400001, begin=old),
    )


_SYMBOL = breach(401030, symbol="BTC_USDT", businessType=None)
_BUSINESS = breach(401069, businessType="FUTURE")
_EXCHANGE = breach(401023, exchangeType="FTX")
_ORDER_IDS = (breach(401020, orderId="ABC"), breach(401007, orderId="123"))
_PAGES = (breach(400002, pageSize="1001"), breach(400003, page="10001"))
_LAST = (FOREIGN_PORTFOLIO, breach(401011, sym="FAKE"))


def _list(path: str, *breaches: Breach, sound: Json | None = None) -> Chain:
    return Chain(path, "GET", f"/api/v1/trading/{path}", sound or {}, (), (*OPEN_DOOR, *breaches))


_ORDERS = (BAD_PORTFOLIO, _SYMBOL, _BUSINESS, _EXCHANGE)
_EXECUTIONS = (BAD_PORTFOLIO, *_ORDER_IDS, _SYMBOL, _BUSINESS, _EXCHANGE)
LISTS = (
    _list("orders", *_ORDERS, *_range(7), *_PAGES, *_LAST),
    _list("history/orders", *_ORDERS, *_range(7), *_PAGES, *_LAST),
    _list("archive/history/orders", *_ORDERS, *_range(90), *_PAGES, *_LAST),
    _list("executions", *_EXECUTIONS, *_range(7), breach(400007, limit="0"), *_LAST),
    _list("executions/pageable", *_EXECUTIONS, *_range(7), *_PAGES, *_LAST),
    _list("archive/executions/pageable", *_EXECUTIONS, *_range(90), *_PAGES, *_LAST),
    _list("history/position", BAD_PORTFOLIO, _EXCHANGE, *_range(90), *_PAGES, *_LAST),
    _list(
        "statement", BAD_PORTFOLIO, _EXCHANGE, breach(401050, statementType="LUNCH"),
        *_range(90), *_PAGES, *_LAST,
    ),
    _list(
        "user/tradingStats",
        breach(400009, begin=None), breach(400009, end=None),
        _BUSINESS, _EXCHANGE, *_range(90, breach(400005, begin=_AHEAD, end=_LATER)),
        sound={"begin": str(NOW_MS - 2 * DAY_MS), "end": str(NOW_MS - DAY_MS)},
    ),
    _list(
        "user/portfolio/tradingstats",
        BAD_PORTFOLIO, _BUSINESS, _EXCHANGE, *_range(90), FOREIGN_PORTFOLIO,
        breach(401011, symList="FAKE"),
    ),
    Chain(
        "algo history", "GET", "/api/v1/algo/history/orders", {}, (),
        (*OPEN_DOOR, BAD_PORTFOLIO, _BUSINESS, _EXCHANGE, *_range(7), *_PAGES, *_LAST),
    ),
)  # fmt: skip

# -- money, portfolios, keys

_AMOUNTS = (
    breach(403011, currency="USDT", amount="1.1234567", arguments=("6",)),
    breach(403012, currency="USDT", amount="0.001", arguments=("0.01",)),
)
TRANSFER = Chain(
    "transfer", "POST", "/api/v1/transfer/apply",
    {
        "fromTradeAccountId": "{portfolio}", "fromAccountType": "BINANCE",
        "toTradeAccountId": "{portfolio}", "toAccountType": "OKX",
        "currency": "USDT", "amount": "1",
    },
    (s.rich,),
    (
        *DOOR,
        breach(403016, clientOrderId="a" * 64),
        breach(403015, clientOrderId="a b"),
        breach(403015, s.rich, s.transferred, clientOrderId="once"),
        breach(403000, fromTradeAccountId="", toTradeAccountId=""),
        breach(403001, fromTradeAccountId="abc"),
        breach(403002, toTradeAccountId="abc"),
        breach(403003, fromAccountType="FTX"),
        breach(403004, toAccountType="FTX"),
        breach(403008, fromTradeAccountId="{user}", toTradeAccountId="{user}",
               fromAccountType="PB", toAccountType="PB"),
        breach(403009, fromTradeAccountId="{portfolio}", toTradeAccountId="{portfolio}",
               fromAccountType="BINANCE", toAccountType="BINANCE"),
        breach(403005, amount="-1"),
        breach(403006, fromTradeAccountId=NOBODYS_PORTFOLIO),
        breach(403007, toTradeAccountId=NOBODYS_PORTFOLIO),
        breach(403010, currency="XYZ"),
        *_AMOUNTS,
        breach(401035, s.rich, currency="ETH"),
        breach(401045, s.rich, s.taken_over, currency="USDT"),
        breach(403013, s.rich, currency="USDT", amount="100001", arguments=("100000",)),
        breach(401066, s.rich, s.unrouted, currency="USDT"),
        breach(401062, s.rich, s.small_share, currency="USDT", amount="1"),
        breach(401065, s.rich, s.venue_empty, currency="USDT", amount="1"),
    ),
)  # fmt: skip

_PORTFOLIOS, _KEYS = "/api/v1/trading/portfolio", "/api/v1/apiKey/portfolio"
_WHICH = (
    breach(402005, portfolioId=None),
    breach(401000, portfolioId="abc"),
    breach(402006, portfolioId=NOBODYS_PORTFOLIO),
    breach(402003, portfolioId="{theirs}"),
)
_NAMES = (
    breach(402000, name=" "),
    breach(402004, name="n" * 65),
    breach(402001, s.one_portfolio_more, name="Alpha01"),
)
_BAD_KEY = (breach(400009, portfolioApiKey=None), breach(405001, portfolioApiKey="nope"))
_BAD_ADDRESS = breach(400000, ip="nowhere")
MANAGEMENT = (
    Chain(
        "create portfolio", "POST", _PORTFOLIOS, {"name": "Beta01"}, (),
        (*DOOR, *_NAMES, breach(402001, s.every_portfolio, name="Alpha01"),
         breach(402007, s.every_portfolio)),
    ),
    Chain(
        "update portfolio", "PUT", _PORTFOLIOS, {"portfolioId": "{portfolio}", "name": "Beta01"},
        (), (*DOOR, *_WHICH, *_NAMES),
    ),
    Chain(
        "list portfolios", "GET", _PORTFOLIOS, {}, (),
        (*OPEN_DOOR, BAD_PORTFOLIO, *_PAGES, *_WHICH[2:]),
    ),
    Chain(
        "create key", "POST", _KEYS, {"portfolioId": "{portfolio}", "apiName": "bot"}, (),
        (*DOOR, *_WHICH, breach(400009, apiName=None), _BAD_ADDRESS,
         breach(400000, s.every_key)),
    ),
    Chain(
        "update key", "PUT", _KEYS,
        {"portfolioId": "{portfolio}", "portfolioApiKey": "{key}", "apiName": "bot"}, (),
        (*DOOR, *_WHICH, *_BAD_KEY, _BAD_ADDRESS),
    ),
    Chain(
        "delete key", "DELETE", _KEYS, {"portfolioId": "{portfolio}", "portfolioApiKey": "{key}"},
        (), (*DOOR, *_WHICH, *_BAD_KEY),
    ),
    Chain(
        "list keys", "GET", _KEYS, {"portfolioId": "{portfolio}"}, (),
        (*OPEN_DOOR, breach(402005, portfolioId=None, portfolioApiKey=None), _WHICH[1], *_PAGES,
         *_WHICH[2:], breach(405001, portfolioApiKey="nope")),
    ),
)  # fmt: skip

# -- algo orders

ALGO = Chain(
    "place algo", "POST", "/api/v1/algo/order", s.ALGO_ORDER, (),
    (
        *DOOR,
        BAD_PORTFOLIO,
        *CLIENT_IDS,
        breach(401002, side="HOLD"),
        breach(400000, algoOrderType="UP"),
        breach(400000, conditionType="UP"),
        breach(400000, interval="0"),
        breach(401005, orderQty="-1"),
        breach(401006, limitPrice="abc"),
        breach(400004, startTime="{later}", endTime="{soon}"),
        breach(400004, startTime="{past}", endTime="{further}"),
        breach(400006, endTime="{further}"),
        breach(401049, reduceOnly="yes"),
        breach(400000, positionSide="UP"),
        breach(400009, sym=None),
        breach(400009, interval=None),
        FOREIGN_PORTFOLIO,
        breach(406010, s.algo_id_used, s.rich, clientOrderId="used"),
        breach(401011, sym="FAKE"),
        breach(401067, s.markets_off, sym=BTC),
        breach(401031, s.rules_dropped, sym=BTC),
        breach(401013, sym=BTC, orderQty="0.0100001"),
        breach(401014, s.two_lots_at_least, sym=BTC, orderQty="0.001"),
        breach(401061, s.forbidden),
        breach(401046, s.unfunded, sym=BTC),
        breach(401045, s.rich, s.banned, sym=BTC),
        breach(401053, s.rich, s.long, s.restricted, sym=BTC, side="SELL", reduceOnly="true"),
        breach(401037, s.rich, s.leverage_to_be_set, sym=BTC),
        breach(401048, s.rich, s.flat, sym=BTC, side="SELL", reduceOnly="true"),
        breach(401047, s.rich, s.long, sym=BTC, side="BUY", reduceOnly="true"),
        breach(401070, s.rich, s.capped, sym=BTC, side="BUY", reduceOnly=None),
        breach(401058, s.rich, sym=BTC, side="BUY", orderQty="100", reduceOnly=None),
    ),
)  # fmt: skip

CHAINS = (
    PLACE, PLACE_SPOT, REPLACE, CANCEL, QUERY, CANCEL_ALL, CLOSE, LEVERAGE, COIN_LEVERAGE, MODE,
    *LISTS, TRANSFER, *MANAGEMENT, ALGO,
)  # fmt: skip
