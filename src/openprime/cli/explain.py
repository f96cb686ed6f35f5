"""`openprime explain …`: the arithmetic behind an order, an account or a position, line by line."""

from pathlib import Path

import click

from openprime.cli.operator_client import call, reaches_broker, server_of

EXPLAINED = {
    "order": "Why an order was refused (R1, R2, … in the log), or what a working one weighs.",
    "account": "How the margin and status of a portfolio's accounts come about.",
    "position": "How the fields of an open position come about.",
}


@click.group()
@reaches_broker
@click.pass_context
def explain(
    ctx: click.Context, url: str | None, token: str | None, ready_file: Path | None
) -> None:
    """Why something of a running broker is as it is."""
    ctx.obj = {"url": url, "token": token, "ready_file": ready_file}


def _command(what: str, told: str) -> click.Command:
    @click.pass_context
    def run(ctx: click.Context, /, subject: str) -> None:
        server = server_of(**ctx.find_object(dict))  # type: ignore[arg-type]
        data = call(server, "GET", f"/admin/v1/explain/{what}", {"id": subject})
        click.echo("\n".join(data["lines"]))

    return click.Command(
        what, callback=run, params=[click.Argument(["subject"], metavar="ID")], help=told
    )


for _what, _told in EXPLAINED.items():
    explain.add_command(_command(_what, _told))
