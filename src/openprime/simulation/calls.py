"""What clients ask: every route of the endpoint table, some more often than others.

A row of FORMS says how the fields of a route go together where any mixture of them would mostly be
refused; all other routes are asked with whatever their fields draw. To weigh an action or to give
it a form, add it to a table here.
"""

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from openprime.api.endpoints import ENDPOINTS
from openprime.api.endpoints.endpoint import Endpoint
from openprime.desk.state import Position
from openprime.model.vocabulary import OrderType, PositionSide, Side
from openprime.simulation.values import (
    EXCHANGES,
    Asker,
    price_step,
    quantity_step,
    value_of,
)

Params = dict[str, Any]
Route = tuple[str, str]

ORDER = "/api/v1/trading/order"
POSITION = "/api/v1/trading/position"
ALGO = "/api/v1/algo/order"
TRANSFER = "/api/v1/transfer/apply"
WITHDRAW = "/api/v1/withdraw/apply"
LOANS = "/api/v1/trading/rapidxLoan/loan"

# How often a route is asked for, next to 2 for all other reads and 1 for all other writes.
WEIGHTS: dict[Route, float] = {
    ("POST", ORDER): 120,
    ("PUT", ORDER): 30,
    ("DELETE", ORDER): 30,
    ("GET", ORDER): 20,
    ("DELETE", "/api/v1/trading/cancelAll"): 3,
    ("DELETE", POSITION): 16,
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
    ("POST", path)
    for path in (ORDER, ALGO, TRANSFER, WITHDRAW, f"{LOANS}/borrow", f"{LOANS}/repay")
)
# How likely a field that may be left out is sent.
ALWAYS = 0.99
NEEDED = 0.9
OPTIONAL = 0.3
RARELY = 0.15
_RARE_FIELDS = frozenset("positionSide page begin end".split())


def _reducing(asker: Asker, held: Position) -> Params:
    """An order that reduces a position, by less than all of it or by more."""
    draw = asker.draw
    asker.sym = held.sym
    side = Side.SELL if held.quantity > 0 else Side.BUY
    step = quantity_step(asker.instrument)
    part = Decimal(draw.choice((1, 2, 4, 5))) / 4
    lots = max((abs(held.quantity) * part / step).to_integral_value(ROUND_DOWN), Decimal(1))
    params: Params = {
        "sym": held.sym,
        "side": side,
        "orderType": OrderType.LIMIT,
        "orderQty": format(lots * step, "f"),
        "limitPrice": asker.price(side),
    }
    if held.side is not PositionSide.NONE:
        params["positionSide"] = held.side
    if draw.random() < 0.8:
        params["reduceOnly"] = "true"
    return params


def episode(asker: Asker) -> list[tuple[Route, Params]]:
    """The calls by which a client opens a position, protects it and closes it, in this order."""
    draw = asker.draw
    asker.sym = draw.choice([i.sym for i in asker.reference.instruments.values() if i.is_perp])
    side, other = draw.sample(list(Side), 2)
    quantity = asker.quantity()
    taking = {"sym": asker.sym, "orderType": OrderType.MARKET, "orderQty": quantity}
    far = asker.price_of(asker.sym) * (102 if other is Side.SELL else 98) / 100
    step = price_step(asker.instrument)
    resting = {
        "sym": asker.sym,
        "side": other,
        "orderType": OrderType.LIMIT,
        "orderQty": quantity,
        "limitPrice": format((far / step).to_integral_value(ROUND_DOWN) * step, "f"),
        "reduceOnly": "true",
    }
    calls = [(("POST", ORDER), {**taking, "side": side})]
    calls += [(("POST", ORDER), resting)] * draw.randint(1, 2)
    if draw.random() < 0.6:
        calls.append((("DELETE", POSITION), {"sym": asker.sym}))
    else:
        calls.append((("POST", ORDER), {**taking, "side": other}))
    return calls


def _order(asker: Asker) -> Params:
    draw = asker.draw
    held = asker.held() if draw.random() < 0.35 else None
    if held is not None:
        return _reducing(asker, held)
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
    params: Params = {"orderId": asker.working()}
    both = ("replaceQty", "replacePrice")
    _add(params, asker, 1.0, *asker.draw.choice((both, both[:1], both[1:])))
    return params


def _closing(asker: Asker) -> Params:
    held = asker.held()
    params: Params = {"sym": held.sym if held else asker.sym}
    if held is not None and held.side is not PositionSide.NONE:
        params["positionSide"] = held.side
    return params


def _one_order(asker: Asker) -> Params:
    if asker.draw.random() < 0.2:
        return {"clientOrderId": value_of("clientOrderId", asker)}
    return {"orderId": asker.working()}


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
    sides = [(asker.portfolio(), str(exchange)) for exchange in EXCHANGES]
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
    ("DELETE", POSITION): _closing,
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
        chance = NEEDED if endpoint.writes else OPTIONAL
        chance = RARELY if name in _RARE_FIELDS else chance
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
    usual = {"GET": 2.0}
    return every, [WEIGHTS.get(route, usual.get(route[0], 1.0)) for route in every]
