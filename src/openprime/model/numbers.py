"""Exact decimal arithmetic and the one way in which numbers are printed.

Every amount in Openprime is a `Decimal` in one fixed context of 60 digits: enough for the product
of a ledger amount (18 decimals), a price and a discount without any rounding. Rounding happens
only where a rule of the API says so, through the functions of this module.
"""

import decimal
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

PRECISION_DIGITS = 60
LEDGER_PLACES = 18
AMOUNT_PLACES = 8

# New threads and new contexts copy the default context; the main thread already has one.
decimal.DefaultContext.prec = PRECISION_DIGITS
decimal.DefaultContext.Emax = decimal.MAX_EMAX
decimal.DefaultContext.Emin = decimal.MIN_EMIN
decimal.setcontext(decimal.DefaultContext.copy())

ZERO = Decimal(0)
ONE = Decimal(1)

_QUANTUM = [Decimal(1).scaleb(-places) for places in range(31)]
# Cutting must never fail: a quotient by a tiny price may have more digits than all else.
_WIDE = decimal.Context(prec=1000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def truncate(value: Decimal, places: int = LEDGER_PLACES) -> Decimal:
    """Cut `value` toward zero to `places` decimals."""
    return value.quantize(_QUANTUM[places], ROUND_DOWN, _WIDE)


def round_half_up(value: Decimal, places: int = AMOUNT_PLACES) -> Decimal:
    """Round `value` to `places` decimals, halves away from zero."""
    return value.quantize(_QUANTUM[places], ROUND_HALF_UP, _WIDE)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def steps(value: Decimal, step: Decimal) -> int | None:
    """How many whole steps `value` is, or None where it is no multiple of `step`."""
    count = value / step
    whole = int(count)
    return whole if whole == count else None


def positive_part(value: Decimal) -> Decimal:
    """max(value, 0)."""
    return value if value > ZERO else ZERO


def negative_part(value: Decimal) -> Decimal:
    """max(-value, 0)."""
    return -value if value < ZERO else ZERO


def text(value: Decimal) -> str:
    """A plain decimal: no exponent, no trailing zeros, "0" and never "-0"."""
    if not value:
        return "0"
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
