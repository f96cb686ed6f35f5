"""The parameters of the risk model and the order rules (risk-model 17, resolutions).

A replay needs them, so they are part of the state and change by a command only.
"""

from decimal import Decimal

import msgspec

from openprime.model.vocabulary import PositionMode


class DeskSettings(msgspec.Struct, frozen=True):
    """Defaults are those of the specification; ratios are plain numbers, times are in ms."""

    margin_call_uni_mmr: Decimal = Decimal("1.50")
    cancel_open_uni_mmr: Decimal = Decimal("1.20")
    cancel_all_uni_mmr: Decimal = Decimal("1.10")
    liquidating_uni_mmr: Decimal = Decimal("1.05")
    takeover_uni_mmr: Decimal = Decimal("1.00")
    transfer_out_min_uni_mmr: Decimal = Decimal(3)
    open_loss_counts_price: bool = True
    maintenance_multiplier: Decimal = Decimal(1)
    broker_max_leverage: int = 20
    market_assumed_slip: Decimal = Decimal("0.0005")
    portfolio_max_orders: int = 1000
    client_order_id_blocked_ms: int = 7 * 24 * 3_600_000
    client_order_ids_kept_max: int = 500_000
    default_position_mode: PositionMode = PositionMode.NET
    leverage_blocked_by_orders: tuple[str, ...] = ("OKX",)
    newest_messages: bool = False
    # False where the venue answers later: it alone then says whether an order may rest.
    venue_answers_at_once: bool = True
