"""What the venue knows of orders by id, and the counter of its trades."""

from openprime.model.venue import Accepted, Rejected, VenueReport
from openprime.venues.queue import WorkingOrder

FINISHED_KEPT = 16_384


class Register:
    """Working orders are all kept. Finished ones are forgotten, but for the last report of the
    most recent (`finished_kept` to twice that many), so that a request told twice is recognised.
    """

    __slots__ = ("_finished", "_finished_before", "_finished_kept", "next_trade_id", "working")

    def __init__(self, first_trade_id: int, finished_kept: int = FINISHED_KEPT) -> None:
        self.working: dict[int, WorkingOrder] = {}
        self.next_trade_id = first_trade_id
        self._finished: dict[int, VenueReport] = {}
        self._finished_before: dict[int, VenueReport] = {}
        self._finished_kept = finished_kept

    def trade_id(self) -> int:
        """The id of the next trade: rising by one."""
        trade_id = self.next_trade_id
        self.next_trade_id = trade_id + 1
        return trade_id

    def finish(self, order_id: int, last_report: VenueReport) -> None:
        self.working.pop(order_id, None)
        self._finished[order_id] = last_report
        if len(self._finished) >= self._finished_kept:
            self._finished_before, self._finished = self._finished, {}

    def last_report(self, order_id: int) -> VenueReport | None:
        """How a finished order ended, as far as it is still remembered."""
        return self._finished.get(order_id) or self._finished_before.get(order_id)

    def present_state(self, order_id: int) -> list[VenueReport]:
        """The answer to an order told again; empty where the order is news.

        Fills are not said twice, but for the one that finished the order: its trade id tells the
        desk whether it has it already.
        """
        if order_id in self.working:
            return [Accepted(order_id)]
        last = self.last_report(order_id)
        if last is None:
            return []
        # A refused order never was at the venue.
        return [last] if isinstance(last, Rejected) else [Accepted(order_id), last]
