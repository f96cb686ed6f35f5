"""How a command that cannot go on says so."""

from typing import NoReturn

import click


def fail(message: str) -> NoReturn:
    """End with one line on standard error and exit code 2."""
    raise click.ClickException(" ".join(message.split()))
