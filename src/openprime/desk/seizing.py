"""Frozen money is taken: by the operator, or where the broker takes an account over (errors 6.4).

What an order holds back is its reserve. One that was seized, whole or in part, can no longer be
changed, and says so when it ends (401057); the rest of it is used and freed as ever.
"""

from decimal import Decimal

from openprime.desk.commands import SeizeFrozen
from openprime.desk.ledger import SEIZED, frozen, post
from openprime.desk.state import Account
from openprime.desk.turn import Turn
from openprime.errors import Refusal


def seize_frozen(turn: Turn, command: SeizeFrozen) -> Refusal | None:
    """Codes: 402006 for an unknown account, 401057 where less is held back."""
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    account = portfolio.accounts.get(command.exchange) if portfolio else None
    if account is None:
        return Refusal(402006)
    wallet = account.wallets.get(command.coin)
    if wallet is None or frozen(wallet) < command.amount:
        return Refusal(401057)
    seize(turn, account, command.coin, command.amount)
    return None


def seize(turn: Turn, account: Account, coin: str, amount: Decimal) -> None:
    """Take frozen money, which must be there: of the oldest orders first, then of transfers."""
    wallet = account.wallets[coin]
    left = amount
    for order_id in account.spot_orders:
        order = turn.state.orders[order_id]
        if order.frozen_coin == coin:
            taken = min(order.frozen, left)
            order.frozen -= taken
            order.seized += taken
            wallet.order_frozen -= taken
            left -= taken
    wallet.transfer_frozen -= left
    post(turn, account, coin, -amount, SEIZED)
    turn.touch_account(account)
