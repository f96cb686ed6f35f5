"""The news routes (websocket 6)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.news import NewsQuery
from openprime.api.services import Services
from openprime.api.wire.news import news_row
from openprime.desk.desk import Desk
from openprime.desk.news import told_news
from openprime.desk.news_items import NewsItem, NewsKind


async def news(services: Services, caller: Caller, asked: NewsQuery) -> wire.Row:
    """GET queryNews: what was published within 15 days."""
    return await _page(services, NewsKind.NEWS, asked)


async def hot(services: Services, caller: Caller, asked: NewsQuery) -> wire.Row:
    """GET queryHot: what was published within 7 days."""
    return await _page(services, NewsKind.HOT, asked)


async def featured(services: Services, caller: Caller, asked: NewsQuery) -> wire.Row:
    """GET queryFeatured: what was published within 180 days."""
    return await _page(services, NewsKind.FEATURED, asked)


async def _page(services: Services, kind: NewsKind, asked: NewsQuery) -> wire.Row:
    now_ms = services.clock_ms()

    def render(desk: Desk) -> wire.Row:
        found = [item for item in told_news(desk.state, kind, now_ms) if _meant(item, asked)]
        return wire.page_of([news_row(item) for item in found], asked.page, asked.page_size)

    return await services.read(render)


def _meant(item: NewsItem, asked: NewsQuery) -> bool:
    if asked.categories and item.category not in asked.categories:
        return False
    after_end = asked.end_ms is not None and item.published_at_ms > asked.end_ms
    return item.published_at_ms >= asked.begin_ms and not after_end
