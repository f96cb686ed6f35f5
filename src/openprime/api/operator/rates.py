"""Tiers, discounts, interest, loan pools, fees and settings of the desk, changed by the operator.

(resolutions 206.) Each action puts one document under a key of a table (see desk/effective.py); a
body without one gives back what there was.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from openprime.api import wire
from openprime.api.operator.action import PREFIX, AdminRow, Asked, Nothing, Unfit, done
from openprime.api.services import Services
from openprime.desk.commands import Override
from openprime.desk.desk import Desk
from openprime.desk.effective import SETTINGS
from openprime.desk.overrides import overridden
from openprime.errors import Refusal
from openprime.model.numbers import text
from openprime.model.reference import coin_key, market_key
from openprime.model.vocabulary import Business, Exchange


class PositionTierAsked(Asked, frozen=True):
    """One bracket; sizes in USDT on BINANCE, in contracts on OKX."""

    max_notional_value: Decimal
    max_leverage: int
    mm_rate: Decimal


class PositionTiersAsked(Asked, frozen=True):
    sym: str
    tiers: list[PositionTierAsked] | None = None


class DiscountAsked(Asked, frozen=True):
    coin: str
    discount: Decimal | None = None


class LoanTierAsked(Asked, frozen=True):
    max_size: Decimal
    mm_rate: Decimal
    max_leverage: Decimal


class LoanTiersAsked(Asked, frozen=True):
    exchange: Exchange
    coin: str
    tiers: list[LoanTierAsked] | None = None


class InterestLevelAsked(Asked, frozen=True):
    hour_interest_rate: Decimal
    loan_limit: Decimal


class InterestAsked(Asked, frozen=True):
    exchange: Exchange
    coin: str
    levels: list[InterestLevelAsked] | None = None


class LoanPoolAsked(Asked, frozen=True):
    exchange: Exchange
    coin: str
    amount: Decimal | None = None


class LoanTermsAsked(Asked, frozen=True):
    """RapidX's terms of a coin, all of them: the quota in USDT, the rates as fractions."""

    coin: str
    loan_leverage: int | None = None
    max_loan_value: Decimal | None = None
    loan_mmr: Decimal | None = None
    loan_interest_rate: Decimal | None = None


class FeesAsked(Asked, frozen=True):
    """Fees of everybody, or of the user or portfolio that `owner_id` names."""

    exchange: Exchange
    business_type: Business
    owner_id: int | None = None
    taker_fee_rate: Decimal | None = None
    maker_fee_rate: Decimal | None = None


class SettingAsked(Asked, frozen=True):
    """A setting of the section `desk`, by its name in the configuration file."""

    name: str
    value: Any = None


async def put(services: Services, table: str, key: str, document: Any) -> Refusal | Unfit | None:
    """Put a document under a key, or say in one line why it cannot be."""
    command = Override(table, key, document)
    try:
        overridden(services.desk.turn, command)
    except ValueError as error:
        return Unfit(str(error))
    return await done(services, command)


