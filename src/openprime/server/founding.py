"""The first start of a data folder: a user, its MainPortfolio, money and a key."""

from decimal import Decimal

import msgspec

from openprime.desk.commands import Command, CreateUser, Credit
from openprime.desk.desk import Desk
from openprime.desk.outcome import Outcome
from openprime.desk.state import ApiKey, Portfolio
from openprime.model.reference import LISTED_EXCHANGES
from openprime.model.vocabulary import Permission, UserKind
from openprime.sequencer import Sequencer
from openprime.store.new_keys import SECRET_BYTES, new_key
from openprime.store.store import Store

FIRST_FUNDS = {"USDT": Decimal(100_000), "BTC": Decimal(1)}
ADMIN_TOKEN = "admin_token"
FOUNDED = "founded"


class Credentials(msgspec.Struct, frozen=True):
    """What the operator is shown. `secret_key` only where this start made the key."""

    access_key: str
    secret_key: str | None
    portfolio_id: int
    admin_token: str


class FoundingError(Exception):
    """A first start that could not be completed."""


async def found(desk: Desk, sequencer: Sequencer, store: Store) -> Credentials:
    """Make what a new folder lacks; on a later start only find what is there.

    Each step is durable before the next and is found again after a crash between two of them.
    """
    admin_token = _admin_token(store)
    if not desk.state.portfolios:
        await _do(sequencer, CreateUser(UserKind.BROKER))
    portfolio = next(iter(desk.state.portfolios.values()))
    secret = None
    key = primary_key(desk, portfolio.portfolio_id)
    if store.meta(FOUNDED) is None:
        await _fund(sequencer, portfolio)
        if key is None:
            command, secret = new_key(store.vault, portfolio.portfolio_id, "primary", Permission)
            await _do(sequencer, command)
            key = desk.state.keys[command.access_key]
        store.set_meta(FOUNDED, b"1")
    return Credentials(
        access_key=key.access_key if key else "",
        secret_key=secret,
        portfolio_id=portfolio.portfolio_id,
        admin_token=admin_token,
    )


async def _fund(sequencer: Sequencer, portfolio: Portfolio) -> None:
    """Give the first portfolio its money at every exchange, where it has not got it."""
    for exchange in LISTED_EXCHANGES:
        account = portfolio.accounts[exchange]
        for coin, amount in FIRST_FUNDS.items():
            if coin not in account.wallets or not account.initialised:
                await _do(sequencer, Credit(portfolio.portfolio_id, exchange, coin, amount))


def primary_key(desk: Desk, portfolio_id: int) -> ApiKey | None:
    """The first key of a portfolio that still exists."""
    for key in desk.state.keys.values():
        if key.portfolio_id == portfolio_id:
            return key
    return None


def _admin_token(store: Store) -> str:
    sealed = store.meta(ADMIN_TOKEN)
    if sealed is not None:
        return store.vault.unseal(sealed, ADMIN_TOKEN)
    token = store.vault.token(SECRET_BYTES)
    store.set_meta(ADMIN_TOKEN, store.vault.seal(token, ADMIN_TOKEN))
    return token


async def _do(sequencer: Sequencer, command: Command) -> Outcome:
    outcome = await sequencer.submit(command)
    if sequencer.broken is not None:
        raise FoundingError(f"expected a new data folder to be founded; {sequencer.broken}")
    if outcome.refusal is not None:
        raise FoundingError(
            f"expected a new data folder to take {type(command).__name__}, "
            f"found code {outcome.refusal.code}; use another folder"
        )
    return outcome
