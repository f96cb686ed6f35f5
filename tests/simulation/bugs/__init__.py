"""Bugs that are planted on purpose: the simulator is worth what it finds of them.

Each is a small change of the running code, as somebody might make it by mistake. SEEDS says within
how many seeds it is found, its row by which checks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from openprime.api.edge.auth import Caller
from openprime.api.private.push import PrivatePush
from openprime.desk import orders, reports, resuming, worth
from openprime.desk.events import WalletChanged
from openprime.desk.handlers import HANDLERS
from openprime.desk.ledger import FEES
from openprime.desk.outcome import Outcome as Done
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.venue import Filled
from openprime.model.vocabulary import PERP
from openprime.sequencer.sequencer import Sequencer
from openprime.simulation import Outcome, Simulation
from openprime.store import store
from openprime.store.database import Durability
from openprime.store.history import History

HARDLY_ANY_TIME_S = 0.00001

Plant = Callable[[pytest.MonkeyPatch], None]


def answers_before_the_disk(patch: pytest.MonkeyPatch) -> None:
    """A command is answered while its batch is still on its way."""

    def at_once(self: Sequencer) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        loop.call_later(HARDLY_ANY_TIME_S, done.set_result, True)
        return done

    patch.setattr(Sequencer, "_durable", at_once)


def pushes_before_the_disk(patch: pytest.MonkeyPatch) -> None:
    """Sockets hear of a command while its batch is still on its way."""
    observe = PrivatePush.observe

    def at_once(self: PrivatePush, envelope: Any, outcome: Done) -> None:
        publish = observe(self, envelope, outcome)
        if publish is not None:
            publish()

    patch.setattr(PrivatePush, "observe", at_once)


def commits_without_sync(patch: pytest.MonkeyPatch) -> None:
    """A commit is left to the system's memory."""
    engine = store.writer_engine
    relaxed = Durability.RELAXED
    patch.setattr(store, "writer_engine", lambda path, _, vfs="": engine(path, relaxed, vfs))


def keeps_the_reserve(patch: pytest.MonkeyPatch) -> None:
    """A SPOT order that ends goes on holding back its money."""
    weigh_out = orders._weigh_out

    def only_perp(
        turn: Any, account: Any, instrument: Any, leg: Any, exposure: Any, order: Any
    ) -> None:
        if instrument.business is PERP:
            weigh_out(turn, account, instrument, leg, exposure, order)
        else:
            account.spot_open_loss -= account.spot_orders.pop(order.order_id)

    patch.setattr(orders, "_weigh_out", only_perp)


def loses_the_fee(patch: pytest.MonkeyPatch) -> None:
    """A fee is taken of the client and booked nowhere."""
    post = reports.post

    def one_sided(turn: Any, account: Any, coin: str, amount: Any, other: str, *more: Any) -> None:
        post(turn, account, coin, amount, other, *more)
        if other == FEES and amount:
            turn.state.house[FEES][coin] += amount

    patch.setattr(reports, "post", one_sided)


def counts_fills_twice(patch: pytest.MonkeyPatch) -> None:
    """A fill that the venue tells twice counts twice."""
    filled = reports.HANDLERS[Filled]

    def forgetful(turn: Any, order: Any, report: Any) -> None:
        order.last_trade_id = 0
        filled(turn, order, report)

    patch.setitem(reports.HANDLERS, Filled, forgetful)


def forgets_names(patch: pytest.MonkeyPatch) -> None:
    """A client's name for an order is free again as soon as the order has ended."""

    def free(turn: Any, order: Any) -> None:
        turn.state.portfolios[order.portfolio_id].client_order_ids.pop(order.client_order_id)

    patch.setattr(orders, "_retire_client_order_id", free)


def leaves_reduce_only_orders(patch: pytest.MonkeyPatch) -> None:
    """A position shrinks, and the orders that were to reduce it stay."""
    for module in (orders, reports):
        patch.setattr(module, "make_room", lambda *arguments: None)


def keeps_old_sums(patch: pytest.MonkeyPatch) -> None:
    """A fill changes a position, and the account's sums do not follow."""
    fill_position = reports.fill_position

    def unnoticed(turn: Any, account: Any, instrument: Any, order: Any, *others: Any) -> Any:
        realised = fill_position(turn, account, instrument, order, *others)
        account.stale_syms.pop(order.leg, None)
        return realised

    patch.setattr(reports, "fill_position", unnoticed)


def weighs_one_side(patch: pytest.MonkeyPatch) -> None:
    """Margin counts what would be bought of a symbol, and not what would be sold."""
    patch.setattr(worth, "worst_notional", lambda held, buys, sells: abs(held + buys))


def skips_a_row(patch: pytest.MonkeyPatch) -> None:
    """Every page but the first begins one row too late."""
    rows = History._rows

    def late(self: History, c: Any, t: Any, b: Any, f: Any, offset: int, *others: Any) -> Any:
        return rows(self, c, t, b, f, offset + 1 if offset else 0, *others)

    patch.setattr(History, "_rows", late)


def shows_any_portfolio(patch: pytest.MonkeyPatch) -> None:
    """Whoever names a portfolio may read it."""
    reach = Caller.reach

    def anybodys(self: Caller, state: Any, portfolio_id: int | None, writes: bool) -> Any:
        named = state.portfolios.get(portfolio_id)
        return reach(self, state, portfolio_id, writes) if writes or named is None else named

    patch.setattr(Caller, "reach", anybodys)


