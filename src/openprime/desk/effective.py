"""The rules in force: those of the venues with the operator's overrides applied (resolutions 206).

An override is a document under the name of a table and a key, in the form in which the reference
document and the API state a row: texts, whole numbers, lists and maps, no decimals. State holds
what was overridden and nothing else; the rules in force are made from it at every start and change.

TABLES says how the documents of a table change the rules. To let operators override another
table, write a function that takes the rules and all the documents of the table by key, and returns
the fields of Reference that are other than before; what cannot be done it says in a ValueError.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from openprime.desk import rate_tables
from openprime.model.instrument import Instrument, PositionTier
from openprime.model.numbers import ZERO
from openprime.model.reference import NO_RULES, Reference, instrument_of, market_key
from openprime.model.vocabulary import MARGIN, Business, Exchange

# Table, key, document.
Overrides = dict[str, dict[str, Any]]
TableChange = Callable[[Reference, Mapping[str, Any]], dict[str, Any]]

# The table of changed settings of the desk, by name: it changes no rules of the venues.
SETTINGS = "settings"

AMOUNT = re.compile(r"\d{1,18}(\.\d{1,18})?", re.ASCII)
WHOLE = re.compile(r"\d{1,9}", re.ASCII)
SYM = re.compile(r"(BINANCE|OKX|EDX)_(SPOT|MARGIN|PERP)_[A-Z0-9]{1,20}_[A-Z0-9]{1,20}")

AMOUNTS = (
    *("tickSize", "lotSize", "minSize", "minNotional", "maxLimitSize", "maxMarketSize"),
    *("contractSize", "liquidationFee", "minPrice", "maxPrice", "priceBand"),
    *("minMarketQuoteSize", "maxMarketQuoteSize"),
)
WHOLES = ("maxNumOrders", "defaultLeverage", "safeLeverage", "pricePrecision", "qtyPrecision")
STEPS = {"tickSize": "bookTick", "lotSize": "bookLot"}
WORDS = {
    "state": ("live", "suspend", "delisted"),
    "rules": (NO_RULES, "known"),
    "fundingIntervalHours": ("1", "2", "4", "8"),
}

# What a new symbol has where its listing says nothing else.
LISTED = {
    "state": "live",
    "minNotional": "0",
    "maxLimitSize": "1000000",
    "maxMarketSize": "1000000",
    "maxNumOrders": "60",
    "contractSize": "1",
    "defaultLeverage": "5",
    "safeLeverage": "10",
    "liquidationFee": "0.0125",
}
LISTED_TIERS = [PositionTier("1", ZERO, Decimal(1_000_000), 20, Decimal("0.025"))]


def effective(base: Reference, overrides: Overrides) -> Reference:
    """The rules in force. ValueError, in one line, where a document cannot be."""
    reference = base
    for table, change in TABLES.items():
        documents = overrides.get(table)
        if documents:
            reference = msgspec.structs.replace(reference, **change(reference, documents))
    return reference


def fitting(row: Mapping[str, Any], **patterns: re.Pattern[str]) -> None:
    """Raise ValueError where a named member of a row is no text of its pattern."""
    for name, pattern in patterns.items():
        if not isinstance(row.get(name), str) or not pattern.fullmatch(row[name]):
            raise ValueError(f"{name}: expected {pattern.pattern}, found {row.get(name)!r}")


# -- symbols


def change_instruments(reference: Reference, documents: Mapping[str, Any]) -> dict[str, Any]:
    """Changed and newly listed symbols; each document is a row of sym/info, or part of one."""
    instruments, tiers = dict(reference.instruments), dict(reference.position_tiers)
    for sym, changes in documents.items():
        known = reference.instruments.get(sym)
        instrument = instruments[sym] = _instrument(sym, known, changes)
        if instrument.business is MARGIN and instrument.book_sym not in instruments:
            raise ValueError(f"{sym}: expected {instrument.book_sym} to be listed, found no such")
        if instrument.is_perp:
            tiers.setdefault(sym, LISTED_TIERS)
    return {"instruments": instruments, "position_tiers": tiers}


def _instrument(sym: str, known: Instrument | None, changes: Any) -> Instrument:
    if not isinstance(changes, dict):
        raise ValueError(f"{sym}: expected the fields of a symbol, found {changes!r}")
    for name, value in changes.items():
        _check_field(name, value)
    if known is not None:
        book = {"bookTick": str(known.tick_size), "bookLot": str(known.lot_size)}
        row = {**known.wire_texts, **book, **changes}
    else:
        row = _listed_row(sym, changes)
    for name, book_name in STEPS.items():
        if not Decimal(row[book_name]) or Decimal(row[name]) % Decimal(row[book_name]):
            raise ValueError(
                f"{name}: expected a whole multiple of {row[book_name]}, the step of the venue's "
                f"book, found {row[name]}"
            )
        if not Decimal(row[name]):
            raise ValueError(f"{name}: expected a step above 0, found {row[name]}")
    if not Decimal(row.get("contractSize", "1")):
        raise ValueError("contractSize: expected a size above 0, found 0")
    return instrument_of(row)


def _check_field(name: str, value: Any) -> None:
    if name in WORDS:
        if value not in WORDS[name]:
            raise ValueError(f"{name}: expected one of {', '.join(WORDS[name])}, found {value!r}")
    elif name in AMOUNTS or name in STEPS.values():
        fitting({name: value}, **{name: AMOUNT})
    elif name in WHOLES:
        fitting({name: value}, **{name: WHOLE})
    else:
        raise ValueError(f"expected a field of a symbol's rules, found {name!r}")


def _listed_row(sym: str, changes: Mapping[str, str]) -> dict[str, str]:
    """The row of a symbol that no venue has. Without steps it has no rules either."""
    if not SYM.fullmatch(sym):
        raise ValueError(f"expected EXCHANGE_BUSINESS_BASE_QUOTE, found {sym!r}")
    _, _, base, quote = sym.split("_")
    row = {"sym": sym, "originalSymbol": f"{base}{quote}", **LISTED, **changes}
    if "tickSize" not in row or "lotSize" not in row:
        row |= {"tickSize": "1", "lotSize": "1", "rules": NO_RULES}
    row.setdefault("bookTick", row["tickSize"])
    row.setdefault("bookLot", row["lotSize"])
    row.setdefault("minSize", row["lotSize"])
    row.setdefault("pricePrecision", _places(row["tickSize"]))
    row.setdefault("qtyPrecision", _places(row["lotSize"]))
    return row


def _places(step: str) -> str:
    return str(len(step.partition(".")[2].rstrip("0")))


# -- kinds of business


def change_markets(reference: Reference, documents: Mapping[str, Any]) -> dict[str, Any]:
    """Kinds of business on or off; the key is EXCHANGE:BUSINESS, the document true or false."""
    off = set(reference.markets_off)
    known = {market_key(exchange, business) for exchange in Exchange for business in Business}
    for key, offered in documents.items():
        if key not in known or not isinstance(offered, bool):
            raise ValueError(f"expected EXCHANGE:BUSINESS: boolean, found {key!r}: {offered!r}")
        if offered:
            off.discard(key)
        else:
            off.add(key)
    return {"markets_off": frozenset(off)}


# In the order in which they are applied: a later table sees what the earlier ones changed.
TABLES: dict[str, TableChange] = {
    "instruments": change_instruments,
    "markets": change_markets,
    **rate_tables.TABLES,
}
