"""How overrides change tiers, discounts, loans, interest and fees (resolutions 206; effective.py).

Each function takes the rules and a table's documents by key, and returns the fields of Reference
that become other; ValueError, in one line, for a document that cannot be. Rows are stated as the
API states them, sizes in the unit that the exchange counts in: of position tiers USDT on BINANCE
and contracts on OKX.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from openprime.model.instrument import FeeRate, PositionTier
from openprime.model.numbers import ONE, ZERO, text
from openprime.model.reference import (
    NO_FEES,
    Reference,
    coin_key,
    interest_level_of,
    loan_terms_of,
    loan_tier_of,
    market_key,
)
from openprime.model.vocabulary import OKX, Business, Exchange

Documents = Mapping[str, Any]
Row = dict[str, Any]

ROWS_MAX = 50
LEVERAGE_MAX = Decimal(1000)
_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,36})?", re.ASCII)
_OWNER = re.compile(r"\d{16}", re.ASCII)


def _amount(row: Mapping[str, Any], name: str, lowest: Decimal, highest: Decimal | None) -> Decimal:
    """A member of a row as a decimal within its bounds."""
    value = row.get(name)
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError(f"{name}: expected a plain decimal as a text, found {value!r}")
    found = Decimal(value)
    if found < lowest or (highest is not None and found > highest):
        bounds = f"from {lowest} to {highest}" if highest is not None else f"at or above {lowest}"
        raise ValueError(f"{name}: expected a value {bounds}, found {value}")
    return found


def _rows(key: str, document: Any, names: tuple[str, ...]) -> list[Row]:
    """A document that is a list of rows with these members and no others."""
    if not isinstance(document, list) or not 1 <= len(document) <= ROWS_MAX:
        raise ValueError(f"{key}: expected a list of 1 to {ROWS_MAX} rows, found {document!r:.80}")
    for row in document:
        if not isinstance(row, dict) or set(row) - set(names):
            raise ValueError(f"{key}: expected rows of {', '.join(names)}, found {row!r:.80}")
    return document


def _rising(name: str, values: list[Decimal]) -> None:
    for lower, higher in pairwise((ZERO, *values)):
        if higher <= lower:
            raise ValueError(f"{name}: expected rising values above 0, found {lower} then {higher}")


def _coin_of(reference: Reference, key: str) -> tuple[Exchange, str]:
    """The exchange and coin of a key EXCHANGE:COIN."""
    exchange, _, coin = key.partition(":")
    if exchange not in set(Exchange) or coin not in reference.coins():
        raise ValueError(f"expected EXCHANGE:COIN of a known coin, found {key!r}")
    return Exchange(exchange), coin


# -- position tiers

TIER_NAMES = ("riskLevel", "minNotionalValue", "maxNotionalValue", "maxLeverage", "mmRate")


def change_position_tiers(reference: Reference, documents: Documents) -> dict[str, Any]:
    """Brackets of PERP symbols; where one begins follows from the one before."""
    tiers = dict(reference.position_tiers)
    for sym, document in documents.items():
        instrument = reference.instruments.get(sym)
        if instrument is None or not instrument.is_perp:
            raise ValueError(f"expected a PERP symbol of sym/info, found {sym!r}")
        tiers[sym] = _position_tiers(
            _rows(sym, document, TIER_NAMES), progressive=instrument.exchange is not OKX
        )
    return {"position_tiers": tiers}


def _position_tiers(rows: list[Row], progressive: bool) -> list[PositionTier]:
    tiers: list[PositionTier] = []
    floor = rate_before = taken_off = ZERO
    for number, row in enumerate(rows, 1):
        rate = _amount(row, "mmRate", ZERO, ONE)
        if progressive:
            taken_off += floor * (rate - rate_before)
        cap = _amount(row, "maxNotionalValue", ZERO, None)
        leverage = int(_amount(row, "maxLeverage", ONE, LEVERAGE_MAX))
        level = str(row.get("riskLevel", number))
        tiers.append(PositionTier(level, floor, cap, leverage, rate, taken_off))
        floor, rate_before = cap, rate
    _rising("maxNotionalValue", [tier.cap for tier in tiers])
    return tiers


# -- coins

LOAN_NAMES = ("tier", "minSize", "maxSize", "mmRate", "maxLeverage")
LEVEL_NAMES = ("level", "hourInterestRate", "loanLimit")


def change_discounts(reference: Reference, documents: Documents) -> dict[str, Any]:
    """Discounts by coin, each a text from 0 to 1."""
    texts = dict(reference.discount_texts)
    for coin, discount in documents.items():
        if coin not in reference.coins():
            raise ValueError(f"expected a known coin, found {coin!r}")
        _amount({coin: discount}, coin, ZERO, ONE)
        texts[coin] = discount
    discounts = {coin: Decimal(discount) for coin, discount in texts.items()}
    return {"discounts": discounts, "discount_texts": texts}


def change_loan_tiers(reference: Reference, documents: Documents) -> dict[str, Any]:
    """Tiers of debt by EXCHANGE:COIN; where one begins follows from the one before."""
    tiers, told = dict(reference.loan_tiers), dict(reference.loan_rows)
    for key, document in documents.items():
        exchange, coin = _coin_of(reference, key)
        rows, floor = [], ZERO
        for number, row in enumerate(_rows(key, document, LOAN_NAMES), 1):
            cap = _amount(row, "maxSize", ZERO, None)
            _amount(row, "mmRate", ZERO, ONE)
            _amount(row, "maxLeverage", ONE, LEVERAGE_MAX)
            rows.append({"tier": str(number), **row, "minSize": text(floor)})
            floor = cap
        _rising("maxSize", [Decimal(row["maxSize"]) for row in rows])
        tiers[coin_key(exchange, coin)] = [loan_tier_of(row) for row in rows]
        told[_told_under(told, exchange, coin)] = {
            "exchangeType": exchange.value,
            "coin": coin,
            "tiers": rows,
        }
    return {"loan_tiers": tiers, "loan_rows": told}


def change_interest(reference: Reference, documents: Documents) -> dict[str, Any]:
    """Levels of hourly interest by EXCHANGE:COIN."""
    levels, told = dict(reference.interest_levels), dict(reference.interest_rows)
    for key, document in documents.items():
        exchange, coin = _coin_of(reference, key)
        rows = []
        for number, row in enumerate(_rows(key, document, LEVEL_NAMES), 1):
            _amount(row, "hourInterestRate", ZERO, ONE)
            _amount(row, "loanLimit", ZERO, None)
            rows.append({**row, "level": str(number)})
        _rising("loanLimit", [Decimal(row["loanLimit"]) for row in rows])
        levels[coin_key(exchange, coin)] = [interest_level_of(row) for row in rows]
        told[_told_under(told, exchange, coin)] = {
            "exchangeType": exchange.value,
            "coin": coin,
            "levels": rows,
        }
    return {"interest_levels": levels, "interest_rows": told}


def _told_under(rows: Mapping[str, Row], exchange: Exchange, coin: str) -> str:
    """The key under which a coin's row is told: the known one, or one of its own."""
    for key, row in rows.items():
        if row["exchangeType"] == exchange and row["coin"] == coin:
            return key
    return coin_key(exchange, coin)


