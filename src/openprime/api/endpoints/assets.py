"""Routes of currencies, and Assets V2, which answers what a key may not read with 2003."""

from openprime.api.edge.auth import FORBIDDEN_V2, KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import ASSETS_V2, NETWORKS_V2, USUAL
from openprime.api.envelope import PLATFORM
from openprime.api.handlers import assets
from openprime.api.parameters import assets as parameters
from openprime.api.parameters.table import NO_PARAMETERS

_AMOUNTS = "totalBalance, available, frozen, valueUsdt"

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/api/v1/asset/currencies",
        "How coins can be moved",
        assets.currencies,
        parameters.CURRENCIES,
        "array of {currency, currencyName, transferPrecision: integer, minTransfer,"
        " networks: array of coin networks}",
        USUAL,
        success=PLATFORM,
        codes=(403010,),
    ),
    Endpoint(
        "GET",
        "/api/v2/asset/funding",
        "What the funding account holds",
        assets.funding_assets,
        NO_PARAMETERS,
        f"array of {{currency, {_AMOUNTS}, networks: array of {{network, {_AMOUNTS}}}}}",
        ASSETS_V2,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        forbidden_code=FORBIDDEN_V2,
    ),
    Endpoint(
        "GET",
        "/api/v2/tradingAccount/list",
        "The user's trading accounts and what they are worth",
        assets.trading_accounts,
        NO_PARAMETERS,
        "array of {id, primeType, name, accountTypes: array of text, totalUsdt}",
        ASSETS_V2,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        forbidden_code=FORBIDDEN_V2,
    ),
    Endpoint(
        "GET",
        "/api/v2/tradingAccount/assets",
        "What a trading account holds, by exchange",
        assets.trading_account_assets,
        parameters.TRADING_ACCOUNT,
        "array of {id, primeType, accountType, totalUsdt,"
        f" assets: array of {{currency, {_AMOUNTS}}}}}",
        ASSETS_V2,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
        codes=(404004,),
        forbidden_code=FORBIDDEN_V2,
    ),
    Endpoint(
        "GET",
        "/api/v2/transfer/networks",
        "What can go from one kind of account to another, and how",
        assets.transfer_networks,
        parameters.NETWORKS,
        "array of {currency, transferPrecision: integer, minTransfer,"
        " networks: array of transfer networks}",
        NETWORKS_V2,
        None,
        success=PLATFORM,
    ),
)
