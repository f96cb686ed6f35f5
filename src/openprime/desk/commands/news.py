"""What the operator publishes."""

import msgspec

from openprime.desk.news_items import NewsItem


class PublishNews(msgspec.Struct, frozen=True, tag=True):
    """A new item, from its draft."""

    draft: NewsItem


class WithdrawNews(msgspec.Struct, frozen=True, tag=True):
    """Take an item away."""

    news_id: int


NewsCommand = PublishNews | WithdrawNews
