"""What clients ask: every route of the endpoint table, some more often than others.

A row of FORMS says how the fields of a route go together where any mixture of them would mostly be
refused; all other routes are asked with whatever their fields draw. To weigh an action or to give
it a form, add it to a table here.
"""

from collections.abc import Callable
from typing import Any

from openprime.api.endpoints import ENDPOINTS
from openprime.api.endpoints.endpoint import Endpoint
from openprime.model.vocabulary import OrderType, Side
from openprime.simulation.values import Asker, value_of

Params = dict[str, Any]
Route = tuple[str, str]

ORDER = "/api/v1/trading/order"
ALGO = "/api/v1/algo/order"
TRANSFER = "/api/v1/transfer/apply"
WITHDRAW = "/api/v1/withdraw/apply"
LOANS = "/api/v1/trading/rapidxLoan/loan"

# How often a route is asked for, next to 1 for all others.
WEIGHTS: dict[Route, float] = {
    ("POST", ORDER): 120,
    ("PUT", ORDER): 30,
    ("DELETE", ORDER): 30,
    ("GET", ORDER): 20,
    ("DELETE", "/api/v1/trading/cancelAll"): 3,
    ("DELETE", "/api/v1/trading/position"): 8,
    ("DELETE", "/api/v1/trading/positions"): 3,
    ("POST", "/api/v1/trading/position/leverage"): 6,
    ("POST", "/api/v1/trading/margin/leverage"): 3,
    ("POST", "/api/v1/trading/account"): 3,
    ("POST", TRANSFER): 10,
    ("POST", WITHDRAW): 4,
    ("POST", ALGO): 12,
    ("PUT", ALGO): 4,
    ("DELETE", ALGO): 4,
    ("POST", f"{LOANS}/borrow"): 6,
    ("POST", f"{LOANS}/repay"): 5,
    ("DELETE", "/api/v1/apiKey/portfolio"): 0.2,
    ("POST", "/api/v1/trading/portfolio"): 0.5,
}
# Routes whose clientOrderId names what they make: a fresh one, kept to ask again with.
NAMING = frozenset(
    (("POST", ORDER), ("POST", ALGO), ("POST", TRANSFER), ("POST", WITHDRAW))
    + (("POST", f"{LOANS}/borrow"), ("POST", f"{LOANS}/repay"))
)
# How likely a field that may be left out is sent.
ALWAYS = 0.99
NEEDED = 0.9
OPTIONAL = 0.3
RARELY = 0.15
_RARE_FIELDS = frozenset("portfolioId positionSide page begin end".split())


def _order(asker: Asker) -> Params:
    draw = asker.draw
    market = draw.random() < 0.3
    side = draw.choice(list(Side))
    params: Params = {
        "sym": asker.sym,
        "side": side,
        "orderType": OrderType.MARKET if market else OrderType.LIMIT,
    }
    by_amount = market and side is Side.BUY and not asker.instrument.is_perp
    name = "quoteOrderQty" if by_amount else "orderQty"
    params[name] = value_of(name, asker)
    if not market:
        params["limitPrice"] = asker.price(side)
        if draw.random() < 0.4:
            params["timeInForce"] = value_of("timeInForce", asker)
    if asker.instrument.is_perp and draw.random() < 0.25:
        params["reduceOnly"] = "true"
    _add(params, asker, 0.15, "positionSide")
    _add(params, asker, 0.1, "syncMode")
    _add(params, asker, 0.05, "tpTriggerPrice", "slTriggerPrice", "tpTriggerType")
    return params


def _replacement(asker: Asker) -> Params:
    params: Params = {"orderId": value_of("orderId", asker)}
    changed = asker.draw.choice((("replaceQty",), ("replacePrice",), ("replaceQty", "replacePrice")))
    _add(params, asker, 1.0, *changed)
    return params


