"""News at the desk: what is kept, for how long, and what is refused."""

from __future__ import annotations

import pytest

from openprime.desk import news
from openprime.desk.commands import NO_QUOTE, Command, Envelope, PublishNews, WithdrawNews
from openprime.desk.desk import Desk
from openprime.desk.events import NewsPublished
from openprime.desk.news import told_news
from openprime.desk.news_items import DAY_MS, NewsItem, NewsKind
from openprime.desk.outcome import Outcome
from openprime.errors import Refusal
from tests.api.kit import REFERENCE

NOW_MS = 1_790_000_000_000


class Newsroom:
    """A desk that only hears of news."""

    def __init__(self) -> None:
        self.desk = Desk(REFERENCE)
        self.now_ms = NOW_MS
        self._sequence = 0

    def do(self, command: Command) -> Outcome:
        self._sequence += 1
        return self.desk.apply(Envelope(self._sequence, self.now_ms, command, NO_QUOTE))

    def publish(self, kind: NewsKind = NewsKind.NEWS, published_at_ms: int = 0) -> Outcome:
        return self.do(PublishNews(NewsItem(kind, "title", published_at_ms=published_at_ms)))

    def told(self, kind: NewsKind = NewsKind.NEWS) -> list[int]:
        return [item.news_id for item in told_news(self.desk.state, kind, self.now_ms)]


def test_a_draft_becomes_an_item() -> None:
    room = Newsroom()
    outcome = room.publish()
    (event,) = outcome.events
    assert isinstance(event, NewsPublished)
    item = event.item
    assert (item.published_at_ms, item.created_at_ms) == (NOW_MS, NOW_MS)
    assert (item.news_id, item.source_id) == (outcome.reply, str(outcome.reply))
    assert room.told() == [item.news_id]


def test_the_newest_publication_comes_first() -> None:
    room = Newsroom()
    ids = [int(str(room.publish(published_at_ms=NOW_MS - ago).reply)) for ago in (5, 0, 9, 0)]
    assert room.told() == [ids[3], ids[1], ids[0], ids[2]]


@pytest.mark.parametrize(
    ("kind", "days"), [(NewsKind.NEWS, 15), (NewsKind.HOT, 7), (NewsKind.FEATURED, 180)]
)
def test_items_are_told_of_for_their_days(kind: NewsKind, days: int) -> None:
    room = Newsroom()
    assert room.publish(kind, NOW_MS - days * DAY_MS).refusal == Refusal(400000)
    assert room.publish(kind, NOW_MS + 1).refusal == Refusal(400000)
    assert not room.desk.state.news
    room.publish(kind)
    room.now_ms += days * DAY_MS - 1
    assert len(room.told(kind)) == 1
    room.now_ms += 1
    assert room.told(kind) == []
    room.publish(NewsKind.FEATURED if kind is not NewsKind.FEATURED else NewsKind.HOT)
    assert len(room.desk.state.news) == 1


def test_only_so_many_of_a_kind_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "ITEMS_KEPT_MAX", 2)
    room = Newsroom()
    room.publish(NewsKind.HOT)
    ids = [int(str(room.publish(published_at_ms=NOW_MS - ago).reply)) for ago in (3, 1, 2)]
    assert room.told() == [ids[1], ids[2]]
    assert len(room.told(NewsKind.HOT)) == 1


def test_withdrawing() -> None:
    room = Newsroom()
    news_id = int(str(room.publish().reply))
    assert room.do(WithdrawNews(news_id + 1)).refusal == Refusal(400000)
    assert room.do(WithdrawNews(news_id)).refusal is None
    assert room.told() == []
