"""Pushes to private sockets: what a command changed, as its portfolio's clients hear of it.

Rows are rendered the moment a command has been applied, so they show the state of that moment and
not a later one; they are sent when the command is durable. A portfolio that nobody listens to
costs one look into a dictionary an event, and one that many listen to is rendered once.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from openprime.api import wire
from openprime.api.edge.keys import address_allowed, parse_network
from openprime.api.private.risk_frames import COPIED, Copied, RiskTold, risk_frame
from openprime.api.sockets.outgoing import Outgoing
from openprime.api.wire import algos as algo_wire
from openprime.api.wire.accounts import account_row
from openprime.api.wire.loans import asset_push
from openprime.api.wire.orders import order_push, trade_push
from openprime.api.wire.positions import position_row
from openprime.desk.commands import Envelope
from openprime.desk.desk import Desk
from openprime.desk.events import (
    AccountChanged,
    Event,
    KeyChanged,
    LiquidationReduced,
    LiquidationStepped,
    MarginCalled,
    OrderChanged,
    PositionChanged,
    PositionReduced,
    Trade,
    WalletChanged,
)
from openprime.desk.keys import is_good
from openprime.desk.outcome import Outcome
from openprime.desk.owners import main_portfolio
from openprime.desk.state import Account, PositionHistory
from openprime.desk.views import PositionView, account_view
from openprime.model.numbers import ZERO
from openprime.model.vocabulary import ClosedType, PositionMode, PositionSide

ORDERS = "Orders"
TRADES = "Trades"
POSITIONS = "Positions"
ASSETS = "Assets"
ACCOUNTS = "Accounts"

_encode = msgspec.json.Encoder().encode


class Listener(Protocol):
    """One logged-in socket, as pushes see it."""

    access_key: str
    address: str

    def push(self, frames: list[Outgoing]) -> None:
        """Send these frames, in order, without waiting."""

    def expel(self, reason: str) -> None:
        """The key is no longer good: end the connection."""


class Changes:
    """What one command changed for one portfolio, sorted by channel (resolutions 178)."""

    __slots__ = ("accounts", "orders", "portfolio_id", "positions", "risks", "trades", "wallets")

    def __init__(self, portfolio_id: int) -> None:
        self.portfolio_id = portfolio_id
        self.orders: list[OrderChanged] = []
        self.trades: list[Trade] = []
        self.positions: list[PositionChanged | PositionHistory] = []
        self.wallets: list[WalletChanged] = []
        self.accounts: list[AccountChanged] = []
        self.risks: list[RiskTold] = []


class PrivatePush:
    """Who listens to which portfolio, and the sequencer's observer that tells them."""

    def __init__(self, desk: Callable[[], Desk]) -> None:
        """`desk` gives the desk that is in charge now."""
        self._desk = desk
        self._listeners: dict[int, dict[Listener, None]] = {}
        self._by_key: dict[str, dict[Listener, None]] = {}

    def know(self, listener: Listener) -> None:
        """A socket has logged in: it is expelled when its key goes."""
        self._by_key.setdefault(listener.access_key, {})[listener] = None

    def listen(self, portfolio_id: int, listener: Listener) -> None:
        """A known socket wants the pushes of a portfolio."""
        self._listeners.setdefault(portfolio_id, {})[listener] = None

    def forget(self, portfolio_id: int, listener: Listener) -> None:
        """A socket is gone."""
        _drop(self._listeners, portfolio_id, listener)
        _drop(self._by_key, listener.access_key, listener)

    def observe(self, envelope: Envelope, outcome: Outcome) -> Callable[[], None] | None:
        """Render what listeners must hear; the result sends it, once the command is durable."""
        if not self._by_key:
            return None
        told: dict[int, list[Event | Copied]] = {}
        expelled: list[Listener] = []
        for event in outcome.events:
            if type(event) is KeyChanged:
                expelled += self._expelled(event.access_key)
                continue
            portfolio_id = self._portfolio_of(event)
            if portfolio_id in self._listeners:
                told.setdefault(portfolio_id, []).append(event)
            if portfolio_id and isinstance(event, COPIED):
                main_id = self._main_of(portfolio_id)
                if main_id in self._listeners:
                    told.setdefault(main_id, []).append(Copied(event))
        if not told and not expelled:
            return None
        frames = {
            portfolio_id: [
                Outgoing(_encode(content))
                for content in self._frames(portfolio_id, events, envelope.time_ms)
            ]
            for portfolio_id, events in told.items()
        }

        def publish() -> None:
            for portfolio_id, outgoing in frames.items():
                for listener in list(self._listeners.get(portfolio_id, ())):
                    listener.push(outgoing)
            for listener in expelled:
                listener.expel("key changed")

        return publish

    def _expelled(self, access_key: str) -> Iterable[Listener]:
        """The sockets of a key that is no longer let in, or not from where they are."""
        sockets = self._by_key.get(access_key, ())
        state = self._desk().state
        if not sockets or not is_good(state, access_key):
            return sockets
        networks = [parse_network(address) for address in state.keys[access_key].addresses]
        return [socket for socket in sockets if not address_allowed(networks, socket.address)]

    def _main_of(self, portfolio_id: int) -> int:
        state = self._desk().state
        return main_portfolio(state, state.portfolios[portfolio_id].user_id).portfolio_id

    # -- rendering

    def _portfolio_of(self, event: Event) -> int:
        """The portfolio that an event is about; 0 where nothing is pushed of it."""
        if type(event) is OrderChanged:
            return event.order.portfolio_id
        if type(event) is PositionReduced:
            return event.row.portfolio_id
        return event.portfolio_id if type(event) in _SORTERS else 0  # type: ignore[union-attr]

    def _frames(
        self, portfolio_id: int, events: list[Event | Copied], now_ms: int
    ) -> list[dict[str, Any]]:
        """What a portfolio's listeners are told of a command's events."""
        changes = Changes(portfolio_id)
        for event in events:
            _SORTERS[type(event)](changes, event)
        desk = self._desk()
        instruments = desk.reference.instruments
        frames: list[dict[str, Any]] = []
        for changed in changes.orders:
            order = changed.order
            row = order_push(order, instruments[order.sym].contract_size)
            frames.append({"channel": ORDERS, "instId": order.sym, "data": row})
        for trade in changes.trades:
            frames.append({"channel": TRADES, "instId": trade.sym, "data": trade_push(trade)})
        accounts = desk.state.portfolios[changes.portfolio_id].accounts
        if changes.positions:
            rows = [_position_row(desk, accounts, changed) for changed in changes.positions]
            known_rows = [row for row in rows if row is not None]
            if known_rows:
                frames.append({"channel": POSITIONS, "data": known_rows})
        if changes.wallets:
            rows = [
                asset_push(desk, accounts[changed.exchange], changed.coin)
                for changed in changes.wallets
            ]
            frames.append({"channel": ASSETS, "data": rows})
        if changes.accounts:
            rows = [
                account_row(account_view(desk, accounts[changed.exchange]))
                | {"updateAt": str(now_ms)}
                for changed in changes.accounts
            ]
            frames.append({"channel": ACCOUNTS, "data": rows})
        return frames + [risk_frame(desk, told, now_ms) for told in changes.risks]


