"""What speaks against a refused order among the symbol's rules, positions and the account's status.

Each function tells, line by line, what a check of checks.py looked at.
"""

from openprime.desk.explaining import Lines, line, status_line, sum_line
from openprime.desk.placing import Placing
from openprime.desk.reduce_only import covered_before
from openprime.desk.risk import account_status, uni_mmr
from openprime.model.numbers import text
from openprime.model.vocabulary import BUY, LIMIT


def duplicate_lines(placing: Placing) -> Lines:
    name = placing.command.client_order_id
    return [f"clientOrderId {name} is of order {placing.portfolio.client_order_ids[name]}"]


def off_lot_lines(placing: Placing) -> Lines:
    step, quantity = placing.rules.quantity_step, placing.command.quantity
    return [
        f"orderQty {text(quantity)} is {text(quantity % step)} above a multiple of {text(step)}"
    ]


def off_tick_lines(placing: Placing) -> Lines:
    step, price = placing.rules.price_step, placing.command.limit_price
    return [f"limitPrice {text(price)} is {text(price % step)} above a multiple of {text(step)}"]


def size_lines(placing: Placing) -> Lines:
    instrument, command = placing.instrument, placing.command
    highest = placing.rules.largest_limit
    if command.order_type is not LIMIT:
        highest = instrument.max_market_size
    lines = [
        f"orderQty {text(command.quantity)} against {text(instrument.min_size)} to {text(highest)}"
    ]
    if instrument.max_market_in_quote:
        lines[0] += f" (worth, at the best price {text(placing.best_opposite())})"
    return lines


def quote_size_lines(placing: Placing) -> Lines:
    instrument = placing.instrument
    highest = instrument.max_market_quote
    bound = "any amount" if highest is None else text(highest)
    lowest = text(instrument.min_market_quote)
    return [f"quoteOrderQty {text(placing.command.quote_quantity)} against {lowest} to {bound}"]


def price_lines(placing: Placing) -> Lines:
    price, mark, rules = placing.command.limit_price, placing.mark, placing.rules
    if placing.command.side is BUY:
        bound = line(
            "highest price",
            f"mark {text(mark)} * {text(rules.highest_buy)}",
            mark * rules.highest_buy,
        )
    else:
        bound = line(
            "lowest price",
            f"mark {text(mark)} * {text(rules.lowest_sell)}",
            mark * rules.lowest_sell,
        )
    ever = f"{text(placing.instrument.min_price)} to {text(rules.highest_price)}"
    return [f"limitPrice {text(price)}, ever from {ever}", bound]


def notional_lines(placing: Placing) -> Lines:
    command, instrument = placing.command, placing.instrument
    price = command.limit_price or placing.best_opposite() or placing.mark
    how = f"{text(command.quantity)} * {text(price)} * {text(instrument.contract_size)}"
    notional = command.quote_quantity or command.quantity * price * instrument.contract_size
    return [line("notional", how, notional), f"at least {text(instrument.min_notional)}"]


def status_lines(placing: Placing) -> Lines:
    account, settings = placing.account, placing.turn.settings
    if account.trade_banned:
        return ["an operator banned the account from trading"]
    if account.restricted:
        return ["the account is RESTRICTED: an operator or a take-over left it so"]
    sums = placing.sums
    kind = "reduces" if placing.reduces else "adds exposure"
    return [
        sum_line(
            "validMargin",
            "marginValue",
            sums.margin_value,
            "-",
            "openLossMargin",
            sums.open_loss,
            sums.valid,
        ),
        status_line(settings, account, account_status(account, sums, settings), uni_mmr(sums)),
        f"the order {kind}",
    ]


def coverage_lines(placing: Placing) -> Lines:
    quantity = placing.account.positions[placing.leg].quantity
    assert placing.exposure is not None, "401059 speaks of orders at work"
    covered = covered_before(placing.turn, placing.exposure, quantity, placing.order)
    return [
        f"position {text(quantity)}; closing orders that rank before this one cover {text(covered)}"
    ]


def position_lines(placing: Placing) -> Lines:
    position = placing.account.positions.get(placing.leg)
    held = text(position.quantity) if position else "none"
    return [f"position in {placing.leg}: {held}"]


def order_count_lines(placing: Placing) -> Lines:
    return [
        f"{placing.account.order_count} orders at work in the account, at most "
        f"{placing.turn.settings.portfolio_max_orders}; at most "
        f"{placing.instrument.max_open_orders} a symbol"
    ]


def crossing_lines(placing: Placing) -> Lines:
    price = text(placing.command.limit_price)
    return [f"limitPrice {price} meets the best opposite price {text(placing.best_opposite())}"]
