"""From the desk's values to rows on the wire (rest-trading 1.9, 2 to 5; clients table 3).

Every number is a text, but where a client would break on it; nothing is null. Sums of an account
are cut to eight decimals, as the API prints them (resolutions 18, 19, 71 to 73, 109, 135). Here is
what all rows share; each kind of row is in the module of its name.
"""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from openprime.model.numbers import AMOUNT_PLACES, LEDGER_PLACES, text, truncate

Row = dict[str, Any]

FIFTEEN_DIGITS = Context(prec=15)
# Maintenance rates are printed as the venues print them.
RATE_PLACES = 4


def amount(value: Decimal) -> str:
    """An amount of an account, or of a statement: cut to eight decimals."""
    return text(truncate(value, AMOUNT_PLACES))


def exact(value: Decimal) -> str:
    """An amount with all digits that the ledger has, which are eighteen decimals."""
    return text(truncate(value, LEDGER_PLACES))


def ratio(value: Decimal) -> str:
    """A ratio, to fifteen significant digits."""
    return text(FIFTEEN_DIGITS.plus(value))


def business_of(sym: str) -> str:
    """The business that a symbol's name carries."""
    return sym.split("_", 2)[1]


def page(rows: Sequence[Row], total: int, number: int, size: int) -> Row:
    """One page of a list; pageNum is the number of pages (resolutions 36)."""
    return {
        "page": number,
        "pageSize": size,
        "pageNum": -(-total // size),
        "totalSize": total,
        "list": rows,
    }


def page_of(rows: Sequence[Row], number: int, size: int) -> Row:
    """One page of a list whose rows are all at hand."""
    first = (number - 1) * size
    return page(rows[first : first + size], len(rows), number, size)