def _position_row(
    desk: Desk, accounts: dict[str, Account], changed: PositionChanged | PositionHistory
) -> wire.Row | None:
    if isinstance(changed, PositionHistory):
        return position_row(_closed_view(desk, changed))
    account = accounts[changed.exchange]
    position = account.positions.get(changed.key)
    return algo_wire.open_position_row(desk, account, position) if position else None


def _closed_view(desk: Desk, row: PositionHistory) -> PositionView:
    """A position that is gone: told once more, with quantity 0 (resolutions 122)."""
    net = row.position_mode is PositionMode.NET
    return PositionView(
        position_id=row.position_id,
        portfolio_id=row.portfolio_id,
        exchange=row.exchange,
        sym=row.sym,
        side=PositionSide.NONE if net else row.side,
        quantity=ZERO,
        value=ZERO,
        margin=ZERO,
        maintenance=ZERO,
        upnl=ZERO,
        upnl_rate=ZERO,
        average_price=row.open_average_price,
        mark_price=desk.state.marks.get(row.sym, ZERO),
        leverage=row.leverage,
        max_leverage=desk.turn.rules[row.sym].max_leverage,
        risk_level="1",
        fee=row.fee,
        funding_fee=row.funding_fee,
        liq_price=None,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
    )


def _sort_reduced(changes: Changes, event: PositionReduced) -> None:
    """Only the end of a position is told from its history; the rest from its present state."""
    if event.row.closed_type is not ClosedType.PARTIAL_CLOSED:
        changes.positions.append(event.row)


_SORTERS: dict[type, Callable[[Changes, Any], None]] = {
    OrderChanged: lambda changes, event: changes.orders.append(event),
    Trade: lambda changes, event: changes.trades.append(event),
    PositionChanged: lambda changes, event: changes.positions.append(event),
    PositionReduced: _sort_reduced,
    WalletChanged: lambda changes, event: changes.wallets.append(event),
    AccountChanged: lambda changes, event: changes.accounts.append(event),
    MarginCalled: lambda changes, event: changes.risks.append(event),
    LiquidationStepped: lambda changes, event: changes.risks.append(event),
    LiquidationReduced: lambda changes, event: changes.risks.append(event),
    Copied: lambda changes, event: changes.risks.append(event),
}


def _drop(groups: dict[Any, dict[Listener, None]], key: Any, listener: Listener) -> None:
    group = groups.get(key)
    if group is not None:
        group.pop(listener, None)
        if not group:
            del groups[key]
