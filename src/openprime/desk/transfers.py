"""Transfers: asked for, done at once or after a while (errors 4, risk-model 7, resolutions 82).

The checks stand in the order of their codes; what only needs to be read was checked at the edge.
"""

from collections.abc import Callable

from msgspec.structs import replace

from openprime.desk.agenda import schedule
from openprime.desk.commands import ApplyTransfer
from openprime.desk.events import TransferChanged
from openprime.desk.funds import Transfer, TransferRequest, TransferTerms
from openprime.desk.ledger import IN_TRANSIT
from openprime.desk.places import (
    UNDER_WAY_MAX,
    bring_in,
    giving_refusal,
    hold_back,
    leaving_refusal,
    let_go,
    portfolio_in_reach,
    reaches,
    take_out,
    venue_refusal,
)
from openprime.desk.state import TaskKind, User
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, text, truncate
from openprime.model.vocabulary import TransferStatus

Check = Callable[[Turn, User, ApplyTransfer], Refusal | None]


def _sides_in_reach(turn: Turn, user: User, command: ApplyTransfer) -> Refusal | None:
    terms = command.terms
    for side in (terms.source, terms.target):
        refusal = reaches(user, command.reach, side.account_id)
        if refusal is not None:
            return refusal
    for side, code in ((terms.source, 403006), (terms.target, 403007)):
        if side.exchange is not None and not portfolio_in_reach(
            turn.state, user, command.reach, side.account_id
        ):
            return Refusal(code)
    return None


def _amount_fits(turn: Turn, user: User, command: ApplyTransfer) -> Refusal | None:
    terms = command.terms
    currency = turn.reference.currency(terms.coin)
    if currency is None:
        return Refusal(403010)
    if terms.amount != truncate(terms.amount, currency.precision):
        return Refusal(403011, (str(currency.precision),))
    if terms.amount < currency.minimum:
        return Refusal(403012, (text(currency.minimum),))
    return None


def _source_gives(turn: Turn, user: User, command: ApplyTransfer) -> Refusal | None:
    return giving_refusal(turn, command.terms.source, command.terms.coin, command.terms.amount)


def _venues_hold(turn: Turn, user: User, command: ApplyTransfer) -> Refusal | None:
    terms = command.terms
    return venue_refusal(turn, terms.source, terms.coin, terms.amount) or venue_refusal(
        turn, terms.target, terms.coin, ZERO
    )


def _not_too_many(turn: Turn, user: User, command: ApplyTransfer) -> Refusal | None:
    under_way = sum(t.user_id == user.user_id for t in turn.state.transfers.values())
    return Refusal(400011) if under_way >= UNDER_WAY_MAX else None


# 2002, 403006, 403007; 403010 to 403012; 401035, 401045, 403013; 401066, 401062, 401065; 400011.
CHECKS: tuple[Check, ...] = (
    _sides_in_reach,
    _amount_fits,
    _source_gives,
    _venues_hold,
    _not_too_many,
)


def known_request(user: User, request_id: str, terms: TransferTerms) -> int | Refusal | None:
    """What a request id that is used up answers: the first transfer for equal terms, else 403015.

    None where the id is free.
    """
    known = user.transfer_requests.get(request_id)
    if known is None:
        return None
    return known.transfer_id if known.terms == terms else Refusal(403015)


def apply_transfer(turn: Turn, command: ApplyTransfer) -> int | Refusal:
    """Move money, at once or after `transfer_delay_ms`; returns the transfer's id.

    Codes in their order: 401022 for an unknown user, 403015 for a known request id on other terms,
    then those of CHECKS.
    """
    user = turn.state.users.get(command.user_id)
    if user is None:
        return Refusal(401022)
    known = known_request(user, command.request_id, command.terms)
    if known is not None:
        return known
    for check in CHECKS:
        refusal = check(turn, user, command)
        if refusal is not None:
            return refusal
    transfer = Transfer(
        transfer_id=turn.new_id(),
        user_id=user.user_id,
        client_order_id=command.request_id,
        terms=command.terms,
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    if command.request_id:
        _remember(turn, user, transfer)
    delay_ms = turn.settings.transfer_delay_ms
    if delay_ms:
        terms = transfer.terms
        hold_back(turn, terms.source, terms.coin, terms.amount)
        turn.state.transfers[transfer.transfer_id] = transfer
        turn.events.append(TransferChanged(transfer))
        schedule(turn, turn.now_ms + delay_ms, TaskKind.FINISH_TRANSFER, transfer.transfer_id)
    else:
        _move(turn, transfer, frozen=False)
    return transfer.transfer_id


def _remember(turn: Turn, user: User, transfer: Transfer) -> None:
    requests = user.transfer_requests
    requests[transfer.client_order_id] = TransferRequest(transfer.transfer_id, transfer.terms)
    while len(requests) > turn.settings.transfer_requests_kept_max:
        del requests[next(iter(requests))]


def finish_transfer(turn: Turn, transfer_id: int) -> None:
    """A transfer's time has come. It fails where what was held back may not leave any more."""
    transfer = turn.state.transfers.pop(transfer_id)
    terms = transfer.terms
    refusal = leaving_refusal(turn, terms.source, terms.coin, terms.amount)
    if refusal is None:
        _move(turn, transfer, frozen=True)
        return
    let_go(turn, terms.source, terms.coin, terms.amount)
    reason = turn.text(refusal.code, *refusal.arguments)
    _tell(turn, transfer, TransferStatus.FAILED, reason)


def _move(turn: Turn, transfer: Transfer, frozen: bool) -> None:
    terms, number = transfer.terms, transfer.transfer_id
    take_out(turn, terms.source, terms.coin, terms.amount, IN_TRANSIT, number, frozen)
    bring_in(turn, terms.target, terms.coin, terms.amount, IN_TRANSIT, number)
    _tell(turn, transfer, TransferStatus.SUCCESS)


def _tell(turn: Turn, transfer: Transfer, status: TransferStatus, reason: str = "") -> None:
    ended = replace(transfer, status=status, reason=reason, updated_at_ms=turn.now_ms)
    turn.events.append(TransferChanged(ended))
