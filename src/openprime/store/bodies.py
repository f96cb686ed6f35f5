"""How a history row's body is written: the fields' values in order, without their names.

Half the bytes and half the time of writing the names along. The price: fields may only be added
at the end, with a default. The folder remembers the fields it was written with, and opening it
with a release that broke the rule fails (see Store.open) rather than mixing up columns.

A body begins with its checksum: history is read long after the journal that it came from is
trimmed, and a damaged figure must not be told as one that was. Bodies of before checksums are read
as they are.
"""

import zlib
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import astuple

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.events import (
    Audited,
    LoanEntry,
    LoanOrder,
    MarkupCollected,
    Statement,
    Trade,
)
from openprime.desk.funds import Deposit, Transfer, Withdrawal
from openprime.desk.state import Order, PositionHistory
from openprime.store.errors import FROM_BACKUP, StoreError

T = TypeVar("T", bound=msgspec.Struct)

# A byte that MessagePack never begins with, and a CRC-32.
_SEALED = b"\xc1"
_HEAD_BYTES = 5


class _Order(Order, array_like=True):
    pass


class _Trade(Trade, frozen=True, array_like=True, tag=False):
    pass


class _Position(PositionHistory, array_like=True):
    pass


class _Statement(Statement, frozen=True, array_like=True, tag=False):
    pass


class _Audited(Audited, frozen=True, array_like=True, tag=False):
    pass


class _Transfer(Transfer, frozen=True, array_like=True):
    pass


class _Deposit(Deposit, frozen=True, array_like=True):
    pass


class _Withdrawal(Withdrawal, frozen=True, array_like=True):
    pass


class _LoanOrder(LoanOrder, frozen=True, array_like=True, tag=False):
    pass


class _LoanEntry(LoanEntry, frozen=True, array_like=True, tag=False):
    pass


class _Markup(MarkupCollected, frozen=True, array_like=True, tag=False):
    pass


class _Algo(AlgoOrder, array_like=True):
    pass


_encode = msgspec.msgpack.Encoder().encode


def encode(value: msgspec.Struct) -> bytes:
    """The body of a row."""
    content = _encode(astuple(value))
    return b"".join((_SEALED, zlib.crc32(content).to_bytes(4, "big"), content))


def content_of(body: bytes) -> bytes:
    """The values of a body, without their checksum; StoreError where they are not what it says."""
    if body[:1] != _SEALED:
        return body
    content = body[_HEAD_BYTES:]
    if zlib.crc32(content).to_bytes(4, "big") != body[1:_HEAD_BYTES]:
        raise StoreError(
            expected="a row of history with the checksum that it was stored with",
            found="other bytes",
            remedy=FROM_BACKUP,
        )
    return content


class Body(Generic[T]):
    """One kind of body: how it is read, and the fields it has."""

    def __init__(self, kind: Callable[..., T], array: type[T]) -> None:
        self._kind = kind
        self._decode = msgspec.msgpack.Decoder(array).decode
        self.fields = list(array.__struct_fields__)

    def decode(self, body: bytes) -> T:
        """The desk's value that `encode` was given; StoreError where it is damaged."""
        return self._kind(*astuple(self._decode(content_of(body))))

    def check_fields(self, table: str, kept: bytes | None) -> bool:
        """Whether fields came to those that a folder's rows were written with, as JSON; StoreError
        where they are others.
        """
        known = msgspec.json.decode(kept, type=list[str]) if kept else []
        if known != self.fields[: len(known)]:
            raise StoreError(
                expected=f"rows of {table} with fields that begin {', '.join(self.fields)}",
                found=f"rows with {', '.join(known)}",
                remedy="run the release of openprime that made the folder",
            )
        return known != self.fields


ORDER: Body[Order] = Body(Order, _Order)
TRADE: Body[Trade] = Body(Trade, _Trade)
POSITION: Body[PositionHistory] = Body(PositionHistory, _Position)
STATEMENT: Body[Statement] = Body(Statement, _Statement)
AUDITED: Body[Audited] = Body(Audited, _Audited)
TRANSFER: Body[Transfer] = Body(Transfer, _Transfer)
DEPOSIT: Body[Deposit] = Body(Deposit, _Deposit)
WITHDRAWAL: Body[Withdrawal] = Body(Withdrawal, _Withdrawal)
MARKUP: Body[MarkupCollected] = Body(MarkupCollected, _Markup)
ALGO: Body[AlgoOrder] = Body(AlgoOrder, _Algo)
LOAN_ORDER: Body[LoanOrder] = Body(LoanOrder, _LoanOrder)
LOAN_ENTRY: Body[LoanEntry] = Body(LoanEntry, _LoanEntry)

ALL: dict[str, Body[msgspec.Struct]] = {
    "orders": ORDER,  # type: ignore[dict-item]
    "executions": TRADE,  # type: ignore[dict-item]
    "position_history": POSITION,  # type: ignore[dict-item]
    "statements": STATEMENT,  # type: ignore[dict-item]
    "audit": AUDITED,  # type: ignore[dict-item]
    "transfers": TRANSFER,  # type: ignore[dict-item]
    "deposits": DEPOSIT,  # type: ignore[dict-item]
    "withdrawals": WITHDRAWAL,  # type: ignore[dict-item]
    "markups": MARKUP,  # type: ignore[dict-item]
    "algo_orders": ALGO,  # type: ignore[dict-item]
    "loan_orders": LOAN_ORDER,  # type: ignore[dict-item]
    "loan_statements": LOAN_ENTRY,  # type: ignore[dict-item]
}
