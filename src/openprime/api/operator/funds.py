"""What an operator does for networks and compliance: deposits, withdrawals, address books."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from openprime.api.operator.accounts import unfit_amount
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.api.wire.funds import deposit_row, withdraw_address_row, withdrawal_row
from openprime.desk.commands import (
    AddWithdrawAddress,
    AnnounceDeposit,
    EndWithdrawal,
    FailDeposit,
    SetWithdrawAddressStatus,
)
from openprime.desk.desk import Desk
from openprime.errors import Refusal
from openprime.model.vocabulary import AddressStatus, WithdrawalStatus

Text = Annotated[str, msgspec.Meta(max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Announcement(Asked, frozen=True):
    """Either an address that clients were told, or an account: a portfolio's id or a user's."""

    currency: Name
    network: Name
    amount: Decimal
    address: Text = ""
    account_id: int | None = None
    tx_id: Text = ""


class DepositFailing(Asked, frozen=True):
    deposit_id: int
    info: Text = ""


class Ending(StrEnum):
    """How an operator can end a withdrawal."""

    FAILED = "FAILED"
    REJECTED = "REJECTED"


class WithdrawalEnding(Asked, frozen=True):
    withdrawal_id: int
    status: Ending
    info: Text = ""


class NewAddress(Asked, frozen=True):
    """`status` and `category` are numbers, as clients read them."""

    user_id: int
    currency: Name
    network: Name
    address: Name
    memo: Text = ""
    address_tag: Text = ""
    category: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    status: AddressStatus = AddressStatus.APPROVED


class AddressReview(Asked, frozen=True):
    user_id: int
    address_id: int
    status: AddressStatus


async def deposits(services: Services, asked: Nothing) -> list[Row]:
    """Deposits under way."""

    def render(desk: Desk) -> list[Row]:
        return [deposit_row(deposit) for deposit in desk.state.deposits.values()]

    return await services.read(render)


async def announce(services: Services, asked: Announcement) -> Row | Refusal | Unfit:
    """A network brings money."""
    unfit = unfit_amount(asked.amount)
    if unfit is not None:
        return unfit
    if bool(asked.address) is (asked.account_id is not None):
        return Unfit("expected either address or accountId, found both or neither")
    outcome = await services.sequencer.submit(
        AnnounceDeposit(
            address=asked.address,
            account_id=asked.account_id,
            coin=asked.currency,
            network=asked.network,
            amount=asked.amount,
            tx_id=asked.tx_id,
        )
    )
    return outcome.refusal or {"depositId": outcome.reply}


async def fail_deposit(services: Services, asked: DepositFailing) -> Refusal | None:
    return await done(services, FailDeposit(asked.deposit_id, asked.info))


async def withdrawals(services: Services, asked: Nothing) -> list[Row]:
    """Withdrawals under way."""

    def render(desk: Desk) -> list[Row]:
        return [withdrawal_row(withdrawal) for withdrawal in desk.state.withdrawals.values()]

    return await services.read(render)


async def end_withdrawal(services: Services, asked: WithdrawalEnding) -> Refusal | None:
    status = WithdrawalStatus[asked.status]
    return await done(services, EndWithdrawal(asked.withdrawal_id, status, asked.info))


async def addresses(services: Services, asked: Nothing) -> list[Row]:
    """The address books of all users."""

    def render(desk: Desk) -> list[Row]:
        return [
            withdraw_address_row(entry) | {"userId": user.user_id}
            for user in desk.state.users.values()
            for entry in user.withdraw_addresses.values()
        ]

    return await services.read(render)


async def add_address(services: Services, asked: NewAddress) -> Row | Refusal:
    """A new entry of a user's address book."""
    outcome = await services.sequencer.submit(
        AddWithdrawAddress(
            user_id=asked.user_id,
            coin=asked.currency,
            network=asked.network,
            address=asked.address,
            memo=asked.memo,
            address_tag=asked.address_tag,
            category=asked.category,
            status=asked.status,
        )
    )
    return outcome.refusal or {"addressId": outcome.reply}


async def review_address(services: Services, asked: AddressReview) -> Refusal | None:
    command = SetWithdrawAddressStatus(asked.user_id, asked.address_id, asked.status)
    return await done(services, command)


_DEPOSITS, _WITHDRAWALS = f"{PREFIX}deposits", f"{PREFIX}withdrawals"
_ADDRESSES = f"{PREFIX}withdrawAddresses"

ROWS: tuple[AdminRow, ...] = (
    AdminRow("GET", _DEPOSITS, "Deposits under way", Nothing, deposits, "[deposit]"),
    AdminRow(
        "POST",
        _DEPOSITS,
        "Let a network bring money to an address or an account",
        Announcement,
        announce,
        "{depositId}",
    ),
    AdminRow(
        "POST", f"{_DEPOSITS}/fail", "Let a deposit under way fail", DepositFailing, fail_deposit
    ),
    AdminRow("GET", _WITHDRAWALS, "Withdrawals under way", Nothing, withdrawals, "[withdrawal]"),
    AdminRow(
        "POST",
        f"{_WITHDRAWALS}/end",
        "Let a withdrawal under way fail, or reject it; its money is free again",
        WithdrawalEnding,
        end_withdrawal,
    ),
    AdminRow("GET", _ADDRESSES, "The address books of all users", Nothing, addresses, "[address]"),
    AdminRow(
        "POST",
        _ADDRESSES,
        "Enter an address that a user may withdraw to, once its status is 1",
        NewAddress,
        add_address,
        "{addressId}",
    ),
    AdminRow(
        "POST",
        f"{_ADDRESSES}/status",
        "Review an address: 0 to review, 1 approved, 2 rejected, 3 pending, -1 deleted",
        AddressReview,
        review_address,
    ),
)
