"""Deposits over the simulated network: announced by the operator, confirmed after a while."""

from msgspec.structs import replace

from openprime.desk.addresses import (
    deposit_address,
    deposit_exchange,
    network_code,
    transaction_id,
)
from openprime.desk.agenda import schedule
from openprime.desk.commands import AnnounceDeposit, FailDeposit
from openprime.desk.events import DepositChanged
from openprime.desk.funds import Deposit, Place
from openprime.desk.ledger import OUTSIDE
from openprime.desk.places import bring_in
from openprime.desk.state import State, TaskKind
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import text
from openprime.model.reference import UNLISTED_CURRENCY
from openprime.model.vocabulary import DepositStatus


def announce_deposit(turn: Turn, command: AnnounceDeposit) -> int | Refusal:
    """A network brings money: it is credited once the network has confirmed; returns the id.

    Codes: 403010 for an unknown coin, 400000 for its network, 403007 for an unknown address or
    account.
    """
    coin, network = command.coin, command.network
    code = network_code(turn, coin, network)
    if code:
        return Refusal(code)
    account_id = command.account_id
    if command.address:
        account_id = _owner_of(turn.state, command.address, coin, network)
    owned = None if account_id is None else _credited(turn.state, account_id, coin, network)
    if account_id is None or owned is None:
        return Refusal(403007)
    user_id, place = owned
    deposit_id = turn.new_id()
    deposit = Deposit(
        deposit_id=deposit_id,
        user_id=user_id,
        place=place,
        coin=coin,
        network=network,
        address=deposit_address(turn, account_id, coin, network).address,
        amount=command.amount,
        tx_id=command.tx_id or transaction_id(deposit_id),
        created_at_ms=turn.now_ms,
        updated_at_ms=turn.now_ms,
    )
    turn.state.deposits[deposit_id] = deposit
    turn.events.append(DepositChanged(deposit))
    due_ms = turn.now_ms + turn.settings.network_confirm_ms
    schedule(turn, due_ms, TaskKind.FINISH_DEPOSIT, deposit_id)
    return deposit_id


def _owner_of(state: State, address: str, coin: str, network: str) -> int | None:
    """The account that a deposit address was made for."""
    for known in state.deposit_addresses.values():
        if (known.address, known.coin, known.network) == (address, coin, network):
            return known.account_id
    return None


def _credited(state: State, account_id: int, coin: str, network: str) -> tuple[int, Place] | None:
    """The user and the place that a deposit for an account is credited to."""
    if account_id in state.users:
        return account_id, Place(account_id)
    portfolio = state.portfolios.get(account_id)
    if portfolio is None or portfolio.closed or portfolio.user_id not in state.users:
        return None
    exchange = deposit_exchange(portfolio, coin, network)
    return portfolio.user_id, Place(account_id, exchange)


def finish_deposit(turn: Turn, deposit_id: int) -> None:
    """The network has confirmed: the money is credited, unless it is less than is taken, or its
    user is gone.
    """
    deposit = turn.state.deposits.pop(deposit_id, None)
    if deposit is None:
        return  # the operator has ended it
    minimum = (turn.reference.currency(deposit.coin) or UNLISTED_CURRENCY).minimum
    if deposit.amount < minimum:
        _end(turn, deposit, DepositStatus.FAILED, f"below the minimum of {text(minimum)}")
    elif deposit.user_id not in turn.state.users:
        _end(turn, deposit, DepositStatus.FAILED, turn.text(403007))
    else:
        bring_in(turn, deposit.place, deposit.coin, deposit.amount, OUTSIDE, deposit_id)
        _end(turn, deposit, DepositStatus.SUCCESS)


def fail_deposit(turn: Turn, command: FailDeposit) -> Refusal | None:
    """The operator ends a deposit under way. Code: 403014 where there is none of that id."""
    deposit = turn.state.deposits.pop(command.deposit_id, None)
    if deposit is None:
        return Refusal(403014)
    _end(turn, deposit, DepositStatus.FAILED, command.info)
    return None


def _end(turn: Turn, deposit: Deposit, status: DepositStatus, info: str = "") -> None:
    ended = replace(deposit, status=status, info=info, updated_at_ms=turn.now_ms)
    turn.events.append(DepositChanged(ended))
