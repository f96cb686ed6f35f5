"""A broker's markup on the fees of its sub-portfolios: set, come into force, passed on.

(rest-admin 12, resolutions 150.) The client pays one fee; the house hands the markup in it on to
the MainPortfolio's wallet at the same venue, with the fill itself.
"""

from decimal import Decimal

from openprime.desk.agenda import schedule
from openprime.desk.commands import SetMarkup
from openprime.desk.events import MarkupCollected, Trade
from openprime.desk.fees import Added, market_of
from openprime.desk.ledger import FEES, post, wallet_of
from openprime.desk.margin import forget_account
from openprime.desk.markups import Markup, MarkupChange
from openprime.desk.owners import portfolios_of
from openprime.desk.state import Portfolio, TaskKind
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.instrument import FeeRate
from openprime.model.numbers import positive_part, round_half_up
from openprime.model.reference import VALUATION_COIN
from openprime.model.vocabulary import MAKER, MARGIN, SPOT


def set_markup(turn: Turn, command: SetMarkup) -> Refusal | None:
    """Note what comes into force at `from_ms`, for one sub-portfolio of the user or for all that
    there are now; a later word on the same market and moment replaces the earlier.

    Code: 401010 where the portfolio is none of the user's subs.
    """
    subs = [
        portfolio
        for portfolio in portfolios_of(turn.state, command.user_id)
        if not portfolio.is_main and not portfolio.closed
    ]
    if command.portfolio_id is not None:
        subs = [sub for sub in subs if sub.portfolio_id == command.portfolio_id]
        if not subs:
            return Refusal(401010)
    market = market_of(command.exchange, command.business)
    change = MarkupChange(market, command.from_ms, command.taker, command.maker)
    for sub in subs:
        _note(turn, sub, change)
        if change.from_ms <= turn.now_ms:
            change_markups(turn, sub.portfolio_id)
    return None


def _note(turn: Turn, sub: Portfolio, change: MarkupChange) -> None:
    """Put a change among those to come, in the order of their moments."""
    coming = []
    for other in sub.markups_to_come:
        if (other.market, other.from_ms) == (change.market, change.from_ms):
            change = MarkupChange(
                change.market,
                change.from_ms,
                change.taker or other.taker,
                change.maker or other.maker,
            )
        else:
            coming.append(other)
    known = any(other.from_ms == change.from_ms for other in sub.markups_to_come)
    if change.from_ms > turn.now_ms and not known:
        schedule(turn, change.from_ms, TaskKind.CHANGE_MARKUPS, sub.portfolio_id)
    coming.append(change)
    sub.markups_to_come = sorted(coming, key=lambda one: (one.from_ms, one.market))


def change_markups(turn: Turn, portfolio_id: int) -> None:
    """Put into force what has come due for a sub-portfolio."""
    sub = turn.state.portfolios[portfolio_id]
    while sub.markups_to_come and sub.markups_to_come[0].from_ms <= turn.now_ms:
        change = sub.markups_to_come.pop(0)
        before = sub.markups.get(change.market, Markup())
        sub.markups[change.market] = Markup(
            change.taker or before.taker, change.maker or before.maker, change.from_ms
        )
    turn.rules_of.pop(portfolio_id, None)
    for account in sub.accounts.values():
        forget_account(account)
        turn.moved[id(account)] = account


def pass_on_markup(turn: Turn, trade: Trade, rates: FeeRate, markup: Added) -> None:
    """Credit the MainPortfolio with its part of a fill's fee, and tell of it. `rates` are what the
    fill was charged by, markup included.
    """
    amount = _collected(trade, rates, markup)
    if not amount:
        return
    account = turn.state.portfolios[markup.portfolio_id].accounts[trade.exchange]
    account.initialised = True
    wallet_of(turn, account, VALUATION_COIN)
    post(turn, account, trade.fee_coin, amount, FEES)
    turn.touch_account(account)
    turn.events.append(
        MarkupCollected(
            turn.new_long_id(),
            trade.user_id,
            markup.portfolio_id,
            trade.portfolio_id,
            trade.exchange,
            SPOT if trade.business is MARGIN else trade.business,
            trade.sym,
            trade.transaction_id,
            trade.fee_coin,
            amount,
            trade.time_ms,
        )
    )


def _collected(trade: Trade, rates: FeeRate, markup: Added) -> Decimal:
    """The markup in a fill's fee. What was waived of the fee, because the client held no more, was
    never paid: it is the markup's part first.
    """
    is_maker = trade.liquidity is MAKER
    rate, added = (rates.maker, markup.maker) if is_maker else (rates.taker, markup.taker)
    due, paid = round_half_up(trade.amount * rate), trade.fee - trade.rebate
    return positive_part(round_half_up(trade.amount * added) - (due - paid))
