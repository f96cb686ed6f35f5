"""The routes of withdrawals and of the address book (rest-admin 7)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.transfers import filter_of, reach_of
from openprime.api.parameters import readers
from openprime.api.parameters.funds import AddressBook, FundsQuery, Withdraw
from openprime.api.services import Services
from openprime.api.wire.funds import withdraw_address_row, withdrawal_row
from openprime.desk.commands import ApplyWithdrawal
from openprime.desk.desk import Desk
from openprime.desk.funds import WithdrawAddress, WithdrawalTerms


async def apply(services: Services, caller: Caller, asked: Withdraw) -> object:
    """POST userWithdrawRecord/apply, also withdraw/apply: the withdrawal's id, or a Refusal."""
    outcome = await services.sequencer.submit(
        ApplyWithdrawal(
            user_id=caller.user.user_id,
            reach=reach_of(caller),
            account_id=readers.portfolio_id(asked.account_id),
            account_type=asked.account_type,
            terms=WithdrawalTerms(
                coin=asked.coin,
                network=asked.network,
                address=asked.address,
                memo=asked.memo,
                address_tag=asked.address_tag,
                client_order_id=asked.client_order_id,
                rapid=asked.rapid,
            ),
            amount=readers.amount(asked.amount),
        )
    )
    return outcome.refusal or outcome.reply


async def get_all(services: Services, caller: Caller, asked: FundsQuery) -> list[wire.Row]:
    """GET userWithdrawRecord/list: of a primary key every account's."""
    await services.sequencer.settled()
    reach = reach_of(caller)
    wanted = filter_of(caller, asked, None if reach is None else (reach,))
    found = await services.store.read(
        services.funds.withdrawals, wanted, asked.page, asked.page_size
    )
    return [withdrawal_row(withdrawal) for withdrawal in found]


async def addresses(services: Services, caller: Caller, asked: AddressBook) -> list[wire.Row]:
    """GET userWithdrawAddress/list, newest first."""

    def admitted(entry: WithdrawAddress) -> bool:
        return (
            asked.coin in (None, entry.coin)
            and asked.network in (None, entry.network)
            and asked.address in (None, entry.address)
            and asked.address_tag in (None, entry.address_tag)
            and asked.status in (None, entry.status)
        )

    def render(desk: Desk) -> list[wire.Row]:
        entries = desk.state.users[caller.user.user_id].withdraw_addresses.values()
        rows = [withdraw_address_row(entry) for entry in entries if admitted(entry)]
        return rows[::-1]

    return await services.read(render)
