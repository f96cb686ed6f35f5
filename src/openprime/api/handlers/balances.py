"""The routes of what accounts hold and what came in and went out (rest-admin 4.2, 6.6)."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.transfers import filter_of
from openprime.api.parameters.funds import Balances, FundsQuery
from openprime.api.services import Services
from openprime.api.wire.funds import (
    DEPOSIT_BILLS,
    FUNDING_TYPE,
    WITHDRAWAL_BILLS,
    Balance,
    balances_row,
    deposit_bill,
    transfer_bill,
    withdrawal_bill,
)
from openprime.desk.desk import Desk
from openprime.desk.ledger import available, frozen
from openprime.desk.margin import refresh
from openprime.desk.owners import portfolios_of
from openprime.desk.state import Account, User
from openprime.desk.transferable import max_transferable
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import BillKind, TransferStatus

FUNDING_KIND = "Funding"
PORTFOLIO_KIND = "Portfolio"


async def balances(services: Services, caller: Caller, asked: Balances) -> list[wire.Row]:
    """GET asset/getAccountCurrencyInfo: the funding account, and each exchange of each portfolio.

    An account that is not the user's is as good as absent.
    """

    def render(desk: Desk) -> list[wire.Row]:
        user = desk.state.users[caller.user.user_id]
        funding = funding_balances(desk, user, asked.coin)
        rows = [balances_row(user.user_id, "", FUNDING_TYPE, FUNDING_KIND, funding)]
        for portfolio in portfolios_of(desk.state, user.user_id):
            if portfolio.closed:
                continue
            for account in portfolio.accounts.values():
                held = held_balances(desk, account, asked.coin)
                note, number = portfolio.name, portfolio.portfolio_id
                rows.append(balances_row(number, note, account.exchange, PORTFOLIO_KIND, held))
        wanted = asked.account_ids
        return [row for row in rows if not wanted or str(row["accountId"]) in wanted]

    return await services.read(render)


def funding_balances(desk: Desk, user: User, coin: str | None = None) -> list[Balance]:
    """What a funding account holds, of all coins or of one."""
    return [
        Balance(
            coin=wallet.coin,
            available=wallet.available,
            frozen=wallet.transfer_frozen,
            withdrawable=wallet.available,
            price=desk.turn.index_price(wallet.coin) or ZERO,
        )
        for wallet in user.funding_wallets.values()
        if coin in (None, wallet.coin)
    ]


def held_balances(desk: Desk, account: Account, coin: str | None = None) -> list[Balance]:
    """What an account at an exchange holds, of all coins or of one."""
    refresh(desk.turn, account)
    return [
        Balance(
            coin=wallet.coin,
            available=available(wallet),
            frozen=frozen(wallet),
            withdrawable=max_transferable(desk.turn, account, wallet),
            price=desk.turn.index_price(wallet.coin) or ZERO,
        )
        for wallet in account.wallets.values()
        if coin in (None, wallet.coin)
    ]


# Each kind of bill: its statuses as those of transfers, and how it is told.
BILLS: dict[BillKind, tuple[Mapping[Any, int], Callable[[Any], wire.Row]]] = {
    BillKind.DEPOSIT: (DEPOSIT_BILLS, deposit_bill),
    BillKind.TRANSFER: ({status: status for status in TransferStatus}, transfer_bill),
    BillKind.WITHDRAWAL: (WITHDRAWAL_BILLS, withdrawal_bill),
}


async def bills(services: Services, caller: Caller, asked: FundsQuery) -> list[wire.Row]:
    """GET asset/bills: what came into and went out of the key's portfolio, newest first."""
    await services.sequencer.settled()
    within = filter_of(caller, asked, (caller.portfolio.portfolio_id,))
    filters = {}
    for kind, (statuses, _) in BILLS.items():
        if asked.kind in (None, kind):
            meant = tuple(s.value for s, bill in statuses.items() if asked.status in (None, bill))
            filters[kind] = replace(within, statuses=meant)
    page = asked.page, asked.page_size
    found = await services.store.read(services.funds.bills, filters, *page)
    return [BILLS[kind][1](record) for kind, record in found]
