"""How the store speaks to the operator."""


class StoreError(Exception):
    """The data folder cannot be used as asked: one line, with what to do about it."""

    def __init__(self, *, expected: str, found: str, remedy: str) -> None:
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(f"expected {expected}; found {found}; {remedy}")
