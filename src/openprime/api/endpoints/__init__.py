"""The endpoint table: one row a route, and everything that is to be known about it.

Dispatch, permissions, limits, OpenAPI, the coverage page and the actions of the private socket
are all made from it. No route has a parameter in its path, so finding one is a single look-up.
"""

from typing import Any

import msgspec

from openprime.api.endpoints import (
    accounts,
    algos,
    assets,
    fees,
    funds,
    lending,
    lists,
    loans,
    news,
    orders,
    portfolios,
    positions,
    reference,
)
from openprime.api.endpoints.endpoint import Endpoint, Handler, Limit, Limits, limits
from openprime.api.parameters import loans as loan_parameters
from openprime.api.parameters import orders as order_parameters
from openprime.api.parameters.table import Table

_FAMILIES = (
    *(orders, lists, positions, accounts, funds, assets, portfolios),
    *(algos, reference, fees, lending, loans, news),
)

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    (row.method, row.path): row for family in _FAMILIES for row in family.ROWS
}


def endpoints(strict_client_order_ids: bool = False) -> dict[tuple[str, str], Endpoint]:
    """The table under a profile."""
    if not strict_client_order_ids:
        return ENDPOINTS
    loan = loan_parameters.loan_table(strict_client_order_ids=True)
    tables: dict[str, Table[Any]] = {
        "/api/v1/trading/order": order_parameters.place_table(strict_client_order_ids=True),
        f"{loans.PREFIX}/borrow": loan,
        f"{loans.PREFIX}/repay": loan,
    }
    changed = {
        ("POST", path): msgspec.structs.replace(ENDPOINTS["POST", path], table=table)
        for path, table in tables.items()
    }
    return {**ENDPOINTS, **changed}


__all__ = ["ENDPOINTS", "Endpoint", "Handler", "Limit", "Limits", "endpoints", "limits"]
