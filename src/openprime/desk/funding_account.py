"""The funding account: a user's own wallets, in no margin account (rest-admin 1.5).

Its id is the user's. What is on its way out is frozen; nothing is ever owed.
"""

from decimal import Decimal

from openprime.desk.funds import FundingWallet
from openprime.desk.state import User
from openprime.desk.turn import Turn
from openprime.model.numbers import ZERO


def funding_wallet(turn: Turn, user: User, coin: str) -> FundingWallet:
    """The wallet of a coin, made when the coin first comes."""
    wallet = user.funding_wallets.get(coin)
    if wallet is None:
        wallet = FundingWallet(coin, turn.now_ms, turn.now_ms)
        user.funding_wallets[coin] = wallet
    return wallet


def post_funding(turn: Turn, user: User, coin: str, amount: Decimal, counterparty: str) -> None:
    """Move `amount` of a coin from a house account into the funding account (out of it where
    negative).
    """
    wallet = funding_wallet(turn, user, coin)
    wallet.cash += amount
    wallet.updated_at_ms = turn.now_ms
    house = turn.state.house.setdefault(counterparty, {})
    house[coin] = house.get(coin, ZERO) - amount
