"""Where client orders trade. In: venue requests. Out: execution reports. Nothing else passes."""

from openprime.venues.gateway import VenueGateway
from openprime.venues.protocol import ReportSink, Venue
from openprime.venues.simulated import SimulatedExchange

__all__ = ["ReportSink", "SimulatedExchange", "Venue", "VenueGateway"]
