"""Routes of algo orders: conditions, take profit and stop loss, TWAP and VWAP."""

from openprime.api.endpoints.endpoint import LIST_CODES, Endpoint
from openprime.api.endpoints.rates import ALGO, BULK
from openprime.api.handlers import algos
from openprime.api.parameters import algos as parameters
from openprime.model.vocabulary import Permission

PATH = "/api/v1/algo/order"
NAMED = "{algoOrderId, clientOrderId}"
NAME_CODES = (401010, 401018)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        PATH,
        "Place an algo order",
        algos.place,
        parameters.place_table(),
        NAMED,
        ALGO,
        Permission.TRADE,
        codes=(
            *(401010, 406010, 401011, 401067, 401031, 401013, 401025, 401027, 401014, 401015),
            *(401061, 401046, 401045, 401053, 401037, 401032, 401048, 401047, 401059),
            *(401044, 401054, 401070, 401060, 401058, 401056, 401055),
        ),
    ),
    Endpoint(
        "PUT",
        PATH,
        "Change quantity or triggers of an algo order that waits",
        algos.replace,
        parameters.REPLACE,
        NAMED,
        ALGO,
        Permission.TRADE,
        codes=(*NAME_CODES, 401117, 401019, 401013, 401025, 401027, 401014, 401029, 401015),
    ),
    Endpoint(
        "DELETE",
        PATH,
        "Cancel an algo order",
        algos.cancel,
        parameters.ALGO_NAME,
        NAMED,
        ALGO,
        Permission.TRADE,
        codes=(*NAME_CODES, 401117),
    ),
    Endpoint(
        "GET",
        PATH,
        "One algo order",
        algos.query,
        parameters.ALGO_QUERY,
        "algo order",
        ALGO,
        codes=NAME_CODES,
    ),
    Endpoint(
        "DELETE",
        "/api/v1/algo/cancelAll",
        "Cancel the TPSL orders that are of all that is named",
        algos.cancel_all,
        parameters.CANCEL_ALL,
        f"array of {NAMED}",
        BULK,
        Permission.TRADE,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/algo/openOrders",
        "Algo orders at work",
        algos.open_orders,
        parameters.OPEN_ORDERS,
        "array of algo orders",
        ALGO,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/algo/history/orders",
        "Algo orders that ended in the last 7 days",
        algos.finished,
        parameters.HISTORY,
        "page of algo orders",
        ALGO,
        codes=LIST_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/algo/history/subOrders",
        "Finished orders of an algo order",
        algos.finished_sub_orders,
        parameters.SUB_ORDERS,
        "page of orders",
        ALGO,
        codes=NAME_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/algo/openSubOrders",
        "Orders of an algo order that work",
        algos.open_sub_orders,
        parameters.SUB_ORDERS,
        "array of orders",
        ALGO,
        codes=NAME_CODES,
    ),
)
