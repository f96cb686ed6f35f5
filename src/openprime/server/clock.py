"""The desk's time: the world's, unless the operator set it otherwise."""

from collections.abc import Callable
from decimal import Decimal

from openprime.desk.switches import ClockLine
from openprime.model.numbers import ONE


class Clock:
    """Tells the desk's time, in ms, along the line that the desk keeps.

    `wall_ms` tells the world's. Without a line the two are the same.
    """

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self.wall_ms = wall_ms
        self._line: ClockLine | None = None
        # What to add to the world's time, where the line runs as fast as the world.
        self._offset_ms: int | None = 0
        self._held_ms: int | None = None

    @property
    def line(self) -> ClockLine:
        """The line that time goes along."""
        now_ms = self.wall_ms()
        return self._line or ClockLine(now_ms, now_ms, ONE, False)

    @property
    def speed(self) -> Decimal:
        """How many ms of the desk's go by in one of the world's, while they do."""
        return ONE if self._line is None else self._line.speed

    def now_ms(self) -> int:
        """The desk's time."""
        if self._held_ms is not None:
            return self._held_ms
        if self._offset_ms is not None:
            return self.wall_ms() + self._offset_ms
        return self.line.at(self.wall_ms())

    def follow(self, line: ClockLine | None) -> None:
        """Go along a line from here on."""
        self._line = line
        self._offset_ms = 0
        if line is not None:
            plain = line.speed == ONE and not line.frozen
            self._offset_ms = line.desk_ms - line.wall_ms if plain else None

    def resume(self, line: ClockLine | None, last_ms: int) -> None:
        """Go on after a pause of the program, in which no other than the world's time went by.
        `last_ms` is the last moment that the desk knows.
        """
        if line is not None and not line.frozen and line.speed != ONE:
            line = ClockLine(self.wall_ms(), max(line.desk_ms, last_ms), line.speed, False)
        self.follow(line)

    def hold(self, desk_ms: int) -> None:
        """Tell this moment until `release`, whatever the line says."""
        self._held_ms = desk_ms

    def release(self) -> None:
        """Go along the line again."""
        self._held_ms = None
