"""The parameters of the risk model and the order rules (risk-model 17, resolutions).

A replay needs them, so they are part of the state and change by a command only.
"""

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from openprime.model.vocabulary import Exchange, PositionMode

AT_LEAST_ONE = ("portfolio_max_orders", "portfolio_keys_max")
# Above all that makes sense, and moments reckoned from it still fit 64 bits.
HIGHEST = 10**15

# What follows from other parts of the configuration and is no operator's to change.
FOLLOWING = ("newest_messages", "venue_answers_at_once")


class DeskSettings(msgspec.Struct, frozen=True):
    """Defaults are those of the specification; ratios are plain numbers, times are in ms."""

    margin_call_uni_mmr: Decimal = Decimal("1.50")
    cancel_open_uni_mmr: Decimal = Decimal("1.20")
    cancel_all_uni_mmr: Decimal = Decimal("1.10")
    liquidating_uni_mmr: Decimal = Decimal("1.05")
    takeover_uni_mmr: Decimal = Decimal("1.00")
    liquidation_target_uni_mmr: Decimal = Decimal("1.20")
    liquidation_slip: Decimal = Decimal("0.005")
    margin_notice_interval_ms: int = 60_000
    takeover_delay_ms: int = 0
    insurance_fund_initial: Decimal = Decimal(1_000_000)
    house_max_notional: Decimal = Decimal(5_000_000)
    transfer_out_min_uni_mmr: Decimal = Decimal(3)
    open_loss_counts_price: bool = True
    maintenance_multiplier: Decimal = Decimal(1)
    broker_max_leverage: int = 20
    market_assumed_slip: Decimal = Decimal("0.0005")
    portfolio_max_orders: int = 1000
    portfolio_max_notional: Decimal = Decimal(0)
    portfolios_max: int = 50
    portfolio_keys_max: int = 10
    client_order_id_blocked_ms: int = 7 * 24 * 3_600_000
    client_order_ids_kept_max: int = 500_000
    transfer_delay_ms: int = 0
    transfer_requests_kept_max: int = 10_000
    network_confirm_ms: int = 10_000
    loan_pool_multiple: Decimal = Decimal(10)
    loan_ltv_borrow: Decimal = Decimal("0.70")
    loan_ltv_transfer: Decimal = Decimal("0.75")
    loan_ltv_call: Decimal = Decimal("0.85")
    loan_ltv_liquidate: Decimal = Decimal("0.92")
    loan_ltv_target: Decimal = Decimal("0.85")
    loan_liquidation_fee_rate: Decimal = Decimal("0.02")
    rapid_pool_usdt: Decimal = Decimal(5_000_000)
    default_position_mode: PositionMode = PositionMode.NET
    leverage_blocked_by_orders: tuple[str, ...] = ("OKX",)
    newest_messages: bool = False
    # False where the venue answers later: it alone then says whether an order may rest.
    venue_answers_at_once: bool = True


def check(settings: DeskSettings) -> None:
    """What the types alone do not say; ValueError, in one line, where settings make no sense."""
    for name, value in msgspec.structs.asdict(settings).items():
        lowest = 1 if name in AT_LEAST_ONE else 0
        if not isinstance(value, int | Decimal):
            continue
        if not (Decimal(value).is_finite() and value >= lowest):
            raise ValueError(f"Expected a value at or above {lowest} - at `$.desk.{name}`")
        if value > HIGHEST:
            raise ValueError(f"Expected a value at or below {HIGHEST} - at `$.desk.{name}`")
    ladder = (
        settings.margin_call_uni_mmr,
        settings.cancel_open_uni_mmr,
        settings.cancel_all_uni_mmr,
        settings.liquidating_uni_mmr,
        settings.takeover_uni_mmr,
    )
    if any(upper <= lower for upper, lower in itertools.pairwise((*ladder, Decimal(0)))):
        raise ValueError(
            "Expected margin_call > cancel_open > cancel_all > liquidating > takeover > 0 - at "
            "`$.desk`"
        )
    ltv = (
        settings.loan_ltv_borrow,
        settings.loan_ltv_transfer,
        settings.loan_ltv_call,
        settings.loan_ltv_liquidate,
    )
    if any(upper < lower for lower, upper in itertools.pairwise((*ltv, Decimal(1)))) or not ltv[0]:
        raise ValueError(
            "Expected 0 < loan_ltv_borrow <= loan_ltv_transfer <= loan_ltv_call <= "
            "loan_ltv_liquidate <= 1 - at `$.desk`"
        )
    if not Decimal(0) < settings.loan_ltv_target <= settings.loan_ltv_liquidate:
        raise ValueError(
            "Expected a value above 0 and at or below loan_ltv_liquidate - at "
            "`$.desk.loan_ltv_target`"
        )
    if settings.liquidation_target_uni_mmr <= settings.liquidating_uni_mmr:
        raise ValueError(
            "Expected a value above liquidating_uni_mmr - at `$.desk.liquidation_target_uni_mmr`"
        )
    if unknown := set(settings.leverage_blocked_by_orders) - set(Exchange):
        raise ValueError(
            f"Expected exchanges ({', '.join(Exchange)}), found {', '.join(sorted(unknown))} - at "
            "`$.desk.leverage_blocked_by_orders`"
        )


def in_force(configured: DeskSettings, changes: Mapping[str, Any]) -> DeskSettings:
    """The settings as configured with an operator's changes, by name; ValueError, in one line,
    where they cannot be.
    """
    if not changes:
        return configured
    values = msgspec.structs.asdict(configured)
    for name in changes:
        if name not in values or name in FOLLOWING:
            raise ValueError(f"Expected a setting of the section `desk`, found `{name}`")
    try:
        settings = msgspec.convert({**values, **changes}, DeskSettings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).replace("`$.", "`$.desk.")) from error
    check(settings)
    return settings
