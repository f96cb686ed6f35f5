"""An instrument and its trading rules (rest-trading 6.1, risk-model 16, resolutions T2)."""

from decimal import Decimal

import msgspec

from openprime.model.vocabulary import (
    MARGIN,
    PERP,
    Business,
    Exchange,
)

FUNDING_INTERVAL_HOURS = 8
# Prices and quantities travel to the venues and into the journal as whole steps, of 64 bits.
STEPS_MAX = 2**63 - 1


class Instrument(msgspec.Struct, frozen=True):
    """One tradable symbol of one exchange.

    Quantities are in order units: base coin, or contracts where `contract_size` is not 1.
    `tick_size` and `lot_size` are the steps of price and quantity that the book counts in;
    `price_step` and `quantity_step` are whole multiples of them that an operator holds clients to.
    Without `has_rules` a symbol is listed but cannot be ordered (errors 401031). Of a PERP symbol,
    funding is settled every `funding_interval_hours`, on the UTC clock.
    """

    sym: str
    exchange: Exchange
    business: Business
    base: str
    quote: str
    original_symbol: str
    tick_size: Decimal
    lot_size: Decimal
    min_size: Decimal
    min_notional: Decimal
    max_limit_size: Decimal
    max_market_size: Decimal
    max_open_orders: int
    contract_size: Decimal
    default_leverage: int
    safe_leverage: int
    liquidation_fee_rate: Decimal
    price_places: int
    quantity_places: int
    live: bool = True
    min_price: Decimal = Decimal(0)
    max_price: Decimal | None = None
    price_band: Decimal = Decimal("0.15")
    min_market_quote: Decimal = Decimal(0)
    max_market_quote: Decimal | None = None
    # OKX states the largest market order of SPOT and MARGIN in quote coin (resolutions T2).
    max_market_in_quote: bool = False
    wire_texts: dict[str, str] = {}
    price_step: Decimal | None = None
    quantity_step: Decimal | None = None
    has_rules: bool = True
    funding_interval_hours: int = FUNDING_INTERVAL_HOURS

    @property
    def is_perp(self) -> bool:
        return self.business is PERP

    @property
    def book_sym(self) -> str:
        """The symbol whose book this instrument trades on: MARGIN shares the SPOT book."""
        if self.business is MARGIN:
            return f"{self.exchange}_SPOT_{self.base}_{self.quote}"
        return self.sym

    def price(self, ticks: int) -> Decimal:
        """The price of `ticks` ticks, in quote coin."""
        return self.tick_size * ticks

    def quantity(self, lots: int) -> Decimal:
        """The quantity of `lots` lots, in order units."""
        return self.lot_size * lots


class PositionTier(msgspec.Struct, frozen=True):
    """One bracket of position size.

    `floor` < size <= `cap`; sizes are USDT notional on BINANCE and contracts on OKX.
    `maintenance_amount` is the amount taken off size*rate where maintenance is progressive.
    """

    level: str
    floor: Decimal
    cap: Decimal
    max_leverage: int
    mm_rate: Decimal
    maintenance_amount: Decimal = Decimal(0)


class LoanTier(msgspec.Struct, frozen=True):
    """One tier of a coin's debt: `floor` <= debt < `cap`, in coin."""

    tier: str
    floor: Decimal
    cap: Decimal
    mm_rate: Decimal
    max_leverage: int


class InterestLevel(msgspec.Struct, frozen=True):
    """One level of hourly interest, valid up to `loan_limit` coins of debt."""

    level: int
    hourly_rate: Decimal
    loan_limit: Decimal


class LoanTerms(msgspec.Struct, frozen=True):
    """What RapidX lends a coin at. `max_value` is a user's quota in USDT over all portfolios, the
    rates are fractions, the interest of a year.
    """

    leverage: int
    max_value: Decimal
    maintenance_rate: Decimal
    annual_rate: Decimal


class FeeRate(msgspec.Struct, frozen=True):
    """Trading fee as fractions of the executed amount; a negative maker rate is a rebate."""

    taker: Decimal
    maker: Decimal
    level: str = "1"
