"""Statement rows: what a posting did to a wallet, as clients are told (risk-model 11)."""

from decimal import Decimal

from openprime.desk.events import Statement
from openprime.desk.ledger import available, overdraw, post, wallet_of
from openprime.desk.state import Account
from openprime.desk.turn import Turn
from openprime.model.numbers import AMOUNT_PLACES, truncate
from openprime.model.vocabulary import SPOT, Business, StatementType


def post_with_statement(
    turn: Turn,
    account: Account,
    coin: str,
    amount: Decimal,
    counterparty: str,
    statement_type: StatementType,
    request_id: str,
    sym: str = "",
    business: Business = SPOT,
) -> None:
    """Move money as `ledger.post` does, and tell of it in the statement.

    `request_id` names what caused it: a transfer, an hour of interest, a settlement.
    """
    wallet = wallet_of(turn, account, coin)
    before = (available(wallet), overdraw(wallet), wallet.borrowed)
    post(turn, account, coin, amount, counterparty)
    after = (available(wallet), overdraw(wallet), wallet.borrowed)
    turn.events.append(
        Statement(
            statement_id=turn.new_long_id(),
            portfolio_id=account.portfolio_id,
            request_id=request_id,
            coin=coin,
            sym=sym,
            statement_type=statement_type,
            exchange=account.exchange,
            business=business,
            before_available=before[0],
            after_available=after[0],
            before_overdraw=before[1],
            after_overdraw=after[1],
            before_borrow=before[2],
            after_borrow=after[2],
            delta=truncate(amount, AMOUNT_PLACES),
            time_ms=turn.now_ms,
        )
    )
