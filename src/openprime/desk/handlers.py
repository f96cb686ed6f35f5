"""Which function does which command: the table that the desk looks up."""

from collections.abc import Callable
from typing import Any

from openprime.desk import (
    changes,
    closing,
    configuring,
    leverage,
    orders,
    prices,
    registry,
    reports,
    resuming,
    tasks,
)
from openprime.desk.commands import (
    CancelOrder,
    CancelOrders,
    ClosePosition,
    Configure,
    CreateKey,
    CreatePortfolio,
    CreateUser,
    Credit,
    DeleteKey,
    FreezeKey,
    PlaceOrder,
    ReplaceOrder,
    ResumeOrders,
    RunAgenda,
    SetLeverage,
    SetPrices,
    VenueReports,
)
from openprime.desk.state import Order
from openprime.desk.turn import Turn
from openprime.errors import Refusal

# What a handler returns is the reply: an order only as a copy that nothing will change.
Handler = Callable[[Turn, Any], Order | int | str | Refusal | None]

HANDLERS: dict[type, Handler] = {
    PlaceOrder: orders.place,
    VenueReports: reports.take_reports,
    CancelOrder: changes.cancel,
    ReplaceOrder: changes.replace,
    CancelOrders: changes.cancel_all,
    ClosePosition: closing.close_position,
    SetLeverage: leverage.set_leverage,
    SetPrices: prices.set_prices,
    RunAgenda: tasks.run_agenda,
    CreateUser: registry.create_user,
    CreatePortfolio: registry.create_portfolio,
    CreateKey: registry.create_key,
    FreezeKey: registry.freeze_key,
    DeleteKey: registry.delete_key,
    Credit: registry.credit,
    Configure: configuring.configure,
    ResumeOrders: resuming.resume_orders,
}
