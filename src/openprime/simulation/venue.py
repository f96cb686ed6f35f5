"""What the venue filled, whoever heard of it."""

from openprime.market.events import MarketEvent
from openprime.model.venue import Filled, VenueReport, VenueRequest
from openprime.venues import SimulatedExchange


class VenueWitness:
    """Looks on at the exchange. `filled` are lots by order and trade, over all starts."""

    def __init__(self) -> None:
        self.filled: dict[int, dict[int, int]] = {}

    def watch(self, exchange: SimulatedExchange) -> None:
        """Look on at an exchange from here on: of this start of the broker."""
        handle, on_market = exchange.handle, exchange.on_market

        def watched_handle(request: VenueRequest) -> list[VenueReport]:
            return self._noted(handle(request))

        def watched_on_market(event: MarketEvent) -> list[VenueReport]:
            return self._noted(on_market(event))

        exchange.handle = watched_handle  # type: ignore[method-assign]
        exchange.on_market = watched_on_market  # type: ignore[method-assign]

    def _noted(self, reports: list[VenueReport]) -> list[VenueReport]:
        for report in reports:
            if type(report) is Filled:
                trades = self.filled.setdefault(report.order_id, {})
                trades[report.trade_id] = report.quantity_lots
        return reports
