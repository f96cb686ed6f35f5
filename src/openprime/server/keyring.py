"""The keys of a data folder at rest: the desk and journal of a broker, without a market."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from openprime.desk.commands import NO_QUOTE, Command, CreateKey, DeleteKey, FreezeKey
from openprime.desk.desk import Desk
from openprime.desk.keys import keys_of
from openprime.desk.state import ApiKey
from openprime.errors import message
from openprime.model.vocabulary import Permission
from openprime.sequencer import Sequencer
from openprime.server.broker import load_reference, wall_clock_ms
from openprime.store.database import DATABASE_NAME, Durability
from openprime.store.new_keys import new_key
from openprime.store.recovery import recover
from openprime.store.store import Store


class KeyringError(Exception):
    """What was asked for cannot be done: one line for the operator."""


class Keyring:
    """Lists and changes keys; every change is durable when it returns."""

    def __init__(self, desk: Desk, sequencer: Sequencer, store: Store) -> None:
        self._desk = desk
        self._sequencer = sequencer
        self._store = store

    def all(self) -> list[ApiKey]:
        return list(self._desk.state.keys.values())

    async def create(self, portfolio: str | None, name: str, permissions: str) -> tuple[str, str]:
        """Make a key; returns access key and secret."""
        portfolio_id = self._portfolio_id(portfolio)
        keys_max = self._desk.turn.settings.portfolio_keys_max
        if len(keys_of(self._desk.state, portfolio_id)) >= keys_max:
            raise KeyringError(
                f"expected portfolio {portfolio_id} to have fewer than {keys_max} keys, found "
                f"{keys_max}; delete one with: openprime keys delete"
            )
        command, secret = new_key(self._store.vault, portfolio_id, name, _permissions(permissions))
        await self._do(command)
        return command.access_key, secret

    async def freeze(self, access_key: str, frozen: bool) -> None:
        await self._do(FreezeKey(access_key, frozen))

    async def delete(self, access_key: str) -> None:
        await self._do(DeleteKey(access_key))

    def _portfolio_id(self, text: str | None) -> int:
        portfolios = self._desk.state.portfolios
        if not portfolios:
            raise KeyringError(
                "expected a folder with a portfolio, found none; "
                "complete its first start with: openprime up --data DIR"
            )
        if text is None:
            return next(p.portfolio_id for p in portfolios.values() if p.is_main)
        if not text.isdecimal() or int(text) not in portfolios:
            raise KeyringError(f"expected the id of a portfolio of this folder, found {text!r}")
        return int(text)

    async def _do(self, command: Command) -> None:
        outcome = await self._sequencer.submit(command)
        if outcome.refusal is None:
            return
        found = message(outcome.refusal.code, outcome.refusal.arguments)
        if isinstance(command, (CreateKey, FreezeKey, DeleteKey)):
            found += f": {command.access_key}"
        raise KeyringError(f"{found} (see: openprime keys list)")


def _permissions(text: str) -> list[Permission]:
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in list(Permission)]
    if unknown:
        raise KeyringError(
            f"--permissions: expected a comma list of {', '.join(Permission)}, found {unknown[0]!r}"
        )
    # READ comes with every key.
    return [p for p in Permission if p in names or p is Permission.READ]


@contextlib.asynccontextmanager
async def open_keyring(folder: Path) -> AsyncIterator[Keyring]:
    """Open a data folder that no broker runs on. StoreError or KeyringError where it cannot be."""
    if not (folder / DATABASE_NAME).exists():
        raise KeyringError(
            f"expected a broker's data folder at {folder}, found none; "
            "start one with: openprime up --data DIR"
        )
    store = Store.open(folder, Durability.FSYNC)
    try:
        reference = load_reference()
        desk, _ = recover(store, lambda state: Desk(reference, state=state))
        assert isinstance(desk, Desk)
        sequencer = Sequencer(desk, store, wall_clock_ms, lambda _: NO_QUOTE)
        try:
            yield Keyring(desk, sequencer, store)
        finally:
            await sequencer.close()
    finally:
        store.close()
