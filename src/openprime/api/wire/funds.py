"""Transfers, deposits, withdrawals and balances as rows on the wire (rest-admin 4.2, 5 to 7).

Amounts are JSON numbers printed from the exact decimal, ids JSON integers; bills are the exception
and hold nothing but texts (resolutions 48, 51, 52).
"""

from decimal import Decimal

import msgspec

from openprime.api.wire import Row, exact
from openprime.desk.funds import (
    Deposit,
    DepositAddress,
    DepositRoute,
    Place,
    Transfer,
    WithdrawAddress,
    Withdrawal,
)
from openprime.model.numbers import ZERO, text
from openprime.model.vocabulary import (
    BillKind,
    DepositStatus,
    Exchange,
    TransferStatus,
    WithdrawalStatus,
)

FUNDING_TYPE = "LTP"

# What a deposit or a withdrawal is in a list of bills.
_PENDING, _DONE, _FAILED = TransferStatus
DEPOSIT_BILLS = {
    DepositStatus.EXECUTING: _PENDING,
    DepositStatus.SUCCESS: _DONE,
    DepositStatus.FAILED: _FAILED,
}
WITHDRAWAL_BILLS = {
    WithdrawalStatus.NOT_APPROVED: _PENDING,
    WithdrawalStatus.APPROVED: _PENDING,
    WithdrawalStatus.EXECUTED: _DONE,
    WithdrawalStatus.FAILED: _FAILED,
    WithdrawalStatus.REJECTED: _FAILED,
}


def number(value: Decimal) -> msgspec.Raw:
    """An amount as a JSON number, with the digits that it has."""
    return msgspec.Raw(text(value).encode())


def account_type(place: Place) -> str:
    """The kind of account that a place is."""
    return place.exchange or FUNDING_TYPE


def transfer_row(transfer: Transfer) -> Row:
    """A transfer (rest-admin 6.2). Moves inside the broker cost nothing."""
    terms = transfer.terms
    return {
        "transferId": transfer.transfer_id,
        "clientOrderId": transfer.client_order_id,
        "currency": terms.coin,
        "network": terms.network,
        "txId": "",
        "amount": number(terms.amount),
        "amountReceived": number(terms.amount),
        "networkFee": number(ZERO),
        "fromTradeAccountId": terms.source.account_id,
        "toTradeAccountId": terms.target.account_id,
        "fromAccountType": account_type(terms.source),
        "toAccountType": account_type(terms.target),
        "status": transfer.status,
        "reason": transfer.reason,
        "rapidTransfer": terms.rapid,
        "createdAt": transfer.created_at_ms,
    }


def deposit_address_row(known: DepositAddress, minimum: Decimal, owner: str) -> Row:
    """A deposit address (rest-admin 5.1)."""
    return {
        "id": known.address_id,
        "currency": known.coin,
        "network": known.network,
        "address": known.address,
        "createdAt": known.created_at_ms,
        "minimum": text(minimum),
        "accountType": owner,
    }


def deposit_route_row(route: DepositRoute) -> Row:
    """Where the deposits of one coin on one network go (rest-admin 5.2)."""
    return {
        "currency": route.coin,
        "network": route.network,
        "exchange": route.exchange,
        "updatedAt": str(route.updated_at_ms),
    }


def deposit_row(deposit: Deposit) -> Row:
    """A deposit (rest-admin 5.3)."""
    return {
        "id": deposit.deposit_id,
        "accountId": deposit.place.account_id,
        "accountType": account_type(deposit.place),
        "currency": deposit.coin,
        "network": deposit.network,
        "address": deposit.address,
        "amount": number(deposit.amount),
        "status": deposit.status,
        "txId": deposit.tx_id,
        "info": deposit.info,
        "applyTime": str(deposit.created_at_ms),
        "rapidTransfer": False,
    }


def withdraw_address_row(entry: WithdrawAddress) -> Row:
    """An entry of the address book (rest-admin 7.1)."""
    return {
        "id": entry.address_id,
        "currency": entry.coin,
        "network": entry.network,
        "address": entry.address,
        "memo": entry.memo,
        "AddressTag": entry.address_tag,
        "status": entry.status,
        "createdAt": str(entry.created_at_ms),
        "category": entry.category,
    }


