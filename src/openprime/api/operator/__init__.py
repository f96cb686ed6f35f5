"""The operator's table: one row an action, and everything that is to be known about it.

The routes under /admin/v1, the commands of `openprime admin`, the kinds of fault that change state
and the table of docs/operating.md are all made from it.
"""

from openprime.api.operator import (
    accounts,
    audit,
    clock,
    explain,
    faults,
    funds,
    house,
    instruments,
    maintenance,
    news,
    people,
    pool,
    prices,
    rates,
)
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Paged, Unfit

_FAMILIES = (
    *(audit, people, accounts, funds, house, prices, rates, instruments, pool),
    *(maintenance, clock, explain, faults, news),
)

ADMIN: dict[tuple[str, str], AdminRow] = {
    (row.method, row.path): row for family in _FAMILIES for row in family.ROWS
}

__all__ = ["ADMIN", "AdminRow", "Asked", "Nothing", "PREFIX", "Paged", "Unfit"]
