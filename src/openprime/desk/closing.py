"""Closing a position by a MARKET order for all of it (rest-trading 2.3, resolutions 63 to 67)."""

from openprime.desk.commands import ClosePosition, PlaceOrder
from openprime.desk.margin import refresh, totals
from openprime.desk.orders import accept
from openprime.desk.placing import Placing, draft
from openprime.desk.reduce_only import closing_side
from openprime.desk.risk import status_of
from openprime.desk.state import Account, Order
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import (
    IOC,
    MARKET,
    NET,
    AccountStatus,
)


def close_position(turn: Turn, command: ClosePosition) -> Order | Refusal:
    """Codes in their order: 401011, 401041, 400000, 401046, 401053, 401045, 401032 (under the
    newest texts 401097 where there was one), 401038."""
    instrument = turn.reference.instruments.get(command.sym)
    if instrument is None:
        return Refusal(401011)
    if not instrument.is_perp:
        return Refusal(401041)
    portfolio = turn.state.portfolios[command.portfolio_id]
    account = portfolio.accounts[instrument.exchange]
    if command.position_side is not None and account.position_mode is NET:
        return Refusal(400000)
    code = _account_code(turn, account)
    if code is not None:
        return Refusal(code)
    exposure = account.exposures.get(command.sym)
    position = account.positions.get(command.sym)
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
    )
    placing = Placing(turn, order, portfolio, closes_position=True)
    placing.set_instrument(instrument)
    placing.account, placing.exposure = account, exposure
    placing.order = draft(placing)
    return accept(placing)


def _account_code(turn: Turn, account: Account) -> int | None:
    if not account.initialised:
        return 401046
    if account.restricted:
        return 401053
    refresh(turn, account)
    if status_of(totals(account), turn.settings) is AccountStatus.TAKEOVER:
        return 401045
    return None
