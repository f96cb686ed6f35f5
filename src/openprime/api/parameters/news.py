"""The parameters of the news routes (websocket 6, resolutions 38).

A range that begins before the news are kept is no error: there is nothing to tell of that time.
"""

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.history import PAGES
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.desk.news_items import NewsCategory

PAGE_SIZE_DEFAULT = 20

_CATEGORIES = {str(int(category)): category for category in NewsCategory if category}


class NewsQuery(msgspec.Struct, frozen=True):
    """What a list of news is asked for; times are of publication, both ends inclusive."""

    begin_ms: int = 0
    end_ms: int | None = None
    categories: tuple[NewsCategory, ...] = ()
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT


def _categories(value: str) -> tuple[NewsCategory, ...] | None:
    """Categories between commas; None where one does not exist."""
    found = [_CATEGORIES.get(name) for name in readers.names(value)]
    known = [category for category in found if category is not None]
    return tuple(known) if known and len(known) == len(found) else None


def _ordered(raw: Raw, values: Values, now_ms: int) -> int | None:
    if "begin_ms" in values and "end_ms" in values:
        return 400004 if values["begin_ms"] >= values["end_ms"] else None
    return None


BEGIN = Field("begin_ms", ("startTime",), readers.moment, 400000)
END = Field("end_ms", ("endTime",), readers.moment, 400000)
CATEGORIES = Field("categories", ("categories",), _categories, 400000, is_list=True)

HOT = Table(NewsQuery, BEGIN, END, Rule(_ordered, (400004,)), *PAGES)
NEWS = Table(NewsQuery, BEGIN, END, CATEGORIES, Rule(_ordered, (400004,)), *PAGES)
