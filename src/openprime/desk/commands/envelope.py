"""The envelope that a command travels in: its place, its moment, and what it must know."""

import msgspec

from openprime.desk.commands.algo import AlgoCommand
from openprime.desk.commands.broker import SetMarkup
from openprime.desk.commands.funds import FundsCommand
from openprime.desk.commands.news import NewsCommand
from openprime.desk.commands.operator import OperatorCommand
from openprime.desk.commands.pool import PoolCommand
from openprime.desk.commands.registry import RegistryCommand
from openprime.desk.commands.switches import SwitchCommand
from openprime.desk.commands.trading import TradingCommand
from openprime.desk.commands.world import WorldCommand
from openprime.errors import Refusal

Command = (
    TradingCommand
    | WorldCommand
    | RegistryCommand
    | OperatorCommand
    | FundsCommand
    | PoolCommand
    | AlgoCommand
    | SetMarkup
    | SwitchCommand
    | NewsCommand
)


class Quote(msgspec.Struct, frozen=True, array_like=True):
    """Best prices of the order's symbol when the command was stamped, in ticks; None if none."""

    bid_ticks: int | None
    ask_ticks: int | None


NO_QUOTE = Quote(None, None)


class OperatorNote(msgspec.Struct, frozen=True, array_like=True):
    """What the audit keeps of an operator's action: its name, its body without secrets, the address
    that it came from, and the code that it was answered with.
    """

    action: str
    body: str
    peer: str
    code: int = 200


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """A command with its place and moment: the only clock the desk reads.

    `forced` is a refusal that an operator's fault asks for, raised at its stage of the checks;
    `note` makes the command an operator's, whose audit row is kept with it.
    """

    sequence: int
    time_ms: int
    command: Command
    quote: Quote = NO_QUOTE
    forced: Refusal | None = None
    note: OperatorNote | None = None
