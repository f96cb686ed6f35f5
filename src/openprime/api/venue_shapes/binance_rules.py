"""The rules of Binance's symbols, as its exchangeInfo states them."""

from decimal import Decimal
from typing import Any

from openprime.model.instrument import Instrument
from openprime.model.numbers import ONE, text

ASSET_PLACES = 8
# What stands for "no bound" where a filter must state one.
PRICE_MAX = Decimal(1_000_000_000)
SPOT_NOTIONAL_MAX = Decimal(9_000_000)


def _filters(instrument: Instrument) -> list[dict[str, Any]]:
    """The rules of prices and quantities that both markets state in the same words."""
    most = instrument.max_price or PRICE_MAX
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text(instrument.min_price),
            "maxPrice": text(most),
            "tickSize": text(instrument.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text(instrument.min_size),
            "maxQty": text(instrument.max_limit_size),
            "stepSize": text(instrument.lot_size),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text(instrument.min_size),
            "maxQty": text(instrument.max_market_size),
            "stepSize": text(instrument.lot_size),
        },
    ]


def futures_rules(instrument: Instrument) -> dict[str, Any]:
    """One symbol of the futures market."""
    band = instrument.price_band
    return {
        "symbol": instrument.original_symbol,
        "pair": instrument.original_symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": instrument.price_places,
        "quantityPrecision": instrument.quantity_places,
        "baseAssetPrecision": ASSET_PLACES,
        "quotePrecision": ASSET_PLACES,
        "underlyingType": "COIN",
        "liquidationFee": text(instrument.liquidation_fee_rate),
        "marketTakeBound": text(band),
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "filters": [
            *_filters(instrument),
            {"filterType": "MAX_NUM_ORDERS", "limit": instrument.max_open_orders},
            {"filterType": "MIN_NOTIONAL", "notional": text(instrument.min_notional)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": text(ONE + band),
                "multiplierDown": text(ONE - band),
                "multiplierDecimal": "4",
            },
        ],
    }


def spot_rules(instrument: Instrument) -> dict[str, Any]:
    """One symbol of the spot market."""
    return {
        "symbol": instrument.original_symbol,
        "status": "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": ASSET_PLACES,
        "quoteAsset": instrument.quote,
        "quotePrecision": ASSET_PLACES,
        "quoteAssetPrecision": ASSET_PLACES,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "permissions": ["SPOT", "MARGIN"],
        "filters": [
            *_filters(instrument),
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": instrument.max_open_orders},
            {
                "filterType": "NOTIONAL",
                "minNotional": text(instrument.min_notional),
                "applyMinToMarket": True,
                "maxNotional": text(instrument.max_market_quote or SPOT_NOTIONAL_MAX),
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
    }
