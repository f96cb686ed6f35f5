"""What speaks against a refused order in its account's money: caps, margin, what can be spent.

Each function tells, line by line, what a check of margin_checks.py looked at.
"""

from openprime.desk.explaining import Lines, line, sum_line
from openprime.desk.ledger import available
from openprime.desk.limits import notional_limit
from openprime.desk.margin import spot_open_loss
from openprime.desk.margin_checks import (
    borrowable,
    debt_margin_change,
    shortfall_of,
    sums_with,
    worst_with,
)
from openprime.desk.placing import Placing
from openprime.desk.reserves import required_freeze
from openprime.desk.tiers import notional_cap, top_notional
from openprime.model.numbers import AMOUNT_PLACES, ZERO, text, truncate
from openprime.model.vocabulary import MARGIN, PERP


def cap_lines(placing: Placing) -> Lines:
    assert placing.worth is not None, "the check weighed the order"
    after, rules, mark = placing.worth, placing.rules, placing.mark
    own = notional_limit(placing.portfolio.limits, placing.turn.settings.portfolio_max_notional)
    lines = [
        line(
            "largest notional with the order",
            f"position {text(after.position_value)}, buys {text(after.buy_notional)}, "
            f"sells {text(after.sell_notional)}",
            worst_with(placing, after),
        ),
        f"cap at leverage {placing.leverage} = {text(notional_cap(rules, placing.leverage, mark))}",
        f"cap at any leverage = {text(top_notional(rules, mark))}",
    ]
    return [*lines, f"cap of the portfolio = {text(own)}"] if own else lines


def margin_lines(placing: Placing) -> Lines:
    if placing.instrument.business is not PERP:
        return spot_margin_lines(placing)
    assert placing.worth is not None, "the check weighed the order"
    after, before = placing.worth, placing.sums
    margin, loss = (truncate(sum_, AMOUNT_PLACES) for sum_ in sums_with(placing, after))
    frozen = margin + before.debt_margin
    worst = worst_with(placing, after)
    return [
        line(
            f"initial margin of {placing.leg} with the order",
            f"largest notional {text(worst)} / leverage {placing.leverage}",
            after.initial_margin,
        ),
        sum_line(
            "frozenMargin with the order",
            "perpMargin",
            margin,
            "+",
            "debtMargin",
            before.debt_margin,
            frozen,
        ),
        sum_line(
            "validMargin before",
            "marginValue",
            before.margin_value,
            "-",
            "openLossMargin",
            before.open_loss,
            before.valid,
        ),
        sum_line(
            "validMargin with the order",
            "marginValue",
            before.margin_value,
            "-",
            "openLossMargin",
            loss,
            before.margin_value - loss,
        ),
        line(
            "availableMargin with the order",
            f"{text(before.margin_value - loss)} - {text(frozen)}",
            before.margin_value - loss - frozen,
        ),
    ]


def spot_margin_lines(placing: Placing) -> Lines:
    turn, order = placing.turn, placing.order
    loss = spot_open_loss(turn, placing.account, placing.instrument, order)
    debt = debt_margin_change(placing, order)
    before = placing.sums.available
    return [
        f"open loss of the order = discount lost by a full fill + fee = {text(loss)}",
        f"debtMargin of what it borrows = {text(debt)}",
        line(
            "availableMargin with the order",
            f"{text(before)} - {text(loss)} - {text(debt)}",
            before - loss - debt,
        ),
    ]


def funds_lines(placing: Placing) -> Lines:
    order, coin = placing.order, placing.order.frozen_coin
    wallet = placing.wallet(coin)
    needed = required_freeze(placing.turn, placing.instrument, order)
    free = available(wallet) if wallet else ZERO
    short = shortfall_of(placing, order)
    lines = [line(f"{coin} short", f"needs {text(needed)} - available {text(free)}", short)]
    if placing.instrument.business is MARGIN:
        lines.append(f"{coin} that may be borrowed = {text(borrowable(placing))}")
    return lines
