"""What an operator does with the news (websocket 6)."""

from typing import Annotated

import msgspec

from openprime.api.operator.action import PREFIX, AdminRow, Asked, Unfit
from openprime.api.services import Services
from openprime.api.wire import Row
from openprime.api.wire.news import news_row
from openprime.desk.commands import PublishNews, WithdrawNews
from openprime.desk.desk import Desk
from openprime.desk.news import told_news
from openprime.desk.news_items import (
    KEPT_DAYS,
    MediaType,
    NewsCategory,
    NewsCurrency,
    NewsItem,
    NewsKind,
    NewsMedia,
)
from openprime.errors import Refusal

Line = Annotated[str, msgspec.Meta(max_length=500)]
Text = Annotated[str, msgspec.Meta(max_length=8000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]


class Currency(Asked, frozen=True):
    symbol: Line
    currency_id: Line = ""
    full_name: Line = ""


class Media(Asked, frozen=True):
    """`soso_url` is where the picture lies, under the name that clients know."""

    soso_url: Line
    original_url: Line = ""
    short_url: Line = ""
    media_type: MediaType = MediaType.PHOTO


class Publishing(Asked, frozen=True):
    """An item; without `publishTime`, in ms, it is published now."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    content: Text = ""
    kind: NewsKind = NewsKind.NEWS
    category: NewsCategory = NewsCategory.NONE
    publish_time: Annotated[int, msgspec.Meta(ge=0)] = 0
    news_id: Line = ""
    source_url: Line = ""
    original_url: Line = ""
    author_name: Line = ""
    author_display_name: Line = ""
    author_avatar: Line = ""
    is_blue_verified: bool = False
    view_count: Count = 0
    like_count: Count = 0
    comment_count: Count = 0
    retweet_count: Count = 0
    currencies: Annotated[tuple[Currency, ...], msgspec.Meta(max_length=20)] = ()
    media_attachments: Annotated[tuple[Media, ...], msgspec.Meta(max_length=20)] = ()
    quoted_content: Text = ""


class Listing(Asked, frozen=True):
    kind: NewsKind = NewsKind.NEWS


class OneItem(Asked, frozen=True):
    id: int


async def publish(services: Services, asked: Publishing) -> Row | Unfit:
    """Publish an item: whoever listens hears of it once it is durable."""
    outcome = await services.sequencer.submit(PublishNews(_draft(asked)))
    if outcome.refusal is not None:
        return Unfit(
            f"expected publishTime, in ms, within the last {KEPT_DAYS[asked.kind]} days, "
            f"found {asked.publish_time}"
        )
    return {"id": outcome.reply}


def _draft(asked: Publishing) -> NewsItem:
    return NewsItem(
        kind=asked.kind,
        title=asked.title,
        content=asked.content,
        category=asked.category,
        published_at_ms=asked.publish_time,
        source_id=asked.news_id,
        source_url=asked.source_url,
        original_url=asked.original_url,
        author_name=asked.author_name,
        author_display_name=asked.author_display_name,
        author_avatar=asked.author_avatar,
        author_verified=asked.is_blue_verified,
        view_count=asked.view_count,
        like_count=asked.like_count,
        comment_count=asked.comment_count,
        retweet_count=asked.retweet_count,
        currencies=[
            NewsCurrency(coin.currency_id, coin.full_name, coin.symbol) for coin in asked.currencies
        ],
        media=[
            NewsMedia(media.soso_url, media.original_url, media.short_url, media.media_type)
            for media in asked.media_attachments
        ],
        quoted_content=asked.quoted_content,
    )


async def listing(services: Services, asked: Listing) -> list[Row]:
    """The items of a kind that are told of, newest first."""
    now_ms = services.clock_ms()

    def render(desk: Desk) -> list[Row]:
        return [news_row(item) for item in told_news(desk.state, asked.kind, now_ms)]

    return await services.read(render)


async def withdraw(services: Services, asked: OneItem) -> Refusal | Unfit | None:
    """Take an item away; what clients have heard they have heard."""
    if asked.id not in services.desk.state.news:
        return Unfit(f"expected id to be one of the list of news, found {asked.id}")
    return (await services.sequencer.submit(WithdrawNews(asked.id))).refusal


ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET", f"{PREFIX}news", "The news of a kind, newest first", Listing, listing, "[news]"
    ),
    AdminRow("POST", f"{PREFIX}news", "Publish an item of news", Publishing, publish, "{id}"),
    AdminRow("POST", f"{PREFIX}news/withdraw", "Take an item of news away", OneItem, withdraw),
)
