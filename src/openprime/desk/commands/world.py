"""What comes from outside without being asked for: venues, prices, time, a restart."""

from decimal import Decimal

import msgspec

from openprime.model.venue import VenueReport


class VenueReports(msgspec.Struct, frozen=True, tag=True):
    """What a venue said, in its order."""

    reports: list[VenueReport]


class SetPrices(msgspec.Struct, frozen=True, tag=True):
    """New mark prices by PERP symbol and index prices by coin, in USDT."""

    marks: dict[str, Decimal]
    indexes: dict[str, Decimal]


class ResumeOrders(msgspec.Struct, frozen=True, tag=True):
    """After a restart: tell the venue again of every order that is at work."""


class RunAgenda(msgspec.Struct, frozen=True, tag=True):
    """Time has passed: do what the agenda holds up to the envelope's moment."""


WorldCommand = VenueReports | SetPrices | ResumeOrders | RunAgenda
