"""What the news look like at rest (websocket 6)."""

from enum import IntEnum, StrEnum

import msgspec

DAY_MS = 86_400_000


class NewsKind(StrEnum):
    """Which list an item is in."""

    NEWS = "news"
    HOT = "hot"
    FEATURED = "featured"


# How long an item is told of, in days from its publication.
KEPT_DAYS = {NewsKind.NEWS: 15, NewsKind.HOT: 7, NewsKind.FEATURED: 180}


class NewsCategory(IntEnum):
    """What an item is about; hot items have none."""

    NONE = 0
    NEWS = 1
    RESEARCH = 2
    INSTITUTIONAL = 3
    OPINION = 4
    ANNOUNCEMENTS = 7
    CRYPTO_STOCK = 13


class NewsCurrency(msgspec.Struct, frozen=True):
    """A coin that an item is about."""

    currency_id: str
    full_name: str
    symbol: str


class MediaType(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"
    GIF = "gif"


class NewsMedia(msgspec.Struct, frozen=True):
    """A picture or film that belongs to an item."""

    hosted_url: str
    original_url: str
    short_url: str
    media_type: MediaType


class NewsItem(msgspec.Struct, frozen=True):
    """One item. `source_id` is its name at its source. A draft has neither id nor time of arrival;
    its time of publication may be 0, which is the time of arrival.
    """

    kind: NewsKind
    title: str
    content: str = ""
    category: NewsCategory = NewsCategory.NONE
    published_at_ms: int = 0
    source_id: str = ""
    source_url: str = ""
    original_url: str = ""
    author_name: str = ""
    author_display_name: str = ""
    author_avatar: str = ""
    author_verified: bool = False
    view_count: int = 0
    like_count: int = 0
    comment_count: int = 0
    retweet_count: int = 0
    currencies: list[NewsCurrency] = []
    media: list[NewsMedia] = []
    quoted_content: str = ""
    news_id: int = 0
    created_at_ms: int = 0

    @property
    def told_until_ms(self) -> int:
        """When the item is too old to be told of."""
        return self.published_at_ms + KEPT_DAYS[self.kind] * DAY_MS
