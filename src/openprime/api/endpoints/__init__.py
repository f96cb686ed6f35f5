"""The endpoint table: one row a route, and everything that is to be known about it.

Dispatch, permissions, limits, OpenAPI, the coverage page and the actions of the private socket
are all made from it. No route has a parameter in its path, so finding one is a single look-up.
"""

import msgspec

from openprime.api.endpoints import accounts, lists, orders, positions, reference
from openprime.api.endpoints.endpoint import Endpoint, Handler, Limit, Limits, limits
from openprime.api.parameters import orders as order_parameters

_FAMILIES = (orders, lists, positions, accounts, reference)

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    (row.method, row.path): row for family in _FAMILIES for row in family.ROWS
}


def endpoints(strict_client_order_ids: bool = False) -> dict[tuple[str, str], Endpoint]:
    """The table under a profile."""
    if not strict_client_order_ids:
        return ENDPOINTS
    key = ("POST", "/api/v1/trading/order")
    table = order_parameters.place_table(strict_client_order_ids=True)
    return {**ENDPOINTS, key: msgspec.structs.replace(ENDPOINTS[key], table=table)}


__all__ = ["ENDPOINTS", "Endpoint", "Handler", "Limit", "Limits", "endpoints", "limits"]
