"""The venues' rules as one value: instruments, tiers, discounts, loans, interest, fees.

Built once from the reference document that ships with the package, and handed to whoever needs
it; an operator's overrides make a new value. No file is read here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from openprime.model.instrument import FeeRate, Instrument, InterestLevel, LoanTier, PositionTier
from openprime.model.vocabulary import Business, Exchange

LISTED_EXCHANGES = (Exchange.BINANCE, Exchange.OKX)
VALUATION_COIN = "USDT"

# The reference document's key of a coin's loan row is MARKET, or MARKET#COIN for a quote coin.
COIN_SEPARATOR = "#"


class Currency(msgspec.Struct, frozen=True):
    """How a coin moves: decimals, smallest transfer, fee by network."""

    precision: int
    minimum: Decimal
    networks: dict[str, Decimal]


class Reference(msgspec.Struct, frozen=True):
    """All rules. Tiers are by sym, loans and interest by (exchange, coin) and by wire key."""

    instruments: dict[str, Instrument]
    position_tiers: dict[str, list[PositionTier]]
    discounts: dict[str, Decimal]
    discount_texts: dict[str, str]
    loan_tiers: dict[str, list[LoanTier]]
    loan_rows: dict[str, dict[str, Any]]
    interest_levels: dict[str, list[InterestLevel]]
    interest_rows: dict[str, dict[str, Any]]
    fees: dict[str, FeeRate]
    fee_rows: list[dict[str, str]]
    start_prices: dict[str, Decimal]
    currencies: dict[str, Currency]
    no_interest_bases: list[str]

    def coins(self) -> list[str]:
        """Every coin that some instrument trades or that has a discount, in order."""
        listed = {i.base for i in self.instruments.values()}
        listed |= {i.quote for i in self.instruments.values()}
        return sorted(listed | self.discounts.keys())

    def fee_rate(self, instrument: Instrument) -> FeeRate:
        """The standard fee of an instrument (risk-model 10)."""
        return self.fees[f"{instrument.exchange}_{instrument.business}"]


def coin_key(exchange: str, coin: str) -> str:
    """The key of a coin's loan tiers and interest levels on an exchange."""
    return f"{exchange}:{coin}"


def build(document: Mapping[str, Any]) -> Reference:
    """Make the rules from the reference document (see scripts/make_reference.py)."""
    instruments = {sym: _instrument(row) for sym, row in document["symbols"].items()}
    return Reference(
        instruments=instruments,
        position_tiers=_position_tiers(document, instruments),
        discounts={coin: Decimal(d) for coin, d in document["discounts"].items()},
        discount_texts=dict(document["discounts"]),
        loan_tiers={
            coin_key(r["exchangeType"], r["coin"]): [_loan_tier(t) for t in r["tiers"]]
            for r in document["loan_tiers"].values()
        },
        loan_rows=dict(document["loan_tiers"]),
        interest_levels={
            coin_key(r["exchangeType"], r["coin"]): [_interest_level(v) for v in r["levels"]]
            for r in document["interest_levels"].values()
        },
        interest_rows=dict(document["interest_levels"]),
        fees={
            f"{r['exchangeType']}_{r['businessType']}": FeeRate(
                Decimal(r["takerFeeRate"]), Decimal(r["makerFeeRate"]), r["level"]
            )
            for r in document["fees"]
        },
        fee_rows=list(document["fees"]),
        start_prices={coin: Decimal(p) for coin, p in document["start_prices"].items()},
        currencies={
            coin: Currency(
                row["precision"],
                Decimal(row["minimum"]),
                {network: Decimal(fee) for network, fee in row["networks"].items()},
            )
            for coin, row in document["currencies"].items()
        },
        no_interest_bases=list(document["funding"]["interestZeroFor"]),
    )


def _instrument(row: Mapping[str, str]) -> Instrument:
    exchange, business, base, quote = row["sym"].split("_")
    tick = Decimal(row["tickSize"])
    market = _market_bounds(row, exchange, business)
    texts = {"contractSize": "1", "liquidationFee": "0"} | dict(row)
    return Instrument(
        sym=row["sym"],
        exchange=Exchange(exchange),
        business=Business(business),
        base=base,
        quote=quote,
        original_symbol=row["originalSymbol"],
        tick_size=tick,
        lot_size=Decimal(row["lotSize"]),
        min_size=Decimal(row["minSize"]),
        min_notional=Decimal(row["minNotional"]),
        max_limit_size=Decimal(row["maxLimitSize"]),
        max_market_size=Decimal(row["maxMarketSize"]),
        max_open_orders=int(row["maxNumOrders"]),
        contract_size=Decimal(texts["contractSize"]),
        default_leverage=int(row["defaultLeverage"]),
        safe_leverage=int(row["safeLeverage"]),
        liquidation_fee_rate=Decimal(texts["liquidationFee"]),
        price_places=int(row["pricePrecision"]),
        quantity_places=int(row["qtyPrecision"]),
        live=row["state"] == "live",
        min_price=tick,
        wire_texts=texts,
        **market,
    )


def _market_bounds(row: Mapping[str, str], exchange: str, business: str) -> dict[str, Any]:
    """The bounds of market orders that sym/info no longer tells (resolutions T2)."""
    if business == Business.PERP:
        return {}
    if exchange == Exchange.OKX:
        return {
            "min_market_quote": Decimal(1),
            "max_market_quote": Decimal(row["maxMarketSize"]),
            "max_market_in_quote": True,
        }
    return {
        "min_market_quote": Decimal(row["minNotional"]),
        "max_market_quote": Decimal(10_000_000),
    }


def _position_tiers(
    document: Mapping[str, Any], instruments: Mapping[str, Instrument]
) -> dict[str, list[PositionTier]]:
    tiers: dict[str, list[PositionTier]] = {}
    for sym, rows in document["position_tiers_notional"].items():
        tiers[sym] = [
            PositionTier(
                level=r["riskLevel"],
                floor=Decimal(r["minNotionalValue"]),
                cap=Decimal(r["maxNotionalValue"]),
                max_leverage=int(r["maxLeverage"]),
                mm_rate=Decimal(r["mmRate"]),
                maintenance_amount=Decimal(r["_cum"]),
            )
            for r in rows
        ]
    contracts = document["position_tiers_contracts"]
    for sym, instrument in instruments.items():
        if instrument.exchange is Exchange.OKX and instrument.is_perp:
            tiers[sym] = [
                PositionTier(
                    level=r["tier"],
                    floor=Decimal(r["minSz"]),
                    cap=Decimal(r["maxSz"]),
                    max_leverage=int(Decimal(r["maxLever"])),
                    mm_rate=Decimal(r["mmr"]),
                )
                for r in contracts[instrument.base]
            ]
    return tiers


def _loan_tier(row: Mapping[str, str]) -> LoanTier:
    return LoanTier(
        tier=row["tier"],
        floor=Decimal(row["minSize"]),
        cap=Decimal(row["maxSize"]),
        mm_rate=Decimal(row["mmRate"]),
        max_leverage=int(Decimal(row["maxLeverage"])),
    )


def _interest_level(row: Mapping[str, str]) -> InterestLevel:
    return InterestLevel(
        level=int(row["level"]),
        hourly_rate=Decimal(row["hourInterestRate"]),
        loan_limit=Decimal(row["loanLimit"]),
    )
