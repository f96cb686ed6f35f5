"""What the desk can be asked to do, by family, and the envelope that a command travels in.

Commands carry values that already passed the syntax checks of the surface they came through.
"""

from openprime.desk.commands.envelope import NO_QUOTE, Command, Envelope, Quote
from openprime.desk.commands.operator import Configure, Credit
from openprime.desk.commands.registry import (
    CreateKey,
    CreatePortfolio,
    CreateUser,
    DeleteKey,
    FreezeKey,
)
from openprime.desk.commands.trading import (
    CancelOrder,
    CancelOrders,
    ClosePosition,
    PlaceOrder,
    ReplaceOrder,
    SetLeverage,
)
from openprime.desk.commands.world import ResumeOrders, RunAgenda, SetPrices, VenueReports

__all__ = [
    "CancelOrder",
    "CancelOrders",
    "ClosePosition",
    "Command",
    "Configure",
    "CreateKey",
    "CreatePortfolio",
    "CreateUser",
    "Credit",
    "DeleteKey",
    "Envelope",
    "FreezeKey",
    "NO_QUOTE",
    "PlaceOrder",
    "Quote",
    "ReplaceOrder",
    "ResumeOrders",
    "RunAgenda",
    "SetLeverage",
    "SetPrices",
    "VenueReports",
]
