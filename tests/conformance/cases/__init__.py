"""Every natural cause, entered by the import of its family."""

from tests.conformance.cases import (
    common,
    keys,
    orders,
    others,
    portfolios,
    sockets,
    transfers,
)

__all__ = ["common", "keys", "orders", "others", "portfolios", "sockets", "transfers"]
