"""`openprime keys …`: the API keys of a data folder whose broker is not running."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from openprime.cli.failure import fail

if TYPE_CHECKING:
    from openprime.server.keyring import Keyring

data_option = click.option(
    "--data", metavar="DIR", help="Data folder. Default: the one that `up` uses."
)


@click.group()
def keys() -> None:
    """Manage the API keys of a data folder."""


@keys.command("list")
@data_option
def list_keys(data: str | None) -> None:
    """List the keys; secrets are never shown."""

    async def work(keyring: "Keyring") -> None:
        click.echo(f"{'ACCESS KEY':<34}{'PORTFOLIO':<18}{'STATUS':<8}{'PERMISSIONS':<31}NAME")
        for key in keyring.all():
            status = "frozen" if key.is_frozen else "normal"
            permissions = ",".join(key.permissions)
            row = f"{key.access_key:<34}{key.portfolio_id:<18}{status:<8}{permissions:<31}"
            click.echo(row + key.name)

    _with_keyring(data, work)


@keys.command("create")
@data_option
@click.option("--portfolio", metavar="ID", help="Portfolio. Default: MainPortfolio.")
@click.option("--name", default="", help="A name for the key.")
@click.option(
    "--permissions",
    default="READ,TRADE,TRANSFER,WITHDRAW",
    show_default=True,
    help="Comma list; READ comes with every key.",
)
def create_key(data: str | None, portfolio: str | None, name: str, permissions: str) -> None:
    """Make a key and show its secret, once."""

    async def work(keyring: "Keyring") -> None:
        access_key, secret = await keyring.create(portfolio, name, permissions)
        click.echo(f"export LTP_ACCESS_KEY={access_key} LTP_SECRET_KEY={secret}")

    _with_keyring(data, work)


@keys.command("freeze")
@click.argument("access_key")
@data_option
@click.option("--undo", is_flag=True, help="Free a frozen key.")
def freeze_key(access_key: str, data: str | None, undo: bool) -> None:
    """Freeze a key: its calls are refused with 100041."""

    async def work(keyring: "Keyring") -> None:
        await keyring.freeze(access_key, not undo)
        click.echo(f"{access_key} is {'normal again' if undo else 'frozen'}")

    _with_keyring(data, work)


@keys.command("delete")
@click.argument("access_key")
@data_option
def delete_key(access_key: str, data: str | None) -> None:
    """Delete a key for ever."""

    async def work(keyring: "Keyring") -> None:
        await keyring.delete(access_key)
        click.echo(f"{access_key} is deleted")

    _with_keyring(data, work)


def _with_keyring(data: str | None, work: Callable[["Keyring"], Awaitable[None]]) -> None:
    """Open the data folder, do the work, close it; whatever is wrong is one line."""
    from openprime.server.config import MEMORY, ConfigError, data_folder
    from openprime.server.keyring import KeyringError, open_keyring
    from openprime.server.logs import quiet_logs
    from openprime.store.errors import StoreError

    try:
        folder = data_folder(data)
    except ConfigError as error:
        fail(str(error))
    if folder is None:
        fail(f"--data: expected a folder, found {MEMORY}, which keeps no keys")

    quiet_logs()

    async def body() -> None:
        async with open_keyring(folder) as keyring:
            await work(keyring)

    try:
        asyncio.run(body())
    except (KeyringError, StoreError) as error:
        fail(str(error))
