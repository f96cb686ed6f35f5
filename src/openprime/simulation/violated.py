"""How a simulation ends that found something."""


class Violated(Exception):
    """A promise of the broker was found broken: which, and what was found."""

    def __init__(self, check: str, found: str) -> None:
        self.check = check
        self.found = found
        super().__init__(f"{check}: {found}")
