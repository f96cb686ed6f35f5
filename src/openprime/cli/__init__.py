"""The command line: `openprime up`, `openprime keys …`.

Whatever is wrong with a call is said in one line on standard error, with exit code 2.
"""

import sys

import click
import typer

from openprime import __version__
from openprime.cli import keys
from openprime.cli.up import up

app = typer.Typer(
    name="openprime",
    help="A prime broker that you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up)
app.add_typer(keys.app, name="keys")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"openprime {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """A prime broker that you run yourself."""


def main() -> None:
    """Run the command line; the exit code says how it went."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        code = 0
    except click.ClickException as error:
        print(f"openprime: {_one_line(error)}", file=sys.stderr)
        code = 2
    except click.Abort:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _one_line(error: click.ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
    hint = f" (see: {command} --help)" if command else ""
    return " ".join(error.format_message().split()) + hint
