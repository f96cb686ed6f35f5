"""How the store speaks to the operator."""

import sqlite3

# Primary codes of SQLite for a file that is not what it was.
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_PRIMARY_MASK = 0xFF

FROM_BACKUP = "check the folder with openprime verify, and restore a backup with openprime restore"


class StoreError(Exception):
    """The data folder cannot be used as asked: one line, with what to do about it."""

    def __init__(self, *, expected: str, found: str, remedy: str) -> None:
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(f"expected {expected}; found {found}; {remedy}")


def one_line(error: BaseException) -> str:
    """The cause in the system's or the database's own words, without the statement."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()) or type(cause).__name__


def remedy_of(error: BaseException, otherwise: str) -> str:
    """What to do about an error: a damaged file needs a backup, anything else `otherwise`."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return otherwise if isinstance(cause, OSError) else FROM_BACKUP
    return FROM_BACKUP if code & _PRIMARY_MASK in _DAMAGE_CODES else otherwise
