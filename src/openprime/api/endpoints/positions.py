"""Routes of positions and their leverage."""

from openprime.api.endpoints.endpoint import LIST_CODES, Endpoint
from openprime.api.endpoints.rates import (
    BULK,
    CLOSING_MANY,
    LEVERAGE,
    MARGIN_LEVERAGE,
    PERP_LEVERAGE,
    POSITION,
    RANKS,
)
from openprime.api.handlers import leverage, positions
from openprime.api.parameters import account as accounts
from openprime.model.vocabulary import Permission

_CLOSE_CODES = (
    *(401010, 401011, 401041, 401046, 401045, 401053, 401032, 401038),
    *(401066, 401064),
)
_LEVERAGE_CODES = (401010, 401011, 401041, 401046, 401034, 401043, 401036, 401066)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/trading/position",
        "Open positions",
        positions.positions,
        accounts.POSITIONS,
        "array of positions",
        POSITION,
        codes=LIST_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/position",
        "Close a position",
        positions.close,
        accounts.CLOSE,
        "{orderId}",
        BULK,
        Permission.TRADE,
        codes=_CLOSE_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/positions",
        "Close several positions",
        positions.close_many,
        accounts.CLOSE_MANY,
        "array of {sym, orderId, positionSide, success, errorMsg}",
        CLOSING_MANY,
        Permission.TRADE,
        codes=_CLOSE_CODES,
    ),
    Endpoint(
        "POST",
        "/api/v1/trading/position/leverage",
        "Set the leverage of a PERP symbol",
        leverage.set_leverage,
        accounts.LEVERAGE,
        "{}",
        LEVERAGE,
        Permission.TRADE,
        codes=_LEVERAGE_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/perp/leverage",
        "The leverage of PERP symbols",
        leverage.leverages,
        accounts.POSITIONS,
        "array of {sym, leverage}",
        PERP_LEVERAGE,
        codes=(*LIST_CODES, 401041),
    ),
    Endpoint(
        "POST",
        "/api/v1/trading/margin/leverage",
        "Set the leverage of debts in a coin",
        leverage.set_coin_leverage,
        accounts.COIN_LEVERAGE,
        "{}",
        MARGIN_LEVERAGE,
        Permission.TRADE,
        codes=(401010, 401035, 401067, 401046, 401034, 401043, 401036),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/margin/leverage",
        "The leverage of debts by coin",
        leverage.coin_leverages,
        accounts.COIN_LEVERAGES,
        "page of {coin, exchangeType, leverage}",
        MARGIN_LEVERAGE,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/adl/rank",
        "How soon positions would be deleveraged",
        positions.ranks,
        accounts.RANKS,
        "{adlRanks: array of {sym, adlRank, positionId, positionSide}}",
        RANKS,
        codes=LIST_CODES,
    ),
)