def _rows(asked: Iterable[Asked] | None) -> list[wire.Row] | None:
    """Rows as the tables take them: numbers as texts."""
    if asked is None:
        return None
    return [
        {
            name: text(value) if isinstance(value, Decimal) else str(value)
            for name, value in msgspec.to_builtins(row, builtin_types=(Decimal,)).items()
        }
        for row in asked
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else text(amount)


async def set_position_tiers(
    services: Services, asked: PositionTiersAsked
) -> Refusal | Unfit | None:
    """The brackets of a PERP symbol."""
    return await put(services, "positionTiers", asked.sym, _rows(asked.tiers))


async def set_discount(services: Services, asked: DiscountAsked) -> Refusal | Unfit | None:
    """What a coin counts as collateral."""
    return await put(services, "discounts", asked.coin, _text(asked.discount))


async def set_loan_tiers(services: Services, asked: LoanTiersAsked) -> Refusal | Unfit | None:
    """The tiers of a coin's debt."""
    key = coin_key(asked.exchange, asked.coin)
    return await put(services, "loanTiers", key, _rows(asked.tiers))


async def set_interest(services: Services, asked: InterestAsked) -> Refusal | Unfit | None:
    """The levels of a coin's hourly interest."""
    key = coin_key(asked.exchange, asked.coin)
    return await put(services, "interestLevels", key, _rows(asked.levels))


async def set_loan_pool(services: Services, asked: LoanPoolAsked) -> Refusal | Unfit | None:
    """What there is of a coin to lend."""
    key = coin_key(asked.exchange, asked.coin)
    return await put(services, "loanPools", key, _text(asked.amount))


async def set_loan_terms(services: Services, asked: LoanTermsAsked) -> Refusal | Unfit | None:
    """What RapidX lends a coin at."""
    if asked.loan_leverage is None:
        return await put(services, "loanConfig", asked.coin, None)
    document = {
        "loanLeverage": str(asked.loan_leverage),
        "maxLoanValue": _text(asked.max_loan_value),
        "loanMmr": _text(asked.loan_mmr),
        "loanInterestRate": _text(asked.loan_interest_rate),
    }
    return await put(services, "loanConfig", asked.coin, document)


async def set_fees(services: Services, asked: FeesAsked) -> Refusal | Unfit | None:
    """The fees of a market; a side that is left out stays as it is."""
    key = market_key(asked.exchange, asked.business_type)
    if asked.owner_id is not None:
        state = services.desk.state
        if asked.owner_id not in state.users and asked.owner_id not in state.portfolios:
            return Unfit(f"expected ownerId of a user or portfolio, found {asked.owner_id}")
        key = f"{asked.owner_id}:{key}"
    rates = (asked.taker_fee_rate, asked.maker_fee_rate)
    if rates == (None, None):
        return await put(services, "fees", key, None)
    document = {"takerFeeRate": _text(rates[0]), "makerFeeRate": _text(rates[1])}
    kept = {name: rate for name, rate in document.items() if rate is not None}
    return await put(services, "fees", key, kept)


async def set_setting(services: Services, asked: SettingAsked) -> Refusal | Unfit | None:
    """One setting of the desk."""
    return await put(services, SETTINGS, asked.name, asked.value)


async def settings(services: Services, asked: Nothing) -> wire.Row:
    """The settings in force, and which of them the operator changed."""

    def render(desk: Desk) -> wire.Row:
        changed = desk.state.overrides.get(SETTINGS, {})
        return {"settings": msgspec.to_builtins(desk.turn.settings), "changed": list(changed)}

    return await services.read(render)


async def overrides(services: Services, asked: Nothing) -> list[wire.Row]:
    """Everything that the operator changed of the rules."""

    def render(desk: Desk) -> list[wire.Row]:
        return [
            {"table": table, "key": key, "document": document}
            for table, documents in desk.state.overrides.items()
            for key, document in documents.items()
        ]

    return await services.read(render)


_SETTINGS = f"{PREFIX}settings"

ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        f"{PREFIX}overrides",
        "What was changed of the rules and settings",
        Nothing,
        overrides,
        "[{table, key, document}]",
    ),
    AdminRow(
        "POST",
        f"{PREFIX}positionTiers",
        "Change the brackets of a PERP symbol",
        PositionTiersAsked,
        set_position_tiers,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}discounts",
        "Change what a coin counts as collateral",
        DiscountAsked,
        set_discount,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}loanTiers",
        "Change the tiers of a coin's debt",
        LoanTiersAsked,
        set_loan_tiers,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}interestLevels",
        "Change a coin's hourly interest",
        InterestAsked,
        set_interest,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}loanPools",
        "Change what there is of a coin to lend",
        LoanPoolAsked,
        set_loan_pool,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}loanConfig",
        "Change what RapidX lends a coin at",
        LoanTermsAsked,
        set_loan_terms,
    ),
    AdminRow(
        "POST",
        f"{PREFIX}fees",
        "Change the fees of a market, for all or for one user or portfolio",
        FeesAsked,
        set_fees,
    ),
    AdminRow(
        "GET",
        _SETTINGS,
        "The desk's settings in force",
        Nothing,
        settings,
        "{settings, changed}",
    ),
    AdminRow(
        "POST",
        _SETTINGS,
        "Change one of the desk's settings",
        SettingAsked,
        set_setting,
        verb="set",
    ),
)
