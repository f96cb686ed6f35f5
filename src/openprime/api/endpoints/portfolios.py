"""Routes of portfolio management and of the keys of portfolios: primary keys alone."""

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import MANAGEMENT
from openprime.api.envelope import PLATFORM
from openprime.api.handlers import portfolio_keys, portfolios
from openprime.api.parameters import portfolios as parameters
from openprime.model.vocabulary import Permission

_PORTFOLIOS = "/api/v1/trading/portfolio"
_KEYS = "/api/v1/apiKey/portfolio"
_NAME_CODES = (402000, 402004, 400000, 402001)
_WHOSE_CODES = (402006, 402003)
_KEY_SHAPE = (
    "portfolioId: integer, apiName, accessKey, status: integer, ip, permission, createdAt: integer,"
    " updatedAt: integer"
)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        _PORTFOLIOS,
        "Make a portfolio",
        portfolios.create,
        parameters.CREATE_PORTFOLIO,
        "{portfolioId: integer, name}",
        MANAGEMENT,
        Permission.TRADE,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_NAME_CODES, 402007),
    ),
    Endpoint(
        "GET",
        _PORTFOLIOS,
        "The portfolios of the user",
        portfolios.query,
        parameters.PORTFOLIOS,
        "page of portfolios",
        MANAGEMENT,
        Permission.READ,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=_WHOSE_CODES,
    ),
    Endpoint(
        "PUT",
        _PORTFOLIOS,
        "Give a portfolio another name",
        portfolios.update,
        parameters.UPDATE_PORTFOLIO,
        "{portfolioId: integer, name}",
        MANAGEMENT,
        Permission.TRADE,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_WHOSE_CODES, *_NAME_CODES),
    ),
    Endpoint(
        "POST",
        _KEYS,
        "Make an API key of a portfolio; its secret is told this once",
        portfolio_keys.create,
        parameters.CREATE_KEY,
        f"{{{_KEY_SHAPE}, secretKey}}",
        MANAGEMENT,
        Permission.TRADE,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_WHOSE_CODES, 400009, 400000),
    ),
    Endpoint(
        "GET",
        _KEYS,
        "The API keys of a portfolio",
        portfolio_keys.query,
        parameters.KEYS,
        f"page of {{{_KEY_SHAPE}}}",
        MANAGEMENT,
        Permission.READ,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_WHOSE_CODES, 405001),
    ),
    Endpoint(
        "PUT",
        _KEYS,
        "Change name, addresses or permissions of an API key",
        portfolio_keys.update,
        parameters.UPDATE_KEY,
        f"{{{_KEY_SHAPE}}}",
        MANAGEMENT,
        Permission.TRADE,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_WHOSE_CODES, 400009, 405001, 400000),
    ),
    Endpoint(
        "DELETE",
        _KEYS,
        "Delete an API key",
        portfolio_keys.delete,
        parameters.DELETE_KEY,
        "{portfolioId: integer, apiName, accessKey, updatedAt: integer}",
        MANAGEMENT,
        Permission.TRADE,
        KeyLevel.PRIMARY,
        PLATFORM,
        codes=(*_WHOSE_CODES, 400009, 405001),
    ),
)
