"""The routes of transfers (rest-admin 6)."""

from decimal import Decimal

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.funds import FundsQuery
from openprime.api.parameters.transfers import (
    Pool,
    RapidPool,
    Transfer,
    TransferName,
    read_transfer,
)
from openprime.api.services import Services
from openprime.api.wire.funds import transfer_row
from openprime.desk.commands import ApplyTransfer
from openprime.desk.desk import Desk
from openprime.desk.funds import Transfer as TransferRecord
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, text
from openprime.model.reference import VALUATION_COIN
from openprime.store.funds_history import FundsFilter

# The pools that there are: those of the venues that the broker trades at.
_POOLS = (Pool.BINANCE, Pool.OKX, Pool.UNIFIEDPOOL)


def reach_of(caller: Caller) -> int | None:
    """The portfolio that the caller's key is limited to, None for a primary key."""
    return None if caller.is_primary else caller.portfolio.portfolio_id


def filter_of(
    caller: Caller, asked: FundsQuery, account_ids: tuple[int, ...] | None
) -> FundsFilter:
    """What a list of the caller's is narrowed to, within these accounts (None: all of them)."""
    if asked.account_id is not None:
        within = account_ids is None or asked.account_id in account_ids
        account_ids = (asked.account_id,) if within else ()
    return FundsFilter(
        user_id=caller.user.user_id,
        begin_ms=asked.begin_ms,
        end_ms=asked.end_ms,
        account_ids=account_ids,
        account_type=asked.account_type,
        number=asked.number,
        coin=asked.coin,
        statuses=None if asked.status is None else (asked.status,),
    )


async def apply(services: Services, caller: Caller, asked: Transfer) -> wire.Row | Refusal:
    """POST transfer/apply. The desk's codes follow those of `read_transfer` (errors 4)."""
    user_id = caller.user.user_id
    terms = read_transfer(asked, user_id)
    if isinstance(terms, Refusal):
        return await _reused(services, user_id, asked.request_id) or terms
    outcome = await services.sequencer.submit(
        ApplyTransfer(user_id, reach_of(caller), asked.request_id, terms)
    )
    if outcome.refusal is not None:
        return outcome.refusal
    return {"transferId": outcome.reply, "clientOrderId": asked.request_id}


async def _reused(services: Services, user_id: int, request_id: str) -> Refusal | None:
    """403015 where a known request id comes again with what cannot even be read: that code stands
    before those of the other parameters.
    """

    def is_known(desk: Desk) -> bool:
        user = desk.state.users.get(user_id)
        return user is not None and request_id in user.transfer_requests

    return Refusal(403015) if await services.read(is_known) else None


async def get(services: Services, caller: Caller, asked: TransferName) -> wire.Row | Refusal:
    """GET transfer/get. Codes: 403014 for an id, 403015 for a client's id that the caller has no
    transfer of.
    """
    await services.sequencer.settled()
    read, funds, user_id = services.store.read, services.funds, caller.user.user_id
    code = 403014
    if asked.transfer_id is not None:
        found = await read(funds.transfer, user_id, asked.transfer_id)
        if found is not None and asked.client_order_id not in ("", found.client_order_id):
            found = None
    else:
        code = 403015
        found = await read(funds.transfer_by_client_id, user_id, asked.client_order_id)
    if found is None or not _concerns(caller, found):
        return Refusal(code)
    return transfer_row(found)


def _concerns(caller: Caller, transfer: TransferRecord) -> bool:
    """Whether the caller's key may see a transfer of its user."""
    reach = reach_of(caller)
    sides = (transfer.terms.source.account_id, transfer.terms.target.account_id)
    return reach is None or reach in sides


async def get_all(services: Services, caller: Caller, asked: FundsQuery) -> list[wire.Row]:
    """GET transfer/list, newest first."""
    await services.sequencer.settled()
    reach = reach_of(caller)
    wanted = filter_of(caller, asked, None if reach is None else (reach,))
    found = await services.store.read(services.funds.transfers, wanted, asked.page, asked.page_size)
    return [transfer_row(transfer) for transfer in found]


async def rapid_pool(services: Services, caller: Caller, asked: RapidPool) -> wire.Row | Refusal:
    """GET transfer/rapidPool: what a pool has for rapid transfers. Code: 403010."""

    def render(desk: Desk) -> wire.Row | Refusal:
        if desk.reference.currency(asked.coin) is None:
            return Refusal(403010)
        has_any = asked.coin == VALUATION_COIN and asked.pool in _POOLS
        available: Decimal = desk.turn.settings.rapid_pool_usdt if has_any else ZERO
        return {"available": text(available)}

    return await services.read(render)
