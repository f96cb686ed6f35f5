"""What clients were told of what they named themselves: the ground of several checks.

A client that gave a name to an order, a transfer, a loan asked once or several times under it, and
heard that it was done, that it was refused, or nothing. From this follows what must be there later:
what was acknowledged, once; what was refused every time, never.
"""

from typing import Any

import msgspec

from openprime.simulation.calls import ALGO, LOANS, ORDER, TRANSFER, WITHDRAW, Route

# Answers that leave open whether the thing was done: the disk failed under it, or time ran out.
OPEN_CODES = frozenset((50001, 500, 501, 400013, 100429))
# What says that the name is taken, and so nothing of this asking.
TAKEN_CODES = frozenset((401009, 403014, 406015))

ENDED = ("FILLED", "CANCELLED", "REJECT", "FAIL")

# What the routes make, and what their answer calls it.
KINDS: dict[Route, tuple[str, str]] = {
    ("POST", ORDER): ("order", "orderId"),
    ("POST", ALGO): ("algo", "algoOrderId"),
    ("POST", TRANSFER): ("transfer", "transferId"),
    ("POST", WITHDRAW): ("withdrawal", ""),
    ("POST", f"{LOANS}/borrow"): ("loan", "orderId"),
    ("POST", f"{LOANS}/repay"): ("loan", "orderId"),
}


class Promise(msgspec.Struct):
    """What became of the askings under one name: the ids that were acknowledged, the codes that it
    was refused with, and how often nobody knows.
    """

    kind: str
    owner: int
    name: str
    params: dict[str, Any]
    made: list[str] = []
    refused: list[int] = []
    unknown: int = 0

    @property
    def surely_refused(self) -> bool:
        """Whether nothing can have come of it."""
        return bool(self.refused) and not self.made and not self.unknown


class Promises:
    """By kind, owner and name. Owner is the portfolio for orders and loans, else the user.

    `seen` are the orders that anybody was shown, `ended` how those ended that anybody saw the end
    of: (state, executed quantity) by id.
    """

    def __init__(self) -> None:
        self.by_name: dict[tuple[str, int, str], Promise] = {}
        self.seen: dict[str, None] = {}
        self.ended: dict[str, tuple[str, str]] = {}

    def asked(self, route: Route, owner: int, params: dict[str, Any]) -> Promise | None:
        """Somebody asks for something under a name of his own; what comes of it is open yet."""
        kind = KINDS.get(route)
        name = params.get("clientOrderId")
        if kind is None or not name:
            return None
        key = (kind[0], owner, name)
        promise = self.by_name.get(key)
        if promise is None:
            promise = self.by_name[key] = Promise(kind[0], owner, name, params)
        promise.unknown += 1
        return promise

    def answered(self, promise: Promise, route: Route, answer: Any, doubled: bool = False) -> None:
        """What came of one asking. Where it came twice a refusal may speak of the second alone."""
        code = answer.get("code")
        if code in (200, 200000):
            data, field = answer["data"], KINDS[route][1]
            promise.made.append(str(data[field] if field else data))
            promise.unknown -= 1
        elif code not in OPEN_CODES and not doubled:
            promise.unknown -= 1
            if code not in TAKEN_CODES:
                promise.refused.append(code)

    def saw(self, row: Any) -> None:
        """A row of an order that somebody was shown."""
        if isinstance(row, dict):
            state = row.get("orderState")
            if state and "orderId" in row and "executedQty" in row:
                self.seen[row["orderId"]] = None
                if state in ENDED:
                    self.ended[row["orderId"]] = (state, row["executedQty"])
            for value in row.values():
                if isinstance(value, dict | list):
                    self.saw(value)
        elif isinstance(row, list):
            for item in row:
                self.saw(item)