def change_loan_pools(reference: Reference, documents: Documents) -> dict[str, Any]:
    """What there is to lend by EXCHANGE:COIN, in coin."""
    pools = dict(reference.loan_pools)
    for key, amount in documents.items():
        exchange, coin = _coin_of(reference, key)
        pools[coin_key(exchange, coin)] = _amount({key: amount}, key, ZERO, None)
    return {"loan_pools": pools}


TERM_NAMES = ("loanLeverage", "maxLoanValue", "loanMmr", "loanInterestRate")


def change_loan_terms(reference: Reference, documents: Documents) -> dict[str, Any]:
    """What RapidX lends a coin at; a quota of 0 lends no more of it."""
    terms = dict(reference.loan_terms)
    for coin, document in documents.items():
        if coin not in reference.coins():
            raise ValueError(f"expected a known coin, found {coin!r}")
        if not isinstance(document, dict) or set(document) - set(TERM_NAMES):
            raise ValueError(f"{coin}: expected {', '.join(TERM_NAMES)}, found {document!r:.80}")
        _amount(document, "loanLeverage", ONE, LEVERAGE_MAX)
        _amount(document, "maxLoanValue", ZERO, None)
        _amount(document, "loanMmr", ZERO, ONE)
        _amount(document, "loanInterestRate", ZERO, ONE)
        terms[coin] = loan_terms_of(document)
    return {"loan_terms": terms}


# -- fees

FEE_NAMES = ("takerFeeRate", "makerFeeRate", "level")
FEE_MAX = Decimal("0.1")


def change_fees(reference: Reference, documents: Documents) -> dict[str, Any]:
    """Fees by EXCHANGE:BUSINESS, or OWNER:EXCHANGE:BUSINESS for one user or portfolio; what a
    document leaves out is as it was for everybody.
    """
    fees, owner_fees = dict(reference.fees), dict(reference.owner_fees)
    rows = {f"{row['exchangeType']}_{row['businessType']}": row for row in reference.fee_rows}
    known = {
        market_key(exchange, business): f"{exchange}_{business}"
        for exchange in Exchange
        for business in Business
    }
    for key in sorted(documents, key=lambda key: key.count(":")):
        document = documents[key]
        owner, _, of_owner = key.partition(":") if key.count(":") == 2 else ("", "", key)
        market = known.get(of_owner)
        if market is None or (owner and not _OWNER.fullmatch(owner)):
            raise ValueError(
                f"expected EXCHANGE:BUSINESS with or without an id in front, found {key!r}"
            )
        if not isinstance(document, dict) or set(document) - set(FEE_NAMES):
            raise ValueError(f"{key}: expected {', '.join(FEE_NAMES)}, found {document!r:.80}")
        usual = fees.get(market, NO_FEES)
        texts = {"takerFeeRate": text(usual.taker), "makerFeeRate": text(usual.maker), **document}
        taker = _amount(texts, "takerFeeRate", ZERO, FEE_MAX)
        maker = _amount(texts, "makerFeeRate", -taker, FEE_MAX)
        rate = FeeRate(taker, maker, str(document.get("level", usual.level)))
        if owner:
            owner_fees[f"{owner}:{market}"] = rate
            continue
        fees[market] = rate
        exchange, business = market.split("_")
        rows[market] = {
            "exchangeType": exchange,
            "businessType": business,
            "takerFeeRate": texts["takerFeeRate"],
            "makerFeeRate": texts["makerFeeRate"],
            "level": rate.level,
        }
    return {"fees": fees, "fee_rows": list(rows.values()), "owner_fees": owner_fees}


TABLES = {
    "positionTiers": change_position_tiers,
    "discounts": change_discounts,
    "loanTiers": change_loan_tiers,
    "interestLevels": change_interest,
    "loanPools": change_loan_pools,
    "loanConfig": change_loan_terms,
    "fees": change_fees,
}
