"""The news: published and withdrawn by the operator, kept for as long as they are told of."""

import msgspec

from openprime.desk.commands import PublishNews, WithdrawNews
from openprime.desk.events import NewsPublished
from openprime.desk.news_items import NewsItem, NewsKind
from openprime.desk.state import State
from openprime.desk.turn import Turn
from openprime.errors import Refusal

# Items of one kind that are kept; beyond it the oldest give way.
ITEMS_KEPT_MAX = 500


def publish_news(turn: Turn, command: PublishNews) -> int | Refusal:
    """Make an item of a draft; returns its id.

    Code: 400000 for a time of publication that lies ahead, or so far back that nobody would be
    told.
    """
    published_at_ms = command.draft.published_at_ms or turn.now_ms
    item = msgspec.structs.replace(
        command.draft, published_at_ms=published_at_ms, created_at_ms=turn.now_ms
    )
    if published_at_ms > turn.now_ms or item.told_until_ms <= turn.now_ms:
        return Refusal(400000)
    news_id = turn.new_id()
    item = msgspec.structs.replace(item, news_id=news_id, source_id=item.source_id or str(news_id))
    turn.state.news[news_id] = item
    _forget_old(turn.state, item.kind, turn.now_ms)
    turn.events.append(NewsPublished(item))
    return news_id


def _forget_old(state: State, kind: NewsKind, now_ms: int) -> None:
    """Keep what is still told of, and of one kind no more than so many."""
    for item in [item for item in state.news.values() if item.told_until_ms <= now_ms]:
        del state.news[item.news_id]
    same = [item for item in state.news.values() if item.kind is kind]
    same.sort(key=_age)
    for item in same[: max(len(same) - ITEMS_KEPT_MAX, 0)]:
        del state.news[item.news_id]


def _age(item: NewsItem) -> tuple[int, int]:
    return item.published_at_ms, item.news_id


def withdraw_news(turn: Turn, command: WithdrawNews) -> Refusal | None:
    """Take an item away. Code: 400000 where there is none."""
    if turn.state.news.pop(command.news_id, None) is None:
        return Refusal(400000)
    return None


def told_news(state: State, kind: NewsKind, now_ms: int) -> list[NewsItem]:
    """The items of a kind that are told of now, newest first."""
    found = [
        item for item in state.news.values() if item.kind is kind and item.told_until_ms > now_ms
    ]
    return sorted(found, key=_age, reverse=True)
