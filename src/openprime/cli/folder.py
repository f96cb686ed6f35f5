"""`openprime verify`, `backup` and `restore`: what the operator does with a data folder."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from openprime.cli.failure import fail

if TYPE_CHECKING:
    from openprime.store.verification import Check

T = TypeVar("T")

_FOLDER = click.Path(path_type=Path)
_NAME_WIDTH = 14
_STATUS_WIDTH = 60


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="The checks as JSON.")
def verify(folder: Path, as_json: bool) -> None:
    """Check a data folder that no broker uses, or a backup.

    One line a check and a verdict. Exit code 0 where everything is as it was acknowledged, 1 where
    something is wrong.
    """
    checks = _attempt(lambda: _verified(folder))
    sound = all(check.ok for check in checks)
    if as_json:
        told = {"folder": str(folder), "sound": sound, "checks": checks}
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=1).decode())
    else:
        _tell_checks(checks)
        click.echo(_verdict(folder, checks))
    sys.exit(0 if sound else 1)


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.argument("out", metavar="OUT", type=_FOLDER)
def backup(folder: Path, out: Path) -> None:
    """Copy a data folder to OUT, of one moment, while its broker runs or not.

    OUT is a data folder itself. Nothing may be there before, and nothing is there after a failure.
    """
    from openprime.store.backup import back_up

    copy = _attempt(lambda: back_up(folder, out, _progress))
    click.echo(
        f"{out}: everything up to command {copy.last_sequence}, {copy.size_bytes:,} bytes; "
        f"check it with: openprime verify {out}"
    )


@click.command()
@click.argument("source", metavar="BACKUP", type=_FOLDER)
@click.argument("folder", metavar="DIR", type=_FOLDER)
def restore(source: Path, folder: Path) -> None:
    """Put a copy of BACKUP at DIR, once all checks of verify have passed.

    DIR must be empty or missing.
    """
    from openprime.store.backup import restoring

    def work() -> None:
        with restoring(source, folder, _progress) as draft:
            checks = _verified(draft)
            if not all(check.ok for check in checks):
                _tell_checks(checks)
                _end_status()
                click.echo(f"{source} is not sound: nothing was restored", err=True)
                sys.exit(1)

    _attempt(work)
    click.echo(f"{folder} is restored; start with: openprime up --data {folder}")


def _verified(folder: Path) -> "list[Check]":
    from openprime.desk.desk import Desk
    from openprime.server.broker import load_reference
    from openprime.server.founding import ADMIN_TOKEN
    from openprime.store.verification import verify as verify_folder

    reference = load_reference()
    checks = verify_folder(
        folder, lambda state: Desk(reference, state=state), (ADMIN_TOKEN,), _progress
    )
    _end_status()
    return checks


def _attempt(work: Callable[[], T]) -> T:
    """Do it; whatever is wrong is one line."""
    from openprime.server.logs import quiet_logs
    from openprime.store.errors import StoreError

    quiet_logs()
    try:
        return work()
    except StoreError as error:
        _end_status()
        fail(str(error))


def _tell_checks(checks: "list[Check]") -> None:
    for check in checks:
        line = f"{'ok' if check.ok else 'WRONG':<7}{check.name:<{_NAME_WIDTH}}{check.found}"
        click.echo(line if check.ok else f"{line}; {check.remedy}")


def _verdict(folder: Path, checks: "list[Check]") -> str:
    wrong = [check.name for check in checks if not check.ok]
    if not wrong:
        return f"{folder} is sound"
    return (
        f"{folder} is not sound: {len(wrong)} of {len(checks)} checks failed ({', '.join(wrong)})"
    )


def _progress(what: str, done: int, total: int) -> None:
    """Where somebody watches, how far it is."""
    if sys.stderr.isatty() and total:
        line = f"{what}: {done:,} of {total:,}"
        click.echo(f"\r{line:<{_STATUS_WIDTH}}", err=True, nl=False)


def _end_status() -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{'':<{_STATUS_WIDTH}}\r", err=True, nl=False)