def tells_the_venue_too_much(patch: pytest.MonkeyPatch) -> None:
    """After a restart the venue is told an order as if nothing of it had been filled."""
    venue_order = orders.venue_order

    def whole(turn: Any, instrument: Any, order: Any, resumed: bool = False) -> Any:
        request = venue_order(turn, instrument, order, resumed)
        if not resumed or request.quote_budget is not None:
            return request
        lots = int(order.venue_quantity / instrument.lot_size)
        return msgspec.structs.replace(request, quantity_lots=lots, executed_lots=0)

    patch.setattr(resuming.orders, "venue_order", whole)


def draws_ids_elsewhere(patch: pytest.MonkeyPatch) -> None:
    """Ids come from a counter that no journal knows of."""
    counted = iter(range(10**6))
    new_id = Turn.new_id

    def drifting(self: Turn) -> int:
        if next(counted) % 50 == 49:
            self.state.last_id += 7
        return new_id(self)

    patch.setattr(Turn, "new_id", drifting)


def does_not_push_wallets(patch: pytest.MonkeyPatch) -> None:
    """Where a command changes several things, the wallets are not told."""
    frames = PrivatePush._frames

    def fewer(self: PrivatePush, portfolio_id: int, events: list[Any], now_ms: int) -> Any:
        kept = [event for event in events if type(event) is not WalletChanged]
        return frames(self, portfolio_id, kept if len(events) > 2 else events, now_ms)

    patch.setattr(PrivatePush, "_frames", fewer)


def refuses_and_remembers(patch: pytest.MonkeyPatch) -> None:
    """A refused order leaves something behind."""
    place = HANDLERS[orders.PlaceOrder]

    def leaving(turn: Any, command: Any) -> Any:
        result = place(turn, command)
        if isinstance(result, Refusal):
            turn.state.last_id += 1
        return result

    patch.setitem(HANDLERS, orders.PlaceOrder, leaving)


def _answers_otherwise(
    patch: pytest.MonkeyPatch, otherwise: Callable[[orders.Order], Done]
) -> None:
    """Every tenth order that was taken is answered in another way."""
    counted = iter(range(10**6))
    submit = Sequencer._submit

    async def answered(self: Sequencer, *arguments: Any) -> Done:
        outcome = await submit(self, *arguments)
        if isinstance(outcome.reply, orders.Order) and next(counted) % 10 == 9:
            return otherwise(outcome.reply)
        return outcome

    patch.setattr(Sequencer, "_submit", answered)


def refuses_what_it_took(patch: pytest.MonkeyPatch) -> None:
    """Now and then an order is taken, and answered as if there were too much to do."""
    _answers_otherwise(patch, lambda order: Done(refusal=Refusal(400011)))


def tells_another_id(patch: pytest.MonkeyPatch) -> None:
    """Now and then an order's answer carries an id that is not its own."""

    def other(order: orders.Order) -> Done:
        return Done(reply=msgspec.structs.replace(order, order_id=order.order_id + 1))

    _answers_otherwise(patch, other)


class Bug(NamedTuple):
    """A bug, and the checks of which one finds it within SEEDS seeds of STEPS steps each."""

    plant: Plant
    checks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.plant.__name__


SEEDS = 30
STEPS = 300
DURABLE = (
    "what was told is durable",
    "starts",
    "what was shown is there",
    "what ended stays ended",
)
REPLAYED = ("a replay gives the same books", "recovery gives the same books", "starts")
FILLED = (
    "fills make up orders",
    "fills are the venue's",
    "the venue knows the fills",
    "an order's states",
)

OF_THE_DISK = (
    Bug(answers_before_the_disk, DURABLE),
    Bug(pushes_before_the_disk, DURABLE),
    Bug(commits_without_sync, DURABLE),
    # Where a disk fails, the desk that is made anew for reads is found to be another one.
    Bug(draws_ids_elsewhere, (*REPLAYED, "nothing fails within")),
    Bug(refuses_and_remembers, (*REPLAYED, "nothing fails within")),
)
OF_THE_BOOKS = (
    Bug(keeps_the_reserve, ("reserves match orders",)),
    Bug(loses_the_fee, ("money sums to zero",)),
    Bug(counts_fills_twice, FILLED),
    Bug(leaves_reduce_only_orders, ("reduce-only orders have room",)),
    Bug(keeps_old_sums, ("sums equal a recomputation",)),
    Bug(weighs_one_side, ("sums equal the slow model",)),
    Bug(tells_the_venue_too_much, FILLED),
)
SEEN_BY_CLIENTS = (
    Bug(forgets_names, ("a name acts once",)),
    Bug(skips_a_row, ("pages cover a history",)),
    Bug(shows_any_portfolio, ("no client sees another's data",)),
    Bug(does_not_push_wallets, ("pushes make up the same picture",)),
    Bug(refuses_what_it_took, ("what was refused is not there",)),
    Bug(tells_another_id, ("what was acknowledged is there", "what was shown is there")),
)


def hunt(bug: Bug) -> Outcome:
    """The first run that finds anything while the bug is planted."""
    for seed in range(1, SEEDS + 1):
        with pytest.MonkeyPatch.context() as patch:
            bug.plant(patch)
            outcome = Simulation(seed, STEPS).run()
        if not outcome.good:
            return outcome
    raise AssertionError(f"expected {bug.name} to be found within {SEEDS} seeds, found nothing")
