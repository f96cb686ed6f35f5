"""Withdrawals over the simulated network: asked for, and executed once it has confirmed.

Amount and network fee are held back at once and leave together (resolutions 83, 172, T1).
"""

from decimal import Decimal

from msgspec.structs import replace

from openprime.desk.addresses import is_approved, network_code, transaction_id
from openprime.desk.agenda import schedule
from openprime.desk.commands import ApplyWithdrawal, EndWithdrawal
from openprime.desk.events import WithdrawalChanged
from openprime.desk.funds import Place, Withdrawal, WithdrawalTerms
from openprime.desk.ledger import OUTSIDE
from openprime.desk.places import (
    UNDER_WAY_MAX,
    giving_refusal,
    hold_back,
    leaving_refusal,
    let_go,
    place_of,
    portfolio_in_reach,
    reaches,
    take_out,
    venue_refusal,
)
from openprime.desk.state import TaskKind, User
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import text, truncate
from openprime.model.vocabulary import WithdrawalStatus


def apply_withdrawal(turn: Turn, command: ApplyWithdrawal) -> int | Refusal:
    """Send money out; returns the withdrawal's id.

    Codes in their order: 401022; 403006 (2002 for a funding account out of reach), 403003; 403010,
    400000 (network, address); 403005, 403011, 403012; 401035, 401045, 403013; 401066, 401062,
    401065; 400011.
    """
    user = turn.state.users.get(command.user_id)
    if user is None:
        return Refusal(401022)
    source = _source(turn, user, command)
    if isinstance(source, Refusal):
        return source
    refusal = _terms_refusal(turn, user, command.terms)
    if refusal is not None:
        return refusal
    amount = _amount(turn, command)
    if isinstance(amount, Refusal):
        return amount
    terms = command.terms
    fee = turn.reference.currencies[terms.coin].networks[terms.network]
    refusal = giving_refusal(turn, source, terms.coin, amount + fee) or venue_refusal(
        turn, source, terms.coin, amount + fee
    )
    if refusal is not None:
        return refusal
    under_way = sum(w.user_id == user.user_id for w in turn.state.withdrawals.values())
    if under_way >= UNDER_WAY_MAX:
        return Refusal(400011)
    return _begin(turn, user, source, terms, amount, fee)


def _source(turn: Turn, user: User, command: ApplyWithdrawal) -> Place | Refusal:
    account_id = command.account_id
    if account_id is None:
        return Refusal(403006)
    refusal = reaches(user, command.reach, account_id)
    if refusal is not None:
        return refusal
    if account_id != user.user_id and not portfolio_in_reach(
        turn.state, user, command.reach, account_id
    ):
        return Refusal(403006)
    return place_of(user.user_id, account_id, command.account_type) or Refusal(403003)


def _terms_refusal(turn: Turn, user: User, terms: WithdrawalTerms) -> Refusal | None:
    code = network_code(turn, terms.coin, terms.network)
    if code:
        return Refusal(code)
    return None if is_approved(user, terms) else Refusal(400000)


def _amount(turn: Turn, command: ApplyWithdrawal) -> Decimal | Refusal:
    amount, coin = command.amount, command.terms.coin
    if amount is None:
        return Refusal(403005)
    precision = turn.reference.currencies[coin].precision
    if amount != truncate(amount, precision):
        return Refusal(403011, (str(precision),))
    minimum = turn.reference.withdraw_minimum(coin)
    return Refusal(403012, (text(minimum),)) if amount < minimum else amount


def _begin(
    turn: Turn, user: User, source: Place, terms: WithdrawalTerms, amount: Decimal, fee: Decimal
) -> int:
    number = turn.new_id()
    withdrawal = Withdrawal(
        withdrawal_id=number,
        user_id=user.user_id,
        source=source,
        terms=terms,
        amount=amount,
        fee=fee,
        tx_id=transaction_id(number),
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    hold_back(turn, source, terms.coin, amount + fee)
    turn.state.withdrawals[number] = withdrawal
    turn.events.append(WithdrawalChanged(withdrawal))
    due_ms = turn.now_ms + turn.settings.network_confirm_ms
    schedule(turn, due_ms, TaskKind.FINISH_WITHDRAWAL, number)
    return number


def finish_withdrawal(turn: Turn, withdrawal_id: int) -> None:
    """The network has confirmed. It fails where what was held back may not leave any more."""
    withdrawal = turn.state.withdrawals.pop(withdrawal_id, None)
    if withdrawal is None:
        return  # the operator has ended it
    source, coin = withdrawal.source, withdrawal.terms.coin
    leaving = withdrawal.amount + withdrawal.fee
    refusal = leaving_refusal(turn, source, coin, leaving)
    if refusal is not None:
        let_go(turn, source, coin, leaving)
        reason = turn.text(refusal.code, *refusal.arguments)
        _end(turn, withdrawal, WithdrawalStatus.FAILED, reason)
        return
    take_out(turn, source, coin, leaving, OUTSIDE, withdrawal_id, frozen=True)
    sent = replace(withdrawal, tx_id_out=transaction_id(turn.new_id()))
    _end(turn, sent, WithdrawalStatus.EXECUTED)


def end_withdrawal(turn: Turn, command: EndWithdrawal) -> Refusal | None:
    """The operator ends a withdrawal under way, whose money is free again.

    Code: 403014 where there is none of that id.
    """
    withdrawal = turn.state.withdrawals.pop(command.withdrawal_id, None)
    if withdrawal is None:
        return Refusal(403014)
    leaving = withdrawal.amount + withdrawal.fee
    let_go(turn, withdrawal.source, withdrawal.terms.coin, leaving)
    _end(turn, withdrawal, command.status, command.info)
    return None


def _end(turn: Turn, withdrawal: Withdrawal, status: WithdrawalStatus, info: str = "") -> None:
    ended = replace(withdrawal, status=status, info=info, updated_at_ms=turn.now_ms)
    turn.events.append(WithdrawalChanged(ended))
