"""The venues' rules as one value: instruments, tiers, discounts, loans, interest, fees.

Built once from the reference document that ships with the package, and handed to whoever needs
it; an operator's overrides make a new value. No file is read here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from openprime.model.instrument import (
    FUNDING_INTERVAL_HOURS,
    FeeRate,
    Instrument,
    InterestLevel,
    LoanTerms,
    LoanTier,
    PositionTier,
)
from openprime.model.vocabulary import Business, Exchange

LISTED_EXCHANGES = (Exchange.BINANCE, Exchange.OKX)
VALUATION_COIN = "USDT"

# What a row of rules may say beyond what sym/info tells: the book's own steps, the bounds of
# prices and of market orders (resolutions 90, T2), and "none" where there are no rules.
UNTOLD_FIELDS = (
    "bookTick",
    "bookLot",
    "minPrice",
    "maxPrice",
    "priceBand",
    "minMarketQuoteSize",
    "maxMarketQuoteSize",
    "fundingIntervalHours",
    "rules",
)
NO_RULES = "none"
DEFAULT_PRICE_BAND = "0.15"
MAX_MARKET_QUOTE = "10000000"
NO_FEES = FeeRate(Decimal(0), Decimal(0))

# EDX trades perpetuals only (errors 401067).
MARKETS_OFF = frozenset({"EDX:SPOT", "EDX:MARGIN"})


class Currency(msgspec.Struct, frozen=True):
    """How a coin moves: decimals, smallest transfer, fee by network."""

    precision: int
    minimum: Decimal
    networks: dict[str, Decimal]


UNLISTED_CURRENCY = Currency(8, Decimal(0), {})
WITHDRAW_MINIMUMS = {
    "BTC": Decimal("0.01"),
    "ETH": Decimal("0.1"),
    "USDT": Decimal(100),
    "USDC": Decimal(100),
}


class Reference(msgspec.Struct, frozen=True):
    """All rules. Tiers are by sym, loans and interest by (exchange, coin) and by wire key, the
    terms of RapidX loans by coin.

    `markets_off` holds the kinds of business, EXCHANGE:BUSINESS, that are not offered; `loan_pools`
    what an operator says there is to lend, by (exchange, coin); `owner_fees` the fees that he gave
    to single users and portfolios.
    """

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
    markets_off: frozenset[str] = MARKETS_OFF
    loan_pools: dict[str, Decimal] = {}
    owner_fees: dict[str, FeeRate] = {}
    loan_terms: dict[str, LoanTerms] = {}

    def coins(self) -> list[str]:
        """Every coin that some instrument trades or that has a discount, in order."""
        listed = {i.base for i in self.instruments.values()}
        listed |= {i.quote for i in self.instruments.values()}
        return sorted(listed | self.discounts.keys())

    def currency(self, coin: str) -> Currency | None:
        """How a coin moves; None for an unknown one. A coin that is traded but has no row moves
        inside the broker only, in 8 decimals (resolutions 151, 167).
        """
        found = self.currencies.get(coin)
        if found is not None:
            return found
        traded = any(coin in (i.base, i.quote) for i in self.instruments.values())
        return UNLISTED_CURRENCY if traded else None

    def withdraw_minimum(self, coin: str) -> Decimal:
        """The smallest withdrawal of a coin that has networks (resolutions 172)."""
        return WITHDRAW_MINIMUMS.get(coin) or 10 * self.currencies[coin].minimum

    def fee_rate(self, instrument: Instrument) -> FeeRate:
        """The standard fee of an instrument (risk-model 10)."""
        return self.fees.get(f"{instrument.exchange}_{instrument.business}", NO_FEES)

    def offers(self, instrument: Instrument) -> bool:
        """Whether the instrument's kind of business is offered on its exchange at all."""
        return market_key(instrument.exchange, instrument.business) not in self.markets_off


def market_key(exchange: str, business: str) -> str:
    """The key of one kind of business on an exchange, as in `markets_off`."""
    return f"{exchange}:{business}"


def coin_key(exchange: str, coin: str) -> str:
    """The key of a coin's loan tiers and interest levels on an exchange."""
    return f"{exchange}:{coin}"


