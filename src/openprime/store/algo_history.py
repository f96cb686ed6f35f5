"""Questions to history about algo orders that ended, and about the orders that they set off."""

from sqlalchemy import ColumnElement, select

from openprime.desk.algo_state import AlgoOrder
from openprime.desk.state import Order
from openprime.model.vocabulary import AlgoType
from openprime.store import bodies
from openprime.store.history import Filter, History, Page
from openprime.store.store import Store
from openprime.store.tables import algo_orders, orders

# SQLite takes so many values in one statement, and more.
_IDS_MAX = 500


class AlgoHistory:
    """The questions. `page` counts from 1; rows are one portfolio's alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists = History(store)

    def algo(
        self,
        portfolio_id: int,
        algo_order_id: int | None = None,
        client_order_id: str = "",
        attached_order_id: int | None = None,
    ) -> AlgoOrder | None:
        """The newest algo order of that name, by whichever of its names are given."""
        c = algo_orders.c
        asked: list[ColumnElement[bool]] = [c.portfolio_id == portfolio_id]
        if algo_order_id is not None:
            asked.append(c.algo_order_id == algo_order_id)
        if client_order_id:
            asked.append(c.client_order_id == client_order_id)
        if attached_order_id is not None:
            asked.append(c.attached_order_id == attached_order_id)
        newest = select(c.body).where(*asked).order_by(c.algo_order_id.desc()).limit(1)
        with self._store.reading() as connection:
            body = connection.execute(newest).scalar()
        return None if body is None else bodies.ALGO.decode(body)

    def algos(
        self, filter: Filter, algo_type: AlgoType | None, page: int, page_size: int
    ) -> Page[AlgoOrder]:
        """Algo orders that ended, newest first."""
        more = [] if algo_type is None else [algo_orders.c.algo_type == algo_type.value]
        return self._lists.page(algo_orders, bodies.ALGO, filter, page, page_size, more)

    def orders(self, portfolio_id: int, order_ids: list[int]) -> list[Order]:
        """Those of the named orders that are finished, newest first."""
        c = orders.c
        found: list[Order] = []
        with self._store.reading() as connection:
            for begin in range(0, len(order_ids), _IDS_MAX):
                some = order_ids[begin : begin + _IDS_MAX]
                its = select(c.body).where(c.order_id.in_(some), c.portfolio_id == portfolio_id)
                found += map(bodies.ORDER.decode, connection.execute(its).scalars())
        return sorted(found, key=lambda order: order.order_id, reverse=True)
