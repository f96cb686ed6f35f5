"""Ways to the desk that lay something beside every command on its way."""

from openprime.api.faults import FaultBoard, Station, Told
from openprime.api.services import Commands
from openprime.desk.commands import Command, OperatorNote, PlaceOrder
from openprime.desk.outcome import Outcome
from openprime.errors import Refusal


class Way:
    """The way as it is: the base of those that add something."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    @property
    def sequence(self) -> int:
        return self._commands.sequence

    @property
    def broken(self) -> str | None:
        return self._commands.broken

    @property
    def desk(self) -> object:
        return self._commands.desk

    async def submit(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome:
        return await self._commands.submit(command, forced, note)

    def post(self, command: Command) -> Outcome:
        return self._commands.post(command)

    async def settled(self) -> None:
        await self._commands.settled()


class NotedWay(Way):
    """Every command takes an operator's audit row along. `changed` once one of them was done."""

    def __init__(self, commands: Commands, note: OperatorNote) -> None:
        super().__init__(commands)
        self._note = note
        self.changed = False

    async def submit(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome:
        outcome = await super().submit(command, forced, note or self._note)
        self.changed = self.changed or outcome.refusal is None
        return outcome


class ForcedWay(Way):
    """A command of a client meets the operator's faults. What a push alone can tell is for new
    orders.
    """

    def __init__(self, commands: Commands, board: FaultBoard, told: Told) -> None:
        super().__init__(commands)
        self._board = board
        self._told = told

    async def submit(
        self, command: Command, forced: Refusal | None = None, note: OperatorNote | None = None
    ) -> Outcome:
        places = isinstance(command, PlaceOrder)
        stations = (Station.DESK, Station.PUSH) if places else (Station.DESK,)
        met = self._board.meet(stations, self._told)
        outcome = await super().submit(command, met.refusal if met else forced, note)
        if met and outcome.refusal not in (None, met.refusal):
            self._board.miss(met)
        return outcome