def build(document: Mapping[str, Any]) -> Reference:
    """Make the rules from the reference document (see scripts/make_reference.py)."""
    instruments = {sym: instrument_of(row) for sym, row in document["symbols"].items()}
    return Reference(
        instruments=instruments,
        position_tiers=_position_tiers(document, instruments),
        discounts={coin: Decimal(d) for coin, d in document["discounts"].items()},
        discount_texts=dict(document["discounts"]),
        loan_tiers={
            coin_key(r["exchangeType"], r["coin"]): [loan_tier_of(t) for t in r["tiers"]]
            for r in document["loan_tiers"].values()
        },
        loan_rows=dict(document["loan_tiers"]),
        interest_levels={
            coin_key(r["exchangeType"], r["coin"]): [interest_level_of(v) for v in r["levels"]]
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
        loan_terms={row["coin"]: loan_terms_of(row) for row in document["loan_config"]},
    )


def instrument_of(row: Mapping[str, str]) -> Instrument:
    """An instrument from its row of rules: the fields of sym/info and those of UNTOLD_FIELDS."""
    exchange, business, base, quote = row["sym"].split("_")
    tick, lot = Decimal(row["tickSize"]), Decimal(row["lotSize"])
    texts = {"contractSize": "1", "liquidationFee": "0"} | dict(row)
    told = {name: value for name, value in texts.items() if name not in UNTOLD_FIELDS}
    return Instrument(
        sym=row["sym"],
        exchange=Exchange(exchange),
        business=Business(business),
        base=base,
        quote=quote,
        original_symbol=row["originalSymbol"],
        tick_size=Decimal(row.get("bookTick", row["tickSize"])),
        lot_size=Decimal(row.get("bookLot", row["lotSize"])),
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
        min_price=Decimal(row.get("minPrice", row["tickSize"])),
        max_price=Decimal(row["maxPrice"]) if row.get("maxPrice") else None,
        price_band=Decimal(row.get("priceBand", DEFAULT_PRICE_BAND)),
        wire_texts=told,
        price_step=tick,
        quantity_step=lot,
        has_rules=row.get("rules") != NO_RULES,
        funding_interval_hours=int(row.get("fundingIntervalHours", FUNDING_INTERVAL_HOURS)),
        **_market_bounds(row, exchange, business),
    )


def _market_bounds(row: Mapping[str, str], exchange: str, business: str) -> dict[str, Any]:
    """The bounds of market orders that sym/info no longer tells (resolutions T2)."""
    if business == Business.PERP:
        return {}
    in_quote = exchange == Exchange.OKX
    smallest = "1" if in_quote else row["minNotional"]
    largest = row["maxMarketSize"] if in_quote else MAX_MARKET_QUOTE
    return {
        "min_market_quote": Decimal(row.get("minMarketQuoteSize", smallest)),
        "max_market_quote": Decimal(row.get("maxMarketQuoteSize", largest)),
        "max_market_in_quote": in_quote,
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


def loan_tier_of(row: Mapping[str, str]) -> LoanTier:
    """A tier of debt from its row in loan/info."""
    return LoanTier(
        tier=row["tier"],
        floor=Decimal(row["minSize"]),
        cap=Decimal(row["maxSize"]),
        mm_rate=Decimal(row["mmRate"]),
        max_leverage=int(Decimal(row["maxLeverage"])),
    )


def loan_terms_of(row: Mapping[str, str]) -> LoanTerms:
    """The terms of a coin's RapidX loans from its row in rapidxLoan/loan/config."""
    return LoanTerms(
        leverage=int(Decimal(row["loanLeverage"])),
        max_value=Decimal(row["maxLoanValue"]),
        maintenance_rate=Decimal(row["loanMmr"]),
        annual_rate=Decimal(row["loanInterestRate"]),
    )


def interest_level_of(row: Mapping[str, str]) -> InterestLevel:
    """A level of interest from its row in interest/user."""
    return InterestLevel(
        level=int(row["level"]),
        hourly_rate=Decimal(row["hourInterestRate"]),
        loan_limit=Decimal(row["loanLimit"]),
    )
