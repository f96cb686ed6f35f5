"""Routes of margin accounts and wallets."""

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import ACCOUNT, BULK, USUAL
from openprime.api.envelope import PLATFORM
from openprime.api.handlers import account
from openprime.api.parameters import account as accounts
from openprime.api.parameters import history as lists
from openprime.api.parameters.table import NO_PARAMETERS
from openprime.model.vocabulary import Permission

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/trading/account",
        "The margin accounts, one an exchange",
        account.overview,
        accounts.ACCOUNTS,
        "array of margin accounts",
        ACCOUNT,
        codes=(401010,),
    ),
    Endpoint(
        "POST",
        "/api/v1/trading/account",
        "Switch the position mode of an account",
        account.set_mode,
        accounts.MODE,
        "{}",
        BULK,
        Permission.TRADE,
        codes=(401010, 401046, 401043, 406012),
    ),
    Endpoint(
        "GET",
        "/api/v1/trading/portfolio/assets",
        "The wallets of a portfolio",
        account.assets,
        lists.ASSETS,
        "page of wallets",
        USUAL,
        codes=(401010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/user/asset",
        "The wallets of all portfolios of the user",
        account.assets_of_user,
        NO_PARAMETERS,
        "map of portfolioId to array of wallets",
        USUAL,
        level=KeyLevel.PRIMARY,
    ),
    Endpoint(
        "GET",
        "/api/v1/tradeAccount/list",
        "The accounts that transfers can name",
        account.trade_accounts,
        NO_PARAMETERS,
        "array of named accounts",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
    ),
)
