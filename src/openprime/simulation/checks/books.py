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
from openprime.model.vocabulary import CANCEL_PENDING, Exchange, OrderAction
from openprime.simulation.checks.scene import Scene
from openprime.simulation.checks.slow import slow_sums
from openprime.simulation.witness import difference

# Orders that were told to go; where the venue has ended one and its report was lost, it refuses.
GOING = (CANCEL_PENDING, OrderAction.CANCEL_FAILED)
# Whose money it is (a portfolio's at an exchange, or a user's), and the coin.
Held = tuple[int, Exchange | None, str]
# What a reserve may be too large by where an operator changed fees.
FEES_CHANGED = Decimal("1.01")


def money_sums_to_zero(scene: Scene) -> str | None:
    """Double entry: per coin, wallets and house accounts sum to zero."""
    wrong = {coin: str(amount) for coin, amount in balances(scene.state).items() if amount}
    return f"expected every coin to sum to 0, found {wrong}" if wrong else None


def _orders_by_account(scene: Scene) -> dict[tuple[int, str], list[Order]]:
    found: dict[tuple[int, str], list[Order]] = {}
    for order in scene.state.orders.values():
        found.setdefault((order.portfolio_id, order.exchange), []).append(order)
    return found


def orders_are_counted(scene: Scene) -> str | None:
    """Each working order stands once, in the exposure of its leg, and in the counts."""
    by_account = _orders_by_account(scene)
    for account in scene.accounts():
        orders = by_account.get((account.portfolio_id, account.exchange), [])
        if not orders and not account.exposures:
            continue
        wanted: dict[str, dict[int, bool]] = {}
        for order in orders:
            wanted.setdefault(order.leg, {})[order.order_id] = order.reduce_only
        if account.order_count != len(orders):
            return f"{_name(account)} counts {account.order_count} orders, not {len(orders)}"
        for leg, exposure in account.exposures.items():
            its = wanted.pop(leg, {})
            if exposure.orders.keys() != its.keys():
                return f"{_name(account)} {leg} has {list(exposure.orders)}, not {list(its)}"
            if exposure.reduce_only_count != sum(its.values()):
                return f"{_name(account)} {leg} counts {exposure.reduce_only_count} reduce-only"
        if wanted:
            return f"{_name(account)} has no exposure for the orders of {wanted}"
    return None


def _name(account: Account) -> str:
    return f"{account.portfolio_id}:{account.exchange}"


def reserves_match_orders(scene: Scene) -> str | None:
    """What a wallet holds back for orders is what its orders hold, and no order too much."""
    turn = scene.desk.turn
    sums: dict[tuple[int, str, str], Decimal] = {}
    for order in scene.state.orders.values():
        if not order.frozen_coin:
            continue
        needed = required_freeze(turn, turn.reference.instruments[order.sym], order)
        # An order keeps the reserve of the fees that it was placed under, until it changes.
        most = needed * FEES_CHANGED if "fees" in scene.state.overrides else needed
        if order.frozen > most or (most == needed and order.frozen != needed and not order.seized):
            return f"order {order.order_id} holds {order.frozen}, needs {needed}"
        key = (order.portfolio_id, order.exchange, order.frozen_coin)
        sums[key] = sums.get(key, ZERO) + order.frozen
    for account in scene.accounts():
        for coin, wallet in account.wallets.items():
            held = sums.get((account.portfolio_id, account.exchange, coin), ZERO)
            if wallet.order_frozen != held:
                return f"{_name(account)} holds back {wallet.order_frozen} {coin}, orders {held}"
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
    waiting = {order.order_id for order in reducing if order.action not in GOING}
    for order in sorted(closing, key=priority):
        if order.action in GOING:
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
    sums: dict[Held, Decimal] = {}
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


def _held_for_transfers(scene: Scene) -> Iterator[tuple[Held, Decimal]]:
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
        kept = _sums(account)
        forget_account(account)
        refresh(turn, account)
        made = _sums(account)
        if made != kept:
            wrong = {n: f"{kept[n]}, not {made[n]}" for n in made if made[n] != kept[n]}
            return f"{_name(account)} keeps {wrong}"
    return None


def sums_equal_slow_model(scene: Scene) -> str | None:
    """The sums of accounts are those that a slow model makes of coins, positions and orders."""
    turn = scene.desk.turn
    for account in scene.accounts():
        refresh(turn, account)
        kept = msgspec.structs.asdict(totals(account))
        made = slow_sums(scene.desk, account)
        wrong = {n: f"{kept[n]}, not {made[n]}" for n in made if made[n] != kept[n]}
        if wrong:
            return f"{_name(account)} has {wrong}"
    return None


def _sums(account: Account) -> dict[str, object]:
    """The sums of an account and of its wallets, by name."""
    found = dict(msgspec.structs.asdict(totals(account)))
    for coin, wallet in account.wallets.items():
        for name, value in msgspec.structs.asdict(wallet).items():
            found[f"{coin} {name}"] = value
    return found


def replay_gives_same_books(scene: Scene) -> str | None:
    """A desk that is given the journal's envelopes comes to the same books, byte by byte."""
    host = scene.host
    return difference(scene.desk, host.witness.desk_at(host.broker.sequencer.sequence))
