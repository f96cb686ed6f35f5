"""Closing a position by a MARKET order for all of it (rest-trading 2.3, resolutions 63 to 67)."""

from openprime.desk.commands import ClosePosition, PlaceOrder
from openprime.desk.legs import named_leg
from openprime.desk.margin import refresh, totals
from openprime.desk.orders import accept
from openprime.desk.placing import Placing, draft
from openprime.desk.pool import venue_account_found
from openprime.desk.reduce_only import closing_side
from openprime.desk.risk import account_status
from openprime.desk.state import Account, Order
from openprime.desk.turn import Turn, account_at
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    IOC,
    MARKET,
    NET,
    NO_SIDE,
    AccountStatus,
    PositionSide,
)


def close_position(turn: Turn, command: ClosePosition) -> Order | Refusal:
    """Codes in their order: 401011, 401041, 400009 and 400000 (a leg is named in BOTH mode, and
    only there), 401046, 401045, 401053, 401032 (under the newest texts 401097 where there was
    one), 401038, 401066, 401064."""
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None:
        return Refusal(401011)
    if not instrument.is_perp:
        return Refusal(401041)
    portfolio = turn.state.portfolios[command.portfolio_id]
    account = account_at(turn, portfolio, instrument.exchange)
    code = _side_code(account, command.position_side) or _account_code(turn, account)
    if code is not None:
        return Refusal(code)
    leg = named_leg(account, command.sym, command.position_side)
    exposure = account.exposures.get(leg)
    position = account.positions.get(leg)
    if position is None or exposure is None:
        closed = exposure is not None and exposure.had_position
        return Refusal(401097 if closed and turn.settings.newest_messages else 401032)
    if exposure.reduce_only_count:
        return Refusal(401038)
    order = PlaceOrder(
        portfolio_id=command.portfolio_id,
        sym=command.sym,
        side=closing_side(position.quantity),
        order_type=MARKET,
        time_in_force=IOC,
        quantity=abs(position.quantity),
        quote_quantity=ZERO,
        limit_price=ZERO,
        reduce_only=True,
        position_side=command.position_side,
    )
    placing = Placing(turn, order, portfolio, closes_position=True)
    placing.set_instrument(instrument)
    placing.set_account(account, leg)
    placing.order = draft(placing)
    placing.reduces = True
    code = venue_account_found(placing)
    return Refusal(code) if code is not None else accept(placing)


def _side_code(account: Account, side: PositionSide | None) -> int | None:
    """Whether positionSide says what the account's mode needs to know (resolutions 61)."""
    if account.position_mode is NET:
        return None if side is None else 400000
    if side is None:
        return 400009
    return 400000 if side is NO_SIDE else None


def _account_code(turn: Turn, account: Account) -> int | None:
    if not account.initialised:
        return 401046
    refresh(turn, account)
    if account_status(account, totals(account), turn.settings) is AccountStatus.TAKEOVER:
        return 401045
    return 401053 if account.restricted else None
