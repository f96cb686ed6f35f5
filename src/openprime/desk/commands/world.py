"""What comes from outside without being asked for: venues, prices, time, a restart."""

from decimal import Decimal

import msgspec

from openprime.model.venue import VenueReport


class VenueReports(msgspec.Struct, frozen=True, tag=True):
    """What a venue said, in its order."""

    reports: list[VenueReport]


class Traded(msgspec.Struct, frozen=True, array_like=True):
    """What a symbol traded since it was last told: lowest, highest and last price, and quantity in
    order units.
    """

    low: Decimal
    high: Decimal
    last: Decimal
    volume: Decimal


class SetPrices(msgspec.Struct, frozen=True, tag=True):
    """New mark prices by PERP symbol and index prices by coin, in USDT; what traded of the symbols
    that algo orders follow; and the running funding rates by PERP symbol.
    """

    marks: dict[str, Decimal]
    indexes: dict[str, Decimal]
    traded: dict[str, Traded] = {}
    funding: dict[str, Decimal] = {}


class ResumeOrders(msgspec.Struct, frozen=True, tag=True):
    """After a restart: tell the venue again of every order that is at work."""


class RunAgenda(msgspec.Struct, frozen=True, tag=True):
    """Time has passed: do what the agenda holds up to the envelope's moment."""


WorldCommand = VenueReports | SetPrices | ResumeOrders | RunAgenda
