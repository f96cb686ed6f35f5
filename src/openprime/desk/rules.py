"""What an instrument and the settings together fix for every order of a symbol, worked out once."""

from decimal import Decimal

from openprime.desk.settings import DeskSettings
from openprime.model.numbers import ONE, ZERO
from openprime.model.reference import Reference
from openprime.model.vocabulary import OKX


class Rules:
    """The constants of one symbol.

    `opening_maker` and `opening_taker` are the fees to open, as maker or taker, and to close as
    taker. `highest_buy` and `lowest_sell` are the protection band as fractions of the mark.
    """

    __slots__ = (
        "_caps",
        "_settings",
        "contract_size",
        "fees",
        "highest_buy",
        "instrument",
        "is_perp",
        "lowest_sell",
        "max_leverage",
        "opening_maker",
        "opening_taker",
        "sized_in_contracts",
        "tiers",
    )

    def __init__(self, reference: Reference, settings: DeskSettings, sym: str) -> None:
        instrument = reference.instruments[sym]
        self.instrument = instrument
        self.is_perp = instrument.is_perp
        self.contract_size = instrument.contract_size
        self.fees = reference.fee_rate(instrument)
        self.opening_maker = self.fees.maker + self.fees.taker
        self.opening_taker = self.fees.taker + self.fees.taker
        self.highest_buy = ONE + instrument.price_band
        self.lowest_sell = ONE - instrument.price_band
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


class RuleBook(dict[str, Rules]):
    """The rules by symbol, each made when it is first asked for."""

    def __init__(self, reference: Reference, settings: DeskSettings) -> None:
        self._reference = reference
        self._settings = settings

    def __missing__(self, sym: str) -> Rules:
        rules = self[sym] = Rules(self._reference, self._settings, sym)
        return rules
