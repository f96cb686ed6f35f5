"""What clients of a broker were told: the measure of what must be there after a crash."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

RANKS = {"NEW": 0, "OPEN": 1, "PARTIALLY_FILLED": 2, "FILLED": 3, "CANCELLED": 3, "REJECT": 3}
FINAL_RANK = 3
FILL_FIELDS = """
    transactionId orderId clientOrderId sym side quantity price rpnl execType createAt
""".split()


@dataclass
class Known:
    """What was asked for one order, and the furthest state in which anybody saw it.

    A MARKET order has no price, and one by amount has no quantity.
    """

    order_id: str
    prices: set[Decimal] = field(default_factory=set)
    quantities: set[Decimal] = field(default_factory=set)
    state: str = "NEW"
    executed: Decimal = Decimal(0)
    cancelled: bool = False
    final: Row | None = None

    @property
    def works(self) -> bool:
        """Whether it may still be at work, for all that is known."""
        return RANKS[self.state] < FINAL_RANK

    def see(self, row: Row) -> None:
        """A picture of the order came in; an older one than was seen before says nothing new."""
        executed = Decimal(row["executedQty"])
        if (RANKS[row["orderState"]], executed) < (RANKS[self.state], self.executed):
            return
        self.state, self.executed = row["orderState"], executed
        if not self.works:
            self.final = row

    def check(self, row: Row) -> None:
        """The order as it is found later must be a continuation of what was seen of it."""
        told = f"{self} against {row}"
        assert row["orderId"] == self.order_id, told
        assert RANKS[row["orderState"]] >= RANKS[self.state], told
        executed, quantity = Decimal(row["executedQty"]), Decimal(row["orderQty"])
        assert self.executed <= executed, told
        if self.quantities:
            assert executed <= quantity in self.quantities, told
        assert not self.prices or Decimal(row["limitPrice"]) in self.prices, told
        if row["orderState"] == "FILLED" and self.quantities:
            assert executed == quantity, told
        assert row["orderState"] == "CANCELLED" or not self.cancelled, told
        if self.final is not None:
            # Once over, it never changes again; leverage is a text in pushes alone.
            seen = {name: value for name, value in self.final.items() if name != "leverage"}
            assert {name: row[name] for name in seen} == seen, told


class Witness:
    """All orders and fills that clients heard of, and what they asked without hearing an answer.

    Orders that nobody has answered for are known by their client order id alone, and so are those
    that were refused.
    """

    def __init__(self) -> None:
        self.orders: dict[str, Known] = {}
        self.ids: dict[str, str] = {}
        self.fills: dict[str, Row] = {}
        self.unanswered: dict[str, Row] = {}
        self.refusals: set[str] = set()
        self.touched: set[str] = set()

    def know(self, order_id: str, client_order_id: str) -> Known:
        """The order of that id. An id never changes its owner, in neither direction."""
        self.touched.add(order_id)
        assert self.ids.setdefault(client_order_id, order_id) == order_id, client_order_id
        known = self.orders.get(order_id)
        if known is None:
            known = self.orders[order_id] = Known(order_id)
            asked = self.unanswered.get(client_order_id)
            if asked is not None:
                if "orderQty" in asked:
                    known.quantities.add(Decimal(asked["orderQty"]))
                if "limitPrice" in asked:
                    known.prices.add(Decimal(asked["limitPrice"]))
        return known

    def ask(self, parameters: Row) -> None:
        """An order is about to be sent."""
        self.unanswered[parameters["clientOrderId"]] = parameters

    def ask_change(self, order_id: str, parameters: Row) -> None:
        known = self.orders[order_id]
        known.prices.add(Decimal(parameters["replacePrice"]))
        known.quantities.add(Decimal(parameters["replaceQty"]))

    def placed(self, client_order_id: str, order_id: str) -> None:
        """An order was acknowledged."""
        self.know(order_id, client_order_id)
        self.unanswered.pop(client_order_id)

    def refused(self, client_order_id: str) -> None:
        """An order was refused: it never was, and never will be."""
        self.unanswered.pop(client_order_id)
        assert client_order_id not in self.ids, client_order_id
        self.refusals.add(client_order_id)

    def see_order(self, row: Row) -> None:
        self.know(row["orderId"], row["clientOrderId"]).see(row)

    def see_fill(self, row: Row) -> None:
        """A fill was pushed or read; whoever tells of it later tells the same."""
        fill = {name: row[name] for name in FILL_FIELDS}
        assert self.fills.setdefault(fill["transactionId"], fill) == fill
        self.know(fill["orderId"], fill["clientOrderId"])

    def working(self) -> list[Known]:
        return [known for known in self.orders.values() if known.works]
