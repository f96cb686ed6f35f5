"""The broker's face: the application with its services, limits, operator's door and sockets."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from openprime.api.asgi import Application
from openprime.api.edge.limiter import Limiter
from openprime.api.operator.door import OperatorDoor
from openprime.api.services import Services
from openprime.api.settings import ApiSettings
from openprime.api.venue_shapes.routes import venue_rows
from openprime.server.broker import Broker
from openprime.server.config import Limits, ServerConfig
from openprime.server.fault_points import FaultPoints
from openprime.server.sockets import Sockets
from openprime.store.history import History

FREEZE_AFTER_BAD_SIGNATURES = 20
DOCUMENTS_FOLDER = Path(__file__).parents[3] / "docs"


def assemble(
    broker: Broker, clock_s: Callable[[], float] = time.monotonic
) -> tuple[Application, Sockets]:
    """The application over an open broker, and its sockets. `clock_s` measures what budgets and
    silences are counted in; it may start anywhere, but never goes back.
    """
    config = broker.config
    services = Services(
        sequencer=broker.sequencer,
        store=broker.store,
        history=History(broker.store),
        market=broker.market,
        clock_ms=broker.clock_ms,
        unseal=broker.store.vault.unseal,
        settings=api_settings(config),
        clock=broker.timekeeper,
        mover=broker,
        wall_ms=broker.clock.wall_ms,
    )
    limited = config.limits is not Limits.OFF
    if limited:
        calls = services.settings.edge.address_calls_per_minute
        services.limiter = Limiter(config.limits is Limits.CONTEST, clock_s, calls)
    application = Application(services, venue_rows())
    FaultPoints(broker, services.faults)
    broker.pump.timers.append(services.faults.on_timer)
    token = broker.credentials.admin_token
    application.operator = OperatorDoor(services, token, config.file.admin)
    broker.sequencer.observers.append(services.observe)
    broker.sequencer.on_refusal = services.refusals.on_refusal
    broker.sequencer.on_rebuilt = services.on_rebuilt
    sockets = Sockets(broker, services, limited, clock_s)
    sockets.open(application)
    return application, sockets


def api_settings(config: ServerConfig) -> ApiSettings:
    """The settings of the API's face, completed by what the command line said."""
    freezing = config.file.api.freeze_after_bad_signatures
    if freezing is None:
        freezing = 0 if config.limits is Limits.OFF else FREEZE_AFTER_BAD_SIGNATURES
    return msgspec.structs.replace(
        config.file.catalog.api(config.file.api),
        freeze_after_bad_signatures=freezing,
        durability=str(config.durability),
        documents_folder=config.file.api.documents_folder or str(DOCUMENTS_FOLDER),
    )
