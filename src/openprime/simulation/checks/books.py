"""Promises about the books themselves: money, reserves, sums, replay."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from openprime.desk.ledger import balances
from openprime.desk.margin import forget_account, refresh, totals
from openprime.desk.reduce_only import closing_side
from openprime.desk.reserves import required_freeze
from openprime.desk.state import Account, Order
from openprime.desk.worth import priority
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import CANCEL_PENDING
from openprime.simulation.checks.scene import Scene
from openprime.simulation.witness import difference


def money_sums_to_zero(scene: Scene) -> str | None:
    """Double entry: per coin, wallets and house accounts sum to zero."""
    wrong = {coin: str(amount) for coin, amount in balances(scene.state).items() if amount}
    return f"expected every coin to sum to 0, found {wrong}" if wrong else None


def _orders_of(scene: Scene, account: Account) -> list[Order]:
    return [
        order
        for order in scene.state.orders.values()
        if order.portfolio_id == account.portfolio_id and order.exchange is account.exchange
    ]


def orders_are_counted(scene: Scene) -> str | None:
    """Each working order stands once, in the exposure of its leg, and in the counts."""
    for account in scene.accounts():
        orders = _orders_of(scene, account)
        placed = {
            order_id: leg for leg, exposure in account.exposures.items() for order_id in exposure.orders
        }
        wanted = {order.order_id: order.leg for order in orders}
        if placed != wanted or account.order_count != len(orders):
            return f"account {_name(account)} counts {account.order_count}: {placed}, not {wanted}"
        for leg, exposure in account.exposures.items():
            closing = sum(o.reduce_only for o in orders if o.leg == leg)
            if closing != exposure.reduce_only_count:
                return f"{_name(account)} {leg} counts {exposure.reduce_only_count}, not {closing}"
    return None


def _name(account: Account) -> str:
    return f"{account.portfolio_id}:{account.exchange}"


def reserves_match_orders(scene: Scene) -> str | None:
    """What a wallet holds back for orders is what its orders hold, and no order too much."""
    turn = scene.desk.turn
    for account in scene.accounts():
        sums: dict[str, Decimal] = {}
        for order in _orders_of(scene, account):
            instrument = turn.reference.instruments[order.sym]
            needed = required_freeze(turn, instrument, order)
            wrong = order.frozen > needed if order.seized else order.frozen != needed
            if wrong:
                return f"order {order.order_id} holds {order.frozen}, needs {needed}"
            if order.frozen_coin:
                sums[order.frozen_coin] = sums.get(order.frozen_coin, ZERO) + order.frozen
        for coin, wallet in account.wallets.items():
            if wallet.order_frozen != sums.get(coin, ZERO):
                found = f"{wallet.order_frozen} {coin}, orders {sums.get(coin, ZERO)}"
                return f"{_name(account)} holds back {found}"
    return None


def reduce_only_orders_have_room(scene: Scene) -> str | None:
    """Of each reduce-only order at work, what ranks before it is less than the position
    (resolutions 163).
    """
    for account in scene.accounts():
        for leg, exposure in account.exposures.items():
            if not exposure.reduce_only_count:
                continue
            position = account.positions.get(leg)
            size = position.quantity if position else ZERO
            orders = [scene.state.orders[order_id] for order_id in exposure.orders]
            closing = [o for o in orders if size and o.side is closing_side(size)]
            wrong = _without_room([o for o in orders if o.reduce_only], closing, abs(size))
            if wrong is not None:
                return f"{_name(account)} {leg} {size}: reduce-only order {wrong} has no room"
    return None


def _without_room(reducing: list[Order], closing: list[Order], size: Decimal) -> int | None:
    covered = ZERO
    waiting = {order.order_id for order in reducing if order.action is not CANCEL_PENDING}
    for order in sorted(closing, key=priority):
        if order.action is CANCEL_PENDING:
            continue
        if order.order_id in waiting:
            if covered >= size:
                return order.order_id
            waiting.discard(order.order_id)
        covered += order.remaining
    return next(iter(sorted(waiting)), None)


def transfers_match_reserves(scene: Scene) -> str | None:
    """What is held back for transfers and withdrawals is what is on its way, but for what was
    seized of it.
    """
    sums: dict[tuple[int, str | None, str], Decimal] = {}
    state = scene.state
    for transfer in state.transfers.values():
        place, coin = transfer.terms.source, transfer.terms.coin
        key = (place.account_id, place.exchange, coin)
        sums[key] = sums.get(key, ZERO) + transfer.terms.amount
    for withdrawal in state.withdrawals.values():
        place, coin = withdrawal.source, withdrawal.terms.coin
        key = (place.account_id, place.exchange, coin)
        sums[key] = sums.get(key, ZERO) + withdrawal.amount + withdrawal.fee
    for key, held in _held_for_transfers(scene):
        if held < ZERO or held > sums.get(key, ZERO):
            return f"{key} holds back {held}, on its way are {sums.get(key, ZERO)}"
    return None


def _held_for_transfers(scene: Scene) -> Iterator[tuple[tuple[int, str | None, str], Decimal]]:
    for account in scene.accounts():
        for coin, wallet in account.wallets.items():
            yield (account.portfolio_id, account.exchange, coin), wallet.transfer_frozen
    for user in scene.state.users.values():
        for coin, funding in user.funding_wallets.items():
            yield (user.user_id, None, coin), funding.transfer_frozen


def sums_equal_recomputation(scene: Scene) -> str | None:
    """The sums that are kept by difference are those that are made from nothing."""
    turn = scene.desk.turn
    for account in scene.accounts():
        refresh(turn, account)
        kept = msgspec.structs.asdict(totals(account))
        wallets = msgspec.to_builtins(account.wallets)
        forget_account(account)
        refresh(turn, account)
        made = msgspec.structs.asdict(totals(account))
        if made != kept:
            wrong = {name: f"{kept[name]}, not {made[name]}" for name in made if made[name] != kept[name]}
            return f"{_name(account)} keeps {wrong}"
        if msgspec.to_builtins(account.wallets) != wallets:
            return f"{_name(account)} keeps other sums of its wallets than are made from nothing"
    return None


def replay_gives_same_books(scene: Scene) -> str | None:
    """A desk that is given the journal's envelopes comes to the same books, byte by byte."""
    sequencer = scene.host.broker.sequencer
    witness = scene.host.witness
    witness.replay(sequencer.sequence)
    return difference(scene.desk, witness.desk)
