"""Routes of orders."""

from openprime.api.endpoints.endpoint import LIST_CODES, Endpoint
from openprime.api.endpoints.rates import BULK, ORDERS, PLACING, REPLACING
from openprime.api.handlers import orders
from openprime.api.parameters import orders as order_parameters
from openprime.model.vocabulary import Permission

_SIZES = (401013, 401025, 401014, 401015, 401016, 401012, 401017)
_PLACE_CODES = (
    *(401010, 401009, 401011, 401067, 401031, *_SIZES, 401027, 401029, 401028, 401026),
    *(401061, 401046, 401045, 401053, 401037, 401035, 401048, 401047, 401059, 401044, 401054),
    *(401055, 401070, 401060, 401058, 401056),
    *(401066, 401064, 401062, 401065, 401063, 401052),
)
_REPLACE_CODES = (
    *(401010, 401018, 401019, 401117, 401031, *_SIZES, 401045, 401059, 401057),
    *(401055, 401070, 401060, 401058, 401056, 401052),
)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        "/api/v1/trading/order",
        "Place an order",
        orders.place,
        order_parameters.place_table(),
        "{orderId, clientOrderId}",
        PLACING,
        Permission.TRADE,
        codes=_PLACE_CODES,
    ),
    Endpoint(
        "PUT",
        "/api/v1/trading/order",
        "Change price or total quantity of an order",
        orders.replace,
        order_parameters.REPLACE,
        "{orderId, orderState}",
        REPLACING,
        Permission.TRADE,
        codes=_REPLACE_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/order",
        "Cancel an order",
        orders.cancel,
        order_parameters.ORDER_NAME,
        "{orderId, clientOrderId, orderState, action, actionMsg}",
        ORDERS,
        Permission.TRADE,
        codes=(401010, 401018, 401019, 401117),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/order",
        "One order",
        orders.query,
        order_parameters.ORDER_NAME,
        "order",
        ORDERS,
        codes=(401010, 401018),
    ),
    Endpoint(
        "DELETE",
        "/api/v1/trading/cancelAll",
        "Cancel all orders, or those of an exchange or symbol",
        orders.cancel_all,
        order_parameters.CANCEL_ALL,
        "{}",
        BULK,
        Permission.TRADE,
        codes=LIST_CODES,
    ),
)
