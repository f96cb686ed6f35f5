"""Money of a served broker, over the API alone: in, over, through a trade, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.command import wait_until
from tests.served import Client, ServedBroker

BTC = "BINANCE_PERP_BTC_USDT"
ADDRESS = "TXLAQ63Xg1NAzckPwKHvzw7CSEmLMEqcdj"
TRANSFER = "/api/v1/transfer/"
DEPOSITS = "/api/v1/deposit/list"
WITHDRAWALS = "/api/v1/userWithdrawRecord/list"
USDT = {"currency": "USDT", "network": "TRC20"}


def configured(folder: Path, **settings: int) -> ServedBroker:
    """A broker with these settings of the section desk."""
    lines = ["[desk]", *(f"{name} = {value}" for name, value in settings.items())]
    (folder / "openprime.toml").write_text("\n".join(lines) + "\n")
    return ServedBroker(folder, "--config", str(folder / "openprime.toml"))


class Money:
    """One broker, its first user's primary key, and the operator beside them."""

    def __init__(self, broker: ServedBroker) -> None:
        self.broker = broker
        self.client = broker.client()
        (account,) = self.client.data("GET", "/api/v1/tradeAccount/list")
        self.funding_id = account["accountId"]
        self.main_id = int(broker.portfolio_id)

    def admin(self, path: str, **members: Any) -> Any:
        answer = httpx.post(
            f"{self.broker.rest_url}/admin/v1/{path}",
            json=members,
            headers={"X-Admin-Token": self.broker.ready["admin_token"]},
            trust_env=False,
        ).json()
        assert answer["code"] == 200, answer
        return answer["data"]

    def approve(self) -> None:
        self.admin("withdrawAddresses", userId=self.funding_id, address=ADDRESS, **USDT)

    def transfer(self, source: int, target: int, amount: str, client: Client | None = None) -> int:
        sides = {
            "fromTradeAccountId": source,
            "toTradeAccountId": target,
            "fromAccountType": "LTP" if source == self.funding_id else "BINANCE",
            "toAccountType": "LTP" if target == self.funding_id else "BINANCE",
        }
        data = (client or self.client).data(
            "POST", f"{TRANSFER}apply", currency="USDT", amount=amount, **sides
        )
        number: int = data["transferId"]
        return number

    def withdraw(self, account_id: int, amount: str, client: Client | None = None) -> int:
        kind = "LTP" if account_id == self.funding_id else "BINANCE"
        asked = {"accountId": account_id, "fromAccountType": kind, "address": ADDRESS, **USDT}
        number: int = (client or self.client).data(
            "POST", "/api/v1/userWithdrawRecord/apply", amount=amount, **asked
        )
        return number

    def held(self, account_id: int, venue: str = "BINANCE") -> Decimal:
        rows = self.client.data(
            "GET", "/api/v1/asset/getAccountCurrencyInfo", accountId=account_id, currency="USDT"
        )
        (row,) = [row for row in rows if row["venues"] == venue]
        return sum((Decimal(info["totalBalance"]) for info in row["assetInfo"]), Decimal(0))

    def status(self, path: str, number: int) -> int:
        rows = self.client.data("GET", path)
        (found,) = [row["status"] for row in rows if row.get("id", row.get("transferId")) == number]
        assert isinstance(found, int)
        return found

    def wait_for(self, path: str, number: int, status: int) -> None:
        wait_until(lambda: self.status(path, number) == status, f"{path} {number} at {status}")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ServedBroker]:
    served = configured(tmp_path, network_confirm_ms=100).start()
    yield served
    assert served.stop() == 0, served.log()


def test_the_whole_way_of_money(broker: ServedBroker) -> None:
    money = Money(broker)
    main = money.client
    made = main.data("POST", "/api/v1/trading/portfolio", name="Journey01")
    portfolio_id = made["portfolioId"]
    key = main.data(
        "POST",
        "/api/v1/apiKey/portfolio",
        portfolioId=portfolio_id,
        apiName="journey",
        permission="TRADE,TRANSFER,WITHDRAW",
    )
    own = Client(broker.rest_url, key["accessKey"], key["secretKey"])
    order = {"sym": BTC, "side": "BUY", "orderType": "MARKET", "orderQty": "0.01"}
    assert own.call("POST", "/api/v1/trading/order", **order)["code"] == 401046

    # In: a network brings money to the funding account, a transfer takes it on.
    address = main.data("GET", "/api/v1/deposit/address", **USDT)["address"]
    deposit = money.admin("deposits", address=address, amount="5000", **USDT)["depositId"]
    money.wait_for(DEPOSITS, deposit, 3)
    assert money.held(money.funding_id, "LTP") == 5000
    money.transfer(money.funding_id, portfolio_id, "4000")
    assert money.held(portfolio_id) == 4000

    # Through a trade: the margin stays until the position is closed.
    own.data("POST", "/api/v1/trading/order", **order)
    (asset,) = [
        row
        for row in own.data("GET", "/api/v1/trading/portfolio/assets")["list"]
        if (row["exchangeType"], row["coin"]) == ("BINANCE", "USDT")
    ]
    assert Decimal(asset["maxTransferable"]) < 4000
    own.data("DELETE", "/api/v1/trading/position", sym=BTC)
    wait_until(lambda: own.data("GET", "/api/v1/trading/position") == [], "no position")

    # Out: over to MainPortfolio, and by a withdrawal.
    money.transfer(portfolio_id, money.main_id, "1000.5")
    money.approve()
    before = money.held(portfolio_id)
    withdrawal = money.withdraw(portfolio_id, "500", own)
    money.wait_for(WITHDRAWALS, withdrawal, 3)
    assert money.held(portfolio_id) == before - 501
    bills = own.data("GET", "/api/v1/asset/bills")
    assert [(bill["type"], bill["amount"], bill["status"]) for bill in bills] == [
        ("2", "500", "1"),
        ("1", "1000.5", "1"),
        ("1", "4000", "1"),
    ]
    rows = own.data("GET", "/api/v1/trading/statement", statementType="TRANSFER")["list"]
    assert [row["deltaAmount"] for row in rows] == ["-501", "-1000.5", "4000"]
    own.close()


def test_what_is_under_way_is_finished_after_a_crash(tmp_path: Path) -> None:
    """Killed while a transfer, a deposit and two withdrawals are under way: the next start goes on
    with them, once each, and knows the request id.
    """
    served = configured(tmp_path, network_confirm_ms=2500, transfer_delay_ms=2500).start()
    money = Money(served)
    money.approve()
    moved = money.transfer(money.main_id, money.funding_id, "300")
    out = money.withdraw(money.main_id, "200")
    rejected = money.withdraw(money.main_id, "150")
    money.admin("withdrawals/end", withdrawalId=rejected, status="REJECTED", info="no")
    deposit = money.admin("deposits", accountId=money.funding_id, amount="70", **USDT)["depositId"]
    assert money.status(f"{TRANSFER}list", moved) == 0
    assert money.held(money.main_id) == 100_000
    served.kill()

    served.start()
    money = Money(served)
    money.wait_for(f"{TRANSFER}list", moved, 1)
    money.wait_for(WITHDRAWALS, out, 3)
    money.wait_for(DEPOSITS, deposit, 3)
    assert money.status(WITHDRAWALS, rejected) == 5
    assert money.held(money.main_id) == 100_000 - 300 - 201
    assert money.held(money.funding_id, "LTP") == 370
    served.kill()

    served.start()
    money = Money(served)
    assert money.held(money.main_id) == 100_000 - 300 - 201
    assert money.held(money.funding_id, "LTP") == 370
    assert served.stop() == 0, served.log()
