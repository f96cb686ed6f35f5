"""What the operator may do."""

from decimal import Decimal
from typing import Any

import msgspec

from openprime.desk.limits import TradeLimits
from openprime.desk.settings import DeskSettings
from openprime.model.vocabulary import Exchange


class Credit(msgspec.Struct, frozen=True, tag=True):
    """Money from outside into an account, which this initialises. `amount` in coin, above 0."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal


class Configure(msgspec.Struct, frozen=True, tag=True):
    """New parameters of the risk model and the order rules, from here on."""

    settings: DeskSettings


class Override(msgspec.Struct, frozen=True, tag=True):
    """Change the rules: the document under a key of a table (see effective.py), in the form in
    which the API states it. Of a map only the members named change; null takes one back. No
    document gives back the venue's own.
    """

    table: str
    key: str
    document: Any = None


class SeizeFrozen(msgspec.Struct, frozen=True, tag=True):
    """Take money that an account's orders and transfers hold back, the oldest orders' first
    (errors 6.4). `amount` in coin, above 0; at most what is held back.
    """

    portfolio_id: int
    exchange: Exchange
    coin: str
    amount: Decimal


class LimitPortfolio(msgspec.Struct, frozen=True, tag=True):
    """Hold a portfolio to these limits in the place of its earlier ones; None: to none."""

    portfolio_id: int
    limits: TradeLimits | None = None


class Note(msgspec.Struct, frozen=True, tag=True):
    """Nothing but the audit row of its envelope: of an action that was refused or changed nothing
    at the desk.
    """


OperatorCommand = Note | Credit | Configure | Override | LimitPortfolio | SeizeFrozen
