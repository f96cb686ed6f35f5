"""What the tests of moving money share: places, requests, and what lies where."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from openprime.desk import commands as c
from openprime.desk.events import Event
from openprime.desk.funds import Place, TransferTerms, WithdrawalTerms
from openprime.desk.outcome import Outcome
from openprime.desk.settings import DeskSettings
from openprime.errors import Refusal
from openprime.model.vocabulary import AddressStatus, Exchange
from tests.desk.kit import DeskKit

BINANCE, OKX, EDX = Exchange.BINANCE, Exchange.OKX, Exchange.EDX
ADDRESS = "TXLAQ63Xg1NAzckPwKHvzw7CSEmLMEqcdj"


class FundsKit(DeskKit):
    """A desk whose user has 1000 USDT in MainPortfolio at BINANCE, and a portfolio without any."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(DeskSettings(**settings), funded=False)
        self.user_id = next(iter(self.desk.state.users))
        outcome = self.do(c.CreatePortfolio(self.user_id, "Second01"))
        assert isinstance(outcome.reply, int)
        self.second_id = outcome.reply
        self.do(c.Credit(self.portfolio_id, BINANCE, "USDT", Decimal(1000)))
        self.funding = Place(self.user_id)
        self.main = Place(self.portfolio_id, BINANCE)
        self.main_okx = Place(self.portfolio_id, OKX)
        self.second = Place(self.second_id, BINANCE)

    def transfer(
        self,
        source: Place,
        target: Place,
        amount: object = 100,
        coin: str = "USDT",
        request_id: str = "",
        reach: int | None = None,
        **more: Any,
    ) -> Outcome:
        terms = TransferTerms(source, target, coin, Decimal(str(amount)), **more)
        return self.do(c.ApplyTransfer(self.user_id, reach, request_id, terms))

    def give_funding(self, amount: object = 500, coin: str = "USDT") -> None:
        """Put money into the funding account, by way of the portfolio."""
        outcome = self.transfer(self.main, self.funding, amount, coin)
        assert outcome.refusal is None, outcome.refusal

    def approve(self, status: AddressStatus = AddressStatus.APPROVED, **more: Any) -> int:
        values = {
            "coin": "USDT",
            "network": "TRC20",
            "address": ADDRESS,
            "memo": "",
            "address_tag": "",
            "category": 1,
        } | more
        outcome = self.do(c.AddWithdrawAddress(self.user_id, status=status, **values))
        assert isinstance(outcome.reply, int), outcome.refusal
        return outcome.reply

    def withdraw(self, amount: object = 200, **changes: Any) -> Outcome:
        """Withdraw USDT over TRC20 from MainPortfolio at BINANCE, or what is changed of that."""
        terms = {"coin": "USDT", "network": "TRC20", "address": ADDRESS} | {
            name: changes.pop(name)
            for name in ("coin", "network", "address", "address_tag")
            if name in changes
        }
        values = {
            "user_id": self.user_id,
            "reach": None,
            "account_id": self.portfolio_id,
            "account_type": "BINANCE",
            "amount": None if amount is None else Decimal(str(amount)),
        } | changes
        return self.do(c.ApplyWithdrawal(terms=WithdrawalTerms(**terms), **values))

    def announce(self, amount: object, **changes: Any) -> Outcome:
        values = {"address": "", "account_id": self.user_id, "coin": "USDT", "network": "TRC20"}
        command = c.AnnounceDeposit(amount=Decimal(str(amount)), **(values | changes))  # type: ignore[arg-type]
        return self.do(command)

    def wait(self, ms: int) -> Outcome:
        """Let time pass and the desk do what is due."""
        self.now_ms += ms
        return self.do(c.RunAgenda())

    def held(self, place: Place, coin: str = "USDT") -> Decimal:
        """The cash of a place."""
        if place.exchange is None:
            wallet = self.desk.state.users[place.account_id].funding_wallets.get(coin)
            return wallet.cash if wallet else Decimal(0)
        account = self.desk.state.portfolios[place.account_id].accounts[place.exchange]
        return account.wallets[coin].cash if coin in account.wallets else Decimal(0)

    def frozen(self, place: Place, coin: str = "USDT") -> Decimal:
        if place.exchange is None:
            return self.desk.state.users[place.account_id].funding_wallets[coin].transfer_frozen
        account = self.desk.state.portfolios[place.account_id].accounts[place.exchange]
        return account.wallets[coin].transfer_frozen


def only(outcome: Outcome, kind: type[Event]) -> list[Any]:
    """The events of one kind."""
    assert outcome.refusal is None, outcome.refusal
    return [event for event in outcome.events if isinstance(event, kind)]


def refused(outcome: Outcome, code: int, *arguments: str) -> None:
    assert outcome.refusal == Refusal(code, arguments)
