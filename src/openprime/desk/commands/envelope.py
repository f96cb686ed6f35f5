"""The envelope that a command travels in: its place, its moment, and what it must know."""

import msgspec

from openprime.desk.commands.operator import OperatorCommand
from openprime.desk.commands.registry import RegistryCommand
from openprime.desk.commands.trading import TradingCommand
from openprime.desk.commands.world import WorldCommand

Command = TradingCommand | WorldCommand | RegistryCommand | OperatorCommand


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """Best prices of the order's symbol when the command was stamped, in ticks; None if none."""

    bid_ticks: int | None
    ask_ticks: int | None


NO_QUOTE = Quote(None, None)


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A command with its place and moment: the only clock the desk reads."""

    sequence: int
    time_ms: int
    command: Command
    quote: Quote = NO_QUOTE
