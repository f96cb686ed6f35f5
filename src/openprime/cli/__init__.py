"""The command line: `openprime up`, `keys …`, `errors`, `admin …`, `explain …`,
`verify`, `backup` and `restore`.

Whatever is wrong with a call is said in one line on standard error, with exit code 2; what a
running broker says no to, and what is wrong with a data folder, with exit code 1.
"""

import sys

import click

from openprime import __version__
from openprime.cli.admin import admin
from openprime.cli.errors import errors
from openprime.cli.explain import explain
from openprime.cli.folder import backup, restore, verify
from openprime.cli.keys import keys
from openprime.cli.operator_client import Refused
from openprime.cli.up import up


@click.group(context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="openprime", message="%(prog)s %(version)s")
def openprime() -> None:
    """A prime broker that you run yourself."""


openprime.add_command(up)
openprime.add_command(keys)
openprime.add_command(errors)
openprime.add_command(admin)
openprime.add_command(explain)
for command in (verify, backup, restore):
    openprime.add_command(command)


def main() -> None:
    """Run the command line; the exit code says how it went."""
    try:
        code = openprime.main(prog_name="openprime", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 0
    except click.ClickException as error:
        click.echo(f"openprime: {_one_line(error)}", err=True)
        code = error.exit_code if isinstance(error, Refused) else 2
    except click.Abort:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _one_line(error: click.ClickException) -> str:
    usage = isinstance(error, click.UsageError) and error.ctx is not None
    hint = f" (see: {error.ctx.command_path} --help)" if usage else ""  # type: ignore[attr-defined]
    return " ".join(error.format_message().split()) + hint
