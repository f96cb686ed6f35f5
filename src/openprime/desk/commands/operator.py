"""What the operator may do."""

from decimal import Decimal

import msgspec

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


OperatorCommand = Credit | Configure
