"""What an instrument and the settings together fix for every order of a symbol, worked out once."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from hashlib import blake2b

import msgspec

from openprime.desk.fees import Added, Rates, has_own_rates, market_of, rates_of
from openprime.desk.settings import DeskSettings
from openprime.desk.state import State
from openprime.model.instrument import STEPS_MAX
from openprime.model.numbers import ONE, ZERO
from openprime.model.reference import Reference
from openprime.model.vocabulary import OKX


class Rules:
    """The constants of one symbol.

    `price_step` and `quantity_step` are what prices and quantities must be multiples of; `offered`
    says whether the kind of business is offered on the exchange. `opening_maker` and
    `opening_taker` are the fees to open, as maker or taker, and to close as taker. `highest_buy`
    and `lowest_sell` are the protection band as fractions of the mark; `highest_price` and
    `largest_limit` bound the limit orders of a symbol for ever. `markup` is the part of `fees` that
    goes to the user's MainPortfolio, None where there is none.
    """

    __slots__ = (
        "_caps",
        "_settings",
        "contract_size",
        "fees",
        "highest_buy",
        "highest_price",
        "instrument",
        "is_perp",
        "largest_limit",
        "lowest_sell",
        "markup",
        "max_leverage",
        "offered",
        "opening_maker",
        "opening_taker",
        "price_step",
        "quantity_step",
        "sized_in_contracts",
        "tiers",
    )

    def __init__(
        self,
        reference: Reference,
        settings: DeskSettings,
        sym: str,
        rates: Callable[[str], Rates] | None,
    ) -> None:
        instrument = reference.instruments[sym]
        self.instrument = instrument
        self.is_perp = instrument.is_perp
        self.offered = reference.offers(instrument)
        self.price_step = instrument.price_step or instrument.tick_size
        self.quantity_step = instrument.quantity_step or instrument.lot_size
        self.contract_size = instrument.contract_size
        self.fees = reference.fee_rate(instrument)
        self.markup: Added | None = None
        if rates is not None:
            own = rates(market_of(instrument.exchange, instrument.business))
            self.fees, self.markup = own.fee, own.markup
        self.opening_maker = self.fees.maker + self.fees.taker
        self.opening_taker = self.fees.taker + self.fees.taker
        self.highest_buy = ONE + instrument.price_band
        self.lowest_sell = ONE - instrument.price_band
        countable = instrument.price(STEPS_MAX)
        highest = instrument.max_price
        self.highest_price = countable if highest is None else min(highest, countable)
        self.largest_limit = min(instrument.max_limit_size, instrument.quantity(STEPS_MAX))
        self.sized_in_contracts = instrument.exchange is OKX
        self.tiers = reference.position_tiers.get(sym) or []
        self._settings = settings
        self.max_leverage = self.capped_leverage(self.tiers[0].max_leverage) if self.tiers else 1
        self._caps: dict[int, Decimal] = {}

    def capped_leverage(self, leverage: int) -> int:
        """A tier's leverage under the broker's own maximum (0: the broker sets none)."""
        broker = self._settings.broker_max_leverage
        return min(leverage, broker) if broker else leverage

    def size_cap(self, leverage: int) -> Decimal:
        """The largest tier size that `leverage` allows, looked up once; 0 where none allows it."""
        cap = self._caps.get(leverage)
        if cap is None:
            cap = ZERO
            for tier in self.tiers:
                if self.capped_leverage(tier.max_leverage) >= leverage:
                    cap = tier.cap
            self._caps[leverage] = cap
        return cap


def name_of(reference: Reference, settings: DeskSettings) -> str:
    """A short text that no other rules have."""
    told = msgspec.msgpack.encode((reference, settings), order="deterministic")
    return blake2b(told, digest_size=8).hexdigest()


class RuleBook(dict[str, Rules]):
    """The rules by symbol, each made when it is first asked for; `rates` tells the fees of a
    market where they are not everybody's.
    """

    def __init__(
        self,
        reference: Reference,
        settings: DeskSettings,
        rates: Callable[[str], Rates] | None = None,
    ) -> None:
        self._reference = reference
        self._settings = settings
        self._rates = rates

    def __missing__(self, sym: str) -> Rules:
        rules = self[sym] = Rules(self._reference, self._settings, sym, self._rates)
        return rules


class RuleBooks(dict[int, RuleBook]):
    """The rules by portfolio. All whose fees are everybody's share one book, `general`."""

    def __init__(self, state: State, reference: Reference, settings: DeskSettings) -> None:
        self._state = state
        self._reference = reference
        self._settings = settings
        self.general = RuleBook(reference, settings)

    def __missing__(self, portfolio_id: int) -> RuleBook:
        state, reference = self._state, self._reference
        portfolio = state.portfolios[portfolio_id]
        book = self.general
        if has_own_rates(reference, portfolio):
            rates = partial(rates_of, state, reference, portfolio)
            book = RuleBook(reference, self._settings, rates)
        self[portfolio_id] = book
        return book
