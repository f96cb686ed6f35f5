"""A liquidation as data: the event, its stage under way, what the house took over."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from openprime.model.numbers import ZERO


class Step(StrEnum):
    """What a liquidation does next, as its event tells (resolutions 181)."""

    CANCEL = "CANCEL"
    OFFSET = "OFFSET"
    REPAY = "REPAY"
    SELL_COLLATERAL = "SELL_COLLATERAL"
    REDUCE = "REDUCE"
    LIQUIDATE = "LIQUIDATE"
    TAKEOVER = "TAKEOVER"
    END = "END"


class Stage(msgspec.Struct):
    """One order of a liquidation, and what its fills came to. `leg` names the position that it
    closes, `coin` what it is to sell or to buy back otherwise; times span the order's fills, in ms.
    """

    order_id: int
    sym: str
    quantity: Decimal
    created_at_ms: int
    updated_at_ms: int
    leg: str = ""
    coin: str = ""
    position_id: int = 0
    executed_quantity: Decimal = ZERO
    closed_pnl: Decimal = ZERO
    liquidation_fee: Decimal = ZERO
    trading_fee: Decimal = ZERO
    executed_amount: Decimal = ZERO


class Liquidation(msgspec.Struct):
    """One account's way through section 13 of the risk model. `unsold` are coins that found no
    buyer or seller; `scheduled` says that the next step waits on the agenda, `calls_loans` that
    loans are taken back (loan_calls.py), `fund_short` that the fund could not pay for a take-over.
    """

    event_id: int
    started_at_ms: int
    taking_over: bool = False
    scheduled: bool = False
    stage: Stage | None = None
    unsold: dict[str, None] = {}
    calls_loans: bool = False
    fund_short: bool = False


class HousePosition(msgspec.Struct):
    """What the house holds of a symbol: signed order units, and the mean price it took them at."""

    quantity: Decimal = ZERO
    average_price: Decimal = ZERO


class Ranking(msgspec.Struct):
    """One side of a symbol by who is deleveraged first. `rows` are (score, age, account, leg), what
    comes first last; `waiting` are the accounts that are still to be ranked, and `ranked_at_ms` is
    when there was none left. Age is the position's id, below 0.
    """

    waiting: list[str]
    rows: list[tuple[Decimal, int, str, str]] = []
    ranked_at_ms: int = 0


class Reduced(msgspec.Struct, frozen=True):
    """What one order of a liquidation closed, once it is over (websocket 1.4)."""

    event_id: int
    portfolio_id: int
    exchange: str
    sym: str
    position_side: str
    position_id: int
    order_id: int
    quantity: Decimal
    closed_pnl: Decimal
    liquidation_fee: Decimal
    trading_fee: Decimal
    created_at_ms: int
    updated_at_ms: int
