"""Why an account, a position or an order is where it is: the arithmetic with its numbers.

Every number comes from the functions that the checks and the views use; only the words between the
numbers are made here. Lines are for an operator to read: name, how it comes about, what it is.
"""

from collections.abc import Iterable
from decimal import Decimal

from openprime.desk.desk import Desk
from openprime.desk.ledger import frozen, liability
from openprime.desk.loan_worth import collateral, loan_to_value, loans_value
from openprime.desk.margin import UNLISTED_DISCOUNT, refresh, spot_open_loss
from openprime.desk.settings import DeskSettings
from openprime.desk.state import Account, Exposure, Order, Position
from openprime.desk.tiers import position_tier, sized_in_contracts
from openprime.desk.turn import account_of
from openprime.desk.views import AccountView, account_view, asset_view, position_view
from openprime.desk.worth import mark_of, unit_weight
from openprime.model.numbers import ONE, ZERO, text, truncate
from openprime.model.vocabulary import PERP, AccountStatus

Lines = list[str]

# As the API prints uniMMR.
RATIO_PLACES = 10


def line(name: str, how: str, value: Decimal) -> str:
    """A name, the arithmetic behind it where there is any, and what it comes to."""
    result = text(value)
    return f"{name} = {result}" if how == result else f"{name} = {how} = {result}"


def added(amounts: Iterable[Decimal]) -> str:
    """A sum as it is written, without what adds nothing."""
    return " + ".join(text(amount) for amount in amounts if amount) or "0"


def explain_account(desk: Desk, account: Account) -> Lines:
    """How an account's aggregates and its status come about (risk-model 3 to 6, 12)."""
    view = account_view(desk, account)
    lines = [f"account of portfolio {account.portfolio_id} at {account.exchange}"]
    if not account.initialised:
        return [*lines, "nothing has come to it yet"]
    for coin in account.wallets:
        lines += _wallet_lines(desk, account, coin)
    for leg, exposure in account.exposures.items():
        if exposure.is_perp and (exposure.position_value or exposure.orders):
            lines += _exposure_lines(leg, exposure)
    lines += _sum_lines(account, view)
    settings = desk.turn.settings
    if account.loan_coins:
        lines.append(_loans_line(settings, account))
    lines.append(status_line(settings, account, view.account_status, view.uni_mmr))
    return lines


def _wallet_lines(desk: Desk, account: Account, coin: str) -> Lines:
    turn, wallet = desk.turn, account.wallets[coin]
    view = asset_view(desk, account, coin)
    price = text(view.index_price)
    lines = [
        line(f"{coin} equity", f"cash {text(wallet.cash)} + upnl {text(view.upnl)}", view.equity)
    ]
    how = f"equity {text(view.equity)} * index {price}"
    if view.equity > ZERO:
        discount = turn.reference.discounts.get(coin, UNLISTED_DISCOUNT)
        how += f" * discount {text(discount)}"
    lines.append(line(f"{coin} marginValue", how, view.margin_value))
    owed = liability(wallet)
    if owed:
        held = f"frozen {text(frozen(wallet))} - equity {text(view.equity)}"
        leverage = account.coin_leverage.get(coin, 1)
        lines += [
            line(f"{coin} owed", held, owed),
            line(f"{coin} debtMargin", f"owed * {price} / {leverage}", wallet.debt_margin),
            line(f"{coin} debt maintenance", "owed * index * tier rate", wallet.debt_maintenance),
        ]
    if wallet.loan:
        loan = f"loan {text(wallet.loan)} * index {price}"
        lines += [
            line(f"{coin} loan value", loan, wallet.loan_value),
            line(f"{coin} loan margin", "loan value / loan leverage", wallet.loan_margin),
        ]
    return lines


def _loans_line(settings: DeskSettings, account: Account) -> str:
    """The loan-to-value ratio of a refreshed account, beside what it makes of the status."""
    value, secured = loans_value(account), collateral(account)
    ltv = truncate(loan_to_value(value, secured), RATIO_PLACES)
    told = line("ltv", f"loans {text(value)} / collateral {text(secured)}", ltv)
    call, end = text(settings.loan_ltv_call), text(settings.loan_ltv_liquidate)
    return f"{told} against MARGIN_CALL {call}, LIQUIDATING {end}"


def _exposure_lines(leg: str, exposure: Exposure) -> Lines:
    parts = (exposure.position_value, exposure.buy_notional, exposure.sell_notional)
    position, buys, sells = map(text, parts)
    worst = f"worst of position {position}, buys {buys}, sells {sells}, / {exposure.leverage}"
    return [
        line(f"{leg} initial margin", worst, exposure.initial_margin),
        f"{leg} maintenance = {text(exposure.maintenance)}",
        f"{leg} open loss = fee to close the position + what orders ({len(exposure.orders)}) may "
        f"lose = {text(exposure.open_loss)}",
    ]


def sum_line(
    name: str, first: str, amount: Decimal, sign: str, second: str, other: Decimal, value: Decimal
) -> str:
    """A name as two named amounts added or taken from each other."""
    return line(name, f"{first} {text(amount)} {sign} {second} {text(other)}", value)