def _one_order(asker: Asker) -> Params:
    name = "orderId" if asker.draw.random() < 0.8 else "clientOrderId"
    return {name: value_of(name, asker)}


def _algo(asker: Asker) -> Params:
    params: Params = {"sym": asker.sym}
    _add(params, asker, 1.0, "side", "orderQty", "algoOrderType", "conditionType")
    if params["algoOrderType"] == "TPSL":
        _add(params, asker, 0.7, "tpTriggerPrice", "slTriggerPrice", "conditionalTriggerPrice")
        _add(params, asker, 0.3, "tpTriggerType", "slTriggerType", "conditionalTriggerType")
    else:
        _add(params, asker, 1.0, "endTime", "interval")
        _add(params, asker, 0.3, "limitPrice")
    _add(params, asker, 0.2, "reduceOnly", "positionSide")
    return params


def _transfer(asker: Asker) -> Params:
    """Between exchanges of one portfolio, or to and from the funding account."""
    draw = asker.draw
    here, there = asker.portfolio(), asker.portfolio()
    sides: list[tuple[str, str]] = [(here, asker.exchange), (there, draw.choice(("OKX", "BINANCE")))]
    if draw.random() < 0.5:
        sides[0] = (str(asker.client.user_id), "FUNDING")
    draw.shuffle(sides)
    (source, source_type), (target, target_type) = sides
    return {
        "fromTradeAccountId": source,
        "fromAccountType": source_type,
        "toTradeAccountId": target,
        "toAccountType": target_type,
        "currency": asker.coin,
        "amount": asker.amount(),
    }


def _withdrawal(asker: Asker) -> Params:
    account, kind = asker.portfolio(), str(asker.exchange)
    if asker.draw.random() < 0.5:
        account, kind = str(asker.client.user_id), "FUNDING"
    params: Params = {"accountId": account, "fromAccountType": kind}
    _add(params, asker, 1.0, "currency", "network", "address")
    params["amount"] = asker.draw.choice(("150", "1000", "0.5"))
    return params


def _loan(asker: Asker) -> Params:
    amount = "0.01" if asker.coin != "USDT" else str(asker.draw.choice((10, 100, 2500)))
    return {"exchangeType": asker.exchange, "coin": asker.coin, "amount": amount}


FORMS: dict[Route, Callable[[Asker], Params]] = {
    ("POST", ORDER): _order,
    ("PUT", ORDER): _replacement,
    ("DELETE", ORDER): _one_order,
    ("GET", ORDER): _one_order,
    ("POST", ALGO): _algo,
    ("POST", TRANSFER): _transfer,
    ("POST", WITHDRAW): _withdrawal,
    ("POST", f"{LOANS}/borrow"): _loan,
    ("POST", f"{LOANS}/repay"): _loan,
}


def _add(params: Params, asker: Asker, chance: float, *names: str) -> None:
    for name in names:
        if asker.draw.random() < chance:
            value = value_of(name, asker)
            if value is not None:
                params[name] = value


def _any_mixture(endpoint: Endpoint, asker: Asker) -> Params:
    params: Params = {}
    for field in endpoint.table.fields:
        name = field.wire[0]
        chance = RARELY if name in _RARE_FIELDS else NEEDED if endpoint.writes else OPTIONAL
        _add(params, asker, ALWAYS if field.absent else chance, name)
    return params


def params_of(route: Route, asker: Asker) -> Params:
    """The parameters of one call, as they go on the wire."""
    form = FORMS.get(route)
    params = form(asker) if form else _any_mixture(ENDPOINTS[route], asker)
    if route in NAMING and asker.draw.random() < 0.7:
        params["clientOrderId"] = asker.fresh_name()
    return {name: str(value) for name, value in params.items() if value is not None}


def routes() -> tuple[list[Route], list[float]]:
    """All routes with their weights."""
    every = list(ENDPOINTS)
    return every, [WEIGHTS.get(route, 1.0) for route in every]
