"""Looking at the accounts whose status new prices may change, so many in one command.

What is left is noted on the agenda, and done as soon as others had their turn. Until an account's
turn comes its orders are still judged by what its margin is at that moment, and whatever a command
changes of it has it looked at then and there.
"""

from collections.abc import Iterator
from itertools import islice

from openprime.desk.agenda import schedule
from openprime.desk.drawing import band_of, changes_with_every_price
from openprime.desk.ladder import look_at, settle
from openprime.desk.state import Account, TaskKind
from openprime.desk.turn import Turn, account_named
from openprime.desk.work import work_left


def prices_moved(turn: Turn) -> None:
    """Look at the accounts whose band new prices left, and at those without one."""
    state = turn.state
    turn.prices_told += 1
    if state.banded_by != turn.rules_name:
        state.banded_by = turn.rules_name
        state.unseen = list(reversed(state.portfolios))
    state.looks_due = len(state.loose)
    _look(turn)


def go_on_looking(turn: Turn, subject: int) -> None:
    """Look at those that are left."""
    turn.state.looks_noted = False
    _look(turn)


def _look(turn: Turn) -> None:
    state = turn.state
    for account in _waiting(turn):
        if work_left(turn) <= 0:
            if not state.looks_noted:
                state.looks_noted = True
                schedule(turn, turn.now_ms, TaskKind.LOOK)
            return
        _renew(turn, account)


def _waiting(turn: Turn) -> Iterator[Account]:
    """By turns one whose band was left, one without a band and one with an old one, so that none
    waits for all of another kind.
    """
    sources = [_left(turn), _due(turn), _unseen(turn)]
    while sources:
        for source in tuple(sources):
            account = next(source, None)
            if account is None:
                sources.remove(source)
            else:
                yield account


def _left(turn: Turn) -> Iterator[Account]:
    """Price by price those whose band it left; whoever is looked at is not among them any more."""
    state, left = turn.state, turn.bands.left
    for prices in (state.marks, state.indexes):
        for key, price in prices.items():
            while (account := left(key, price)) is not None:
                yield account


def _due(turn: Turn) -> Iterator[Account]:
    """Those without a band in the order in which they lost it, as many as this command may take."""
    state = turn.state
    # One more than there is time for shows that the command ended before they did.
    for key in list(islice(state.loose, min(state.looks_due, max(work_left(turn), 0) + 1))):
        yield account_named(state, key)


def _unseen(turn: Turn) -> Iterator[Account]:
    """Those whose band is of former rules. A portfolio without money has none."""
    state = turn.state
    while state.unseen:
        portfolio = state.portfolios.get(state.unseen[-1])
        for account in portfolio.accounts.values() if portfolio else ():
            if account.wallets and not account.loose:
                yield account
        state.unseen.pop()


def _renew(turn: Turn, account: Account) -> None:
    """Look at an account, and give it the band that it has from here on."""
    bands = turn.bands
    turn.looks += 1
    if account.loose:
        turn.state.looks_due -= 1
    else:
        bands.loosen(account)
    look_at(turn, account)
    settle(turn)
    if changes_with_every_price(account):
        bands.wait(account)
    else:
        bands.draw(account, band_of(turn, account))