def _sum_lines(account: Account, view: AccountView) -> Lines:
    """The aggregates; each sum is cut to 8 decimals before others follow from it."""
    wallets = account.wallets.values()
    exposures = [e for e in account.exposures.values() if e.is_perp]
    losses = [*(e.open_loss for e in exposures), *account.spot_orders.values()]
    debts = [w.debt_margin + w.loan_margin for w in wallets]
    kept = [*(e.maintenance for e in exposures), account.debt_maintenance]
    lines = [
        line("marginValue", added(w.margin_value for w in wallets), view.margin_value),
        line("openLossMargin", added(losses), view.open_loss_margin),
        sum_line(
            "validMargin",
            *("marginValue", view.margin_value, "-", "openLossMargin", view.open_loss_margin),
            view.valid_margin,
        ),
        line("perpMargin", added(e.initial_margin for e in exposures), view.perp_margin),
        line("debtMargin", added(debts), view.debt_margin),
        sum_line(
            "frozenMargin",
            *("perpMargin", view.perp_margin, "+", "debtMargin", view.debt_margin),
            view.frozen_margin,
        ),
        sum_line(
            "availableMargin",
            *("validMargin", view.valid_margin, "-", "frozenMargin", view.frozen_margin),
            view.available_margin,
        ),
        line("maintainMargin", added(kept), view.maintain_margin),
    ]
    if view.uni_mmr is not None:
        lines.append(
            sum_line(
                "uniMMR",
                *("validMargin", view.valid_margin, "/", "maintainMargin", view.maintain_margin),
                truncate(view.uni_mmr, RATIO_PLACES),
            )
        )
    return lines


def status_line(
    settings: DeskSettings, account: Account, status: AccountStatus, ratio: Decimal | None
) -> str:
    """An account's status beside the thresholds of all."""
    if account.pinned_status is not None:
        return f"accountStatus {status}: an operator holds it there"
    if ratio is None:
        return f"accountStatus {status}: nothing needs maintenance"
    limits = ", ".join(
        f"{each} {text(getattr(settings, f'{each.lower()}_uni_mmr'))}"
        for each in AccountStatus
        if each is not AccountStatus.NORMAL
    )
    return f"accountStatus {status}: uniMMR {text(truncate(ratio, RATIO_PLACES))} against {limits}"


def explain_position(desk: Desk, account: Account, position: Position) -> Lines:
    """How a position's fields come about (risk-model 4, 9.1)."""
    turn = desk.turn
    view = position_view(desk, account, position)
    instrument = turn.reference.instruments[position.sym]
    size, mark = abs(position.quantity), text(view.mark_price)
    contract = text(instrument.contract_size)
    lines = [
        f"position {position.position_id}: {text(position.quantity)} {position.sym} "
        f"{position.side} of portfolio {position.portfolio_id} at {position.exchange}",
        line("positionValue", f"|{text(size)}| * {contract} * mark {mark}", view.value),
        line("positionMargin", f"positionValue / leverage {view.leverage}", view.margin),
        line(
            "unrealizedPNL",
            f"{text(position.quantity)} * {contract} * (mark {mark} - "
            f"avgPrice {text(view.average_price)})",
            view.upnl,
        ),
    ]
    tier = position_tier(turn, instrument, size, view.value)
    if tier is not None:
        less = ZERO if sized_in_contracts(instrument) else tier.maintenance_amount
        how = f"positionValue * {text(tier.mm_rate)} (tier {tier.level}) - {text(less)}"
        if turn.settings.maintenance_multiplier != ONE:
            how = f"({how}) * {text(turn.settings.maintenance_multiplier)}"
        lines.append(line("positionMM", how, view.maintenance))
    threshold = text(turn.settings.liquidating_uni_mmr)
    if view.liq_price is None:
        lines.append(f"liqPrice: none, no mark takes uniMMR to {threshold}")
    else:
        lines.append(f"liqPrice = mark at which uniMMR is {threshold} = {text(view.liq_price)}")
    return lines


def explain_order(desk: Desk, order: Order) -> Lines:
    """What a working order weighs in its account (risk-model 5)."""
    turn = desk.turn
    account = account_of(turn.state, order)
    refresh(turn, account)
    instrument = turn.reference.instruments[order.sym]
    lines = [
        f"order {order.order_id}: {order.side} {text(order.remaining)} of "
        f"{text(order.quantity)} {order.sym} at {text(order.working_price)}, {order.state}"
    ]
    if instrument.business is not PERP:
        loss = spot_open_loss(turn, account, instrument, order)
        lines.append(f"frozen = {text(order.frozen)} {order.frozen_coin}")
        if order.borrow_amount:
            lines.append(f"of it borrowed = {text(order.borrow_amount)} {order.borrow_coin}")
        lines.append(line("open loss", "discount lost by a full fill + fee", loss))
        return lines
    if order.reduce_only:
        lines.append("reduce-only: needs no margin")
        return lines
    notional, loss = unit_weight(turn, instrument, order, mark_of(turn, instrument))
    left = text(order.remaining)
    lines += [
        line("notional", f"{left} * {text(notional)}", order.remaining * notional),
        line(
            "open loss where it opens",
            f"{left} * {text(loss)} (fees to open and close, distance from the mark)",
            order.remaining * loss,
        ),
    ]
    return lines + _exposure_lines(order.leg, account.exposures[order.leg])


def explain_finished_order(order: Order) -> Lines:
    """What is known of a finished order."""
    told = f": {order.reason_code} {order.reason}" if order.reason else ""
    return [
        f"order {order.order_id}: {order.side} {text(order.executed_quantity)} of "
        f"{text(order.quantity)} {order.sym} filled, {order.state}{told}"
    ]
