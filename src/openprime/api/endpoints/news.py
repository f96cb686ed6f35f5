"""Routes of the news. Keys of portfolios are for trading, and get 2003 (resolutions 21)."""

from openprime.api.edge.auth import FORBIDDEN_V2, KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import USUAL
from openprime.api.envelope import PLATFORM
from openprime.api.handlers import news
from openprime.api.parameters import news as parameters

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/feeds/queryNews",
        "News of the last 15 days",
        news.news,
        parameters.NEWS,
        "page of news",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        forbidden_code=FORBIDDEN_V2,
    ),
    Endpoint(
        "GET",
        "/api/v1/feeds/queryHot",
        "Hot items of the last 7 days",
        news.hot,
        parameters.HOT,
        "page of hot items",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        forbidden_code=FORBIDDEN_V2,
    ),
    Endpoint(
        "GET",
        "/api/v1/feeds/queryFeatured",
        "Featured news of the last 180 days",
        news.featured,
        parameters.NEWS,
        "page of news",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        forbidden_code=FORBIDDEN_V2,
    ),
)
