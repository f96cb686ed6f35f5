"""Commands under a fault that forces a code: raised at its stage of the checks (errors 7)."""

from openprime.desk.check_table import CHECKS, Plan
from openprime.desk.checks import (
    Check,
    duplicate_client_order_id,
    notional_above_minimum,
    portfolio_orders_below_maximum,
)
from openprime.desk.margin_checks import margin_suffices
from openprime.desk.placing import Placing
from openprime.errors import Refusal, row
from openprime.model.vocabulary import OrderState

PUSH = "push"

# The last check before each stage, and the state in which a code of it ends an order whose client
# is answered later. A code of no stage is found first of all, but for the venue's own.
_BEGINS_AFTER: dict[str, tuple[Check, OrderState | None]] = {
    "reference": (duplicate_client_order_id, None),
    "account": (notional_above_minimum, None),
    "margin": (portfolio_orders_below_maximum, OrderState.FAIL),
    "venue": (margin_suffices, OrderState.REJECT),
}
_VENUE_CODES = (400010, 400013)

# The stages of the checks in their order, as the catalogue names them.
_STAGES = ("auth", "syntax", "lookup", "reference", "account", "margin", "venue")


def first_of(found: Refusal | None, forced: Refusal) -> Refusal:
    """What a command is refused with: the forced code, or what was found at an earlier stage. A
    code that no stage is known of stands behind all others, or before them where it is forced.
    """
    stage = row(forced.code).stage
    if found is None or stage not in _STAGES or row(found.code).stage not in _STAGES:
        return forced
    earlier = _STAGES.index(row(found.code).stage) < _STAGES.index(stage)
    return found if earlier else forced


def with_forced(plan: Plan, forced: Refusal) -> Plan:
    """The checks of an order, with the forced one before those of its stage; an order that a push
    alone tells of is taken first (see orders.place).
    """
    stage = "venue" if forced.code in _VENUE_CODES else row(forced.code).stage
    if stage == PUSH:
        return plan

    def raise_it(placing: Placing) -> int:
        return forced.code

    last, ends_as = _BEGINS_AFTER.get(stage, (None, None))
    checks = [check for check, _, _ in CHECKS]
    begins = 0 if last is None else checks.index(last) + 1
    before = [step for step in plan if checks.index(step[0]) < begins]
    return (*before, (raise_it, ends_as), *plan[len(before) :])
