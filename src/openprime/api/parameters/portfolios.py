"""The parameters of portfolio and key management (rest-admin 8, resolutions 28 to 30, 85).

What stands behind the look-up of the portfolio in the order of the checks is read by the handler:
names, addresses and permissions arrive there as they were sent.
"""

import msgspec

from openprime.api.edge.keys import parse_network
from openprime.api.parameters import readers
from openprime.api.parameters.history import PAGES
from openprime.api.parameters.orders import PORTFOLIO_ID
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.errors import Refusal
from openprime.model.vocabulary import Permission

PAGE_SIZE_DEFAULT = 100
ADDRESSES_MAX = 20
KEY_NAME_LENGTH_MAX = 64

# Which portfolios a list is narrowed to: the MainPortfolio, or all others.
MAIN, OTHER = 0, 2


def _belonging(value: str) -> int | None:
    return {str(MAIN): MAIN, str(OTHER): OTHER}.get(value)


PORTFOLIO_NEEDED = msgspec.structs.replace(PORTFOLIO_ID, absent=402005)
PORTFOLIO_NAME = Field("name", ("name", "portfolioName"), readers.text)
ACCESS_KEY = Field("access_key", ("portfolioApiKey",), readers.text)
KEY_NAME = Field("name", ("apiName",), readers.text)
ADDRESSES = Field("addresses", ("ip",), readers.text)
PERMISSIONS = Field("permissions", ("permission",), readers.text)


class NewPortfolio(msgspec.Struct, frozen=True):
    name: str = ""


class PortfolioChange(msgspec.Struct, frozen=True):
    portfolio_id: int
    name: str = ""


class PortfolioQuery(msgspec.Struct, frozen=True):
    """`belonging_to` MAIN or OTHER; a name is met exactly."""

    portfolio_id: int | None = None
    name: str | None = None
    belonging_to: int | None = None
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT


CREATE_PORTFOLIO = Table(NewPortfolio, PORTFOLIO_NAME)
UPDATE_PORTFOLIO = Table(PortfolioChange, PORTFOLIO_NEEDED, PORTFOLIO_NAME)
PORTFOLIOS = Table(
    PortfolioQuery,
    PORTFOLIO_ID,
    PORTFOLIO_NAME,
    Field("belonging_to", ("belongingTo",), _belonging, 400000),
    *PAGES,
)


class KeyFields(msgspec.Struct, frozen=True):
    """A key as it is asked for, every field as a text; None where it was not sent."""

    portfolio_id: int
    access_key: str = ""
    name: str | None = None
    addresses: str | None = None
    permissions: str | None = None


class KeyQuery(msgspec.Struct, frozen=True):
    portfolio_id: int | None = None
    access_key: str = ""
    page: int = 1
    page_size: int = PAGE_SIZE_DEFAULT


def _empty_is_sent(raw: Raw, values: Values, now_ms: int) -> int | None:
    """An empty list of addresses or permissions is not the same as none sent (resolutions 30)."""
    for field in (ADDRESSES, PERMISSIONS):
        if raw.get(field.wire[0]) == "":
            values[field.name] = ""
    return None


def _portfolio_or_key(raw: Raw, values: Values, now_ms: int) -> int | None:
    return None if raw.get("portfolioId") or raw.get("portfolioApiKey") else 402005


_KEY_FIELDS = (KEY_NAME, ADDRESSES, PERMISSIONS, Rule(_empty_is_sent))

CREATE_KEY = Table(KeyFields, PORTFOLIO_NEEDED, *_KEY_FIELDS)
UPDATE_KEY = Table(KeyFields, PORTFOLIO_NEEDED, ACCESS_KEY, *_KEY_FIELDS)
DELETE_KEY = Table(KeyFields, PORTFOLIO_NEEDED, ACCESS_KEY)
KEYS = Table(KeyQuery, Rule(_portfolio_or_key, (402005,)), PORTFOLIO_ID, ACCESS_KEY, *PAGES)


def key_name(text: str) -> str | Refusal:
    """The name of a key. Codes: 400009 where it is blank, 400000 where it is too long."""
    if not text.strip():
        return Refusal(400009)
    return text if len(text) <= KEY_NAME_LENGTH_MAX else Refusal(400000)


def addresses(text: str) -> list[str] | Refusal:
    """A list of IPv4 and IPv6 addresses and CIDR ranges. Code: 400000."""
    found = list(dict.fromkeys(readers.names(text)))
    try:
        for address in found:
            parse_network(address)
    except ValueError:
        return Refusal(400000)
    return found if len(found) <= ADDRESSES_MAX else Refusal(400000)


def permissions(text: str) -> list[Permission] | Refusal:
    """A list of permissions in any case; READ comes with every key. Code: 400000."""
    read = readers.one_of(Permission)
    found = [read(name) for name in readers.names(text)]
    if None in found:
        return Refusal(400000)
    return [p for p in Permission if p in found or p is Permission.READ]