def withdrawal_row(withdrawal: Withdrawal) -> Row:
    """A withdrawal (rest-admin 7.3)."""
    terms = withdrawal.terms
    return {
        "id": withdrawal.withdrawal_id,
        "accountId": withdrawal.source.account_id,
        "fromAccountType": account_type(withdrawal.source),
        "currency": terms.coin,
        "network": terms.network,
        "memo": terms.memo,
        "address": terms.address,
        "AddressTag": terms.address_tag,
        "amount": number(withdrawal.amount),
        "status": withdrawal.status,
        "txId": withdrawal.tx_id,
        "txId2": withdrawal.tx_id_out,
        "info": withdrawal.info,
        "applyTime": str(withdrawal.created_at_ms),
        "clientOrderId": terms.client_order_id,
        "rapidTransfer": terms.rapid,
    }


def transfer_bill(transfer: Transfer) -> Row:
    """A transfer as a portfolio's bill (rest-admin 6.6)."""
    terms = transfer.terms
    return {
        **_bill(transfer.transfer_id, terms.coin, terms.amount, transfer.created_at_ms),
        "clientOrderId": transfer.client_order_id,
        **_from(terms.source),
        **_to(terms.target),
        "status": _digits(transfer.status),
        "type": _digits(BillKind.TRANSFER),
    }


def deposit_bill(deposit: Deposit) -> Row:
    """A deposit as a portfolio's bill: it comes from no account."""
    return {
        **_bill(deposit.deposit_id, deposit.coin, deposit.amount, deposit.created_at_ms),
        "network": deposit.network,
        "txId": deposit.tx_id,
        **_from(None),
        **_to(deposit.place),
        "status": _digits(DEPOSIT_BILLS[deposit.status]),
        "type": _digits(BillKind.DEPOSIT),
    }


def withdrawal_bill(withdrawal: Withdrawal) -> Row:
    """A withdrawal as a portfolio's bill: it goes to no account."""
    terms = withdrawal.terms
    number = withdrawal.withdrawal_id
    return {
        **_bill(number, terms.coin, withdrawal.amount, withdrawal.created_at_ms),
        "clientOrderId": terms.client_order_id,
        "networkFee": text(withdrawal.fee),
        "network": terms.network,
        "txId": withdrawal.tx_id_out,
        **_from(withdrawal.source),
        **_to(None),
        "status": _digits(WITHDRAWAL_BILLS[withdrawal.status]),
        "type": _digits(BillKind.WITHDRAWAL),
    }


def _bill(number: int, coin: str, amount: Decimal, created_at_ms: int) -> Row:
    """What all bills have in common; the rest is what a move inside the broker has."""
    return {
        "id": str(number),
        "currency": coin,
        "clientOrderId": "",
        "amount": text(amount),
        "amountReceived": text(amount),
        "networkFee": "0",
        "network": "",
        "txId": "",
        "createdAt": str(created_at_ms),
    }


def _from(place: Place | None) -> Row:
    return {
        "fromTradeAccountId": str(place.account_id) if place else "0",
        "fromAccountType": account_type(place) if place else "",
    }


def _to(place: Place | None) -> Row:
    return {
        "toTradeAccountId": str(place.account_id) if place else "0",
        "toAccountType": account_type(place) if place else "",
    }


def _digits(status: TransferStatus | BillKind) -> str:
    return str(status.value)


class Balance(msgspec.Struct, frozen=True):
    """One coin of an account as the balance route tells it; `price` in USDT."""

    coin: str
    available: Decimal
    frozen: Decimal
    withdrawable: Decimal
    price: Decimal

    @property
    def value(self) -> Decimal:
        """What it is worth in USDT."""
        return (self.available + self.frozen) * self.price


def balances_row(
    account_id: int, note: str, venue: str | Exchange, kind: str, balances: list[Balance]
) -> Row:
    """An account with its coins (rest-admin 4.2)."""
    return {
        "accountId": account_id,
        "accountNote": note,
        "venues": venue,
        "accountType": kind,
        "totalUsdt": exact(sum((balance.value for balance in balances), ZERO)),
        "assetInfo": [
            {
                "currency": balance.coin,
                "totalBalance": exact(balance.available + balance.frozen),
                "available": exact(balance.available),
                "withdrawAvailable": exact(balance.withdrawable),
                "frozen": exact(balance.frozen),
                "valueUsdt": exact(balance.value),
            }
            for balance in balances
        ],
    }
