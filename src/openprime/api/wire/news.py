"""Items of news as the API tells them (websocket 6; absent values by resolutions 19)."""

from openprime.api.wire import Row
from openprime.desk.news_items import NewsItem, NewsKind


def news_row(item: NewsItem) -> Row:
    """An item in full, or as short as hot items are told."""
    return _hot_row(item) if item.kind is NewsKind.HOT else _full_row(item)


def _head(item: NewsItem) -> Row:
    return {"id": item.news_id, "newsId": item.source_id, "newsType": item.kind}


def _hot_row(item: NewsItem) -> Row:
    return _head(item) | {
        "title": item.title,
        "content": item.content,
        "publishTime": item.published_at_ms,
        "ingestTime": item.created_at_ms,
        "sourceUrl": item.source_url,
        "createdAt": item.created_at_ms,
    }


def _full_row(item: NewsItem) -> Row:
    return _head(item) | {
        "category": item.category,
        "title": item.title,
        "content": item.content,
        "publishTime": item.published_at_ms,
        "sourceUrl": item.source_url,
        "originalUrl": item.original_url,
        "authorName": item.author_name,
        "authorDisplayName": item.author_display_name,
        "authorAvatar": item.author_avatar,
        "isBlueVerified": item.author_verified,
        "viewCount": item.view_count,
        "likeCount": item.like_count,
        "commentCount": item.comment_count,
        "retweetCount": item.retweet_count,
        "currencies": [
            {"currencyId": coin.currency_id, "fullName": coin.full_name, "symbol": coin.symbol}
            for coin in item.currencies
        ],
        "mediaAttachments": [
            {
                "sosoUrl": media.hosted_url,
                "originalUrl": media.original_url,
                "shortUrl": media.short_url,
                "mediaType": media.media_type,
            }
            for media in item.media
        ],
        "quotedContent": {"content": item.quoted_content} if item.quoted_content else {},
        "createdAt": item.created_at_ms,
    }
