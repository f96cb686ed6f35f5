"""Questions to history about what brokers collected from their sub-portfolios."""

from collections.abc import Sequence

from sqlalchemy import select

from openprime.desk.events import MarkupCollected
from openprime.store import bodies
from openprime.store.history import Filter
from openprime.store.store import Store
from openprime.store.tables import markups


def markups_collected(
    store: Store, filter: Filter, page: int, page_size: int
) -> Sequence[MarkupCollected]:
    """A MainPortfolio's collections inside a window of times, newest first, in one walk along the
    index by time. Exchange, business (SPOT or PERP) and coin narrow; `page` counts from 1.
    """
    c = markups.c
    clauses = [c.portfolio_id == filter.portfolio_id]
    clauses += [c.created_at_ms.between(filter.begin_ms, filter.end_ms)]
    for column, wanted in (
        (c.exchange, filter.exchange),
        (c.business, filter.business),
        (c.coin, filter.coin),
    ):
        if wanted is not None:
            clauses.append(column == str(wanted))
    statement = (
        select(c.body)
        .where(*clauses)
        .order_by(c.created_at_ms.desc(), c.collection_id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    with store.reading() as connection:
        found = connection.execute(statement).scalars().all()
    return [bodies.MARKUP.decode(body) for body in found]
