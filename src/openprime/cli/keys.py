"""`openprime keys …`: the API keys of a data folder whose broker is not running."""

import asyncio
from collections.abc import Awaitable, Callable

import typer

from openprime.cli.failure import fail
from openprime.cli.up import HELP_DATA

app = typer.Typer(
    help="Manage the API keys of a data folder.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Data = typer.Option(None, "--data", metavar="DIR", help=HELP_DATA)


@app.command("list")
def list_keys(data: str = Data) -> None:
    """List the keys; secrets are never shown."""
    from openprime.server.keyring import Keyring

    async def work(keyring: Keyring) -> None:
        print(f"{'ACCESS KEY':<34}{'PORTFOLIO':<18}{'STATUS':<8}{'PERMISSIONS':<31}NAME")
        for key in keyring.all():
            status = "frozen" if key.frozen else "normal"
            permissions = ",".join(key.permissions)
            row = f"{key.access_key:<34}{key.portfolio_id:<18}{status:<8}{permissions:<31}"
            print(row + key.name)

    _with_keyring(data, work)


@app.command("create")
def create_key(
    data: str = Data,
    portfolio: str = typer.Option(None, metavar="ID", help="Portfolio; default MainPortfolio."),
    name: str = typer.Option("", help="A name for the key."),
    permissions: str = typer.Option(
        "READ,TRADE,TRANSFER,WITHDRAW", help="Comma list of READ, TRADE, TRANSFER, WITHDRAW."
    ),
) -> None:
    """Make a key and show its secret, once."""
    from openprime.server.keyring import Keyring

    async def work(keyring: Keyring) -> None:
        access_key, secret = await keyring.create(portfolio, name, permissions)
        print(f"export LTP_ACCESS_KEY={access_key} LTP_SECRET_KEY={secret}")

    _with_keyring(data, work)


@app.command("freeze")
def freeze_key(
    access_key: str,
    data: str = Data,
    undo: bool = typer.Option(False, "--undo", help="Free a frozen key."),
) -> None:
    """Freeze a key: its calls are refused with 100041."""
    from openprime.server.keyring import Keyring

    async def work(keyring: Keyring) -> None:
        await keyring.freeze(access_key, not undo)
        print(f"{access_key} is {'normal again' if undo else 'frozen'}")

    _with_keyring(data, work)


@app.command("delete")
def delete_key(access_key: str, data: str = Data) -> None:
    """Delete a key for ever."""
    from openprime.server.keyring import Keyring

    async def work(keyring: Keyring) -> None:
        await keyring.delete(access_key)
        print(f"{access_key} is deleted")

    _with_keyring(data, work)


def _with_keyring(data: str | None, work: Callable[..., Awaitable[None]]) -> None:
    """Open the data folder, do the work, close it; whatever is wrong is one line."""
    from openprime.server.config import MEMORY, data_folder
    from openprime.server.keyring import KeyringError, open_keyring
    from openprime.store.errors import StoreError

    folder = data_folder(data)
    if folder is None:
        fail(f"--data: expected a folder, found {MEMORY}, which keeps no keys")

    async def body() -> None:
        async with open_keyring(folder) as keyring:
            await work(keyring)

    try:
        asyncio.run(body())
    except (KeyringError, StoreError) as error:
        fail(str(error))
