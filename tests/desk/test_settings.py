"""Settings that make no sense are refused in one line that says what was expected."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from openprime.desk.settings import DeskSettings, check, in_force

LADDER = (
    "Expected margin_call > cancel_open > cancel_all > liquidating > takeover > 0 - at `$.desk`"
)
LTV = (
    "Expected 0 < loan_ltv_borrow <= loan_ltv_transfer <= loan_ltv_call <= loan_ltv_liquidate <= 1 "
    "- at `$.desk`"
)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"portfolio_max_orders": -1}, "Expected a value at or above 1 - at "
         "`$.desk.portfolio_max_orders`"),
        ({"market_assumed_slip": D("NaN")}, "Expected a value at or above 0 - at "
         "`$.desk.market_assumed_slip`"),
        ({"house_max_notional": D("1e30")}, "Expected a value at or below "),
        ({"cancel_open_uni_mmr": D(2)}, LADDER),
        ({"takeover_uni_mmr": D(0)}, LADDER),
        ({"loan_ltv_transfer": D("0.99")}, LTV),
        ({"loan_ltv_borrow": D(0)}, LTV),
        ({"loan_ltv_target": D(0)}, "Expected a value above 0 and at or below loan_ltv_liquidate - "
         "at `$.desk.loan_ltv_target`"),
        ({"liquidation_target_uni_mmr": D(1)}, "Expected a value above liquidating_uni_mmr - at "
         "`$.desk.liquidation_target_uni_mmr`"),
        ({"leverage_blocked_by_orders": ("OKX", "KRAKEN")}, "Expected exchanges (BINANCE, OKX, "
         "EDX), found KRAKEN - at `$.desk.leverage_blocked_by_orders`"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(changes: dict[str, Any], line: str) -> None:
    check(DeskSettings())
    with pytest.raises(ValueError) as found:
        check(msgspec.structs.replace(DeskSettings(), **changes))
    assert str(found.value).startswith(line)


def test_an_operator_changes_settings_by_name() -> None:
    configured = DeskSettings()
    assert in_force(configured, {}) is configured
    assert in_force(configured, {"portfolio_max_orders": "7"}).portfolio_max_orders == 7
    with pytest.raises(ValueError, match="Expected a setting of the section `desk`, found `x`"):
        in_force(configured, {"x": 1})
    with pytest.raises(ValueError, match=r"at `\$.desk.portfolio_max_orders`"):
        in_force(configured, {"portfolio_max_orders": "many"})
