"""The parameters of currencies, lending reads and Assets V2 (rest-admin 4.3, 4.4, 10)."""

from enum import StrEnum

import msgspec

from openprime.api.parameters import readers
from openprime.api.parameters.account import SymFilter
from openprime.api.parameters.orders import EXCHANGE
from openprime.api.parameters.table import Field, Raw, Rule, Table, Values
from openprime.model.vocabulary import Exchange

CURRENCIES = Table(SymFilter, Field("coin", ("currency", "coin"), readers.text))
INTEREST = Table(SymFilter, msgspec.structs.replace(EXCHANGE, absent=400009))


class OneAccount(msgspec.Struct, frozen=True):
    """A trading account by its id, as it was sent."""

    account_id: str


TRADING_ACCOUNT = Table(OneAccount, Field("account_id", ("id",), readers.text, absent=400009))


class AccountKind(StrEnum):
    FUNDING = "FUNDING"
    TRADING = "TRADING"


class PrimeKind(StrEnum):
    """Who keeps a trading account: the broker's own portfolios, or an exchange directly."""

    RAPIDX = "RAPIDX"
    DMA = "DMA"


class Networks(msgspec.Struct, frozen=True):
    """The two ends of a transfer; a trading account says of what kind and on which exchange."""

    from_kind: AccountKind
    to_kind: AccountKind
    from_prime: PrimeKind | None = None
    to_prime: PrimeKind | None = None
    from_exchange: Exchange | None = None
    to_exchange: Exchange | None = None


def _trading_end_is_named(end: str) -> Rule:
    def test(raw: Raw, values: Values, now_ms: int) -> int | None:
        if values[f"{end}_kind"] is AccountKind.FUNDING:
            return None
        return None if raw.get(f"{end}PrimeType") and raw.get(f"{end}Exchange") else 400009

    return Rule(test, (400009,))


def _end(end: str) -> tuple[Field | Rule, ...]:
    """The lines of one end of a transfer."""
    kind = readers.one_of(AccountKind)
    return (
        Field(f"{end}_kind", (f"{end}LtpAccountType",), kind, 400000, absent=400009),
        _trading_end_is_named(end),
        Field(f"{end}_prime", (f"{end}PrimeType",), readers.one_of(PrimeKind), 400000),
        Field(f"{end}_exchange", (f"{end}Exchange",), readers.one_of(Exchange), 401023),
    )


NETWORKS = Table(Networks, *_end("from"), *_end("to"))
