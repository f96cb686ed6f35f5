"""What borrowing costs and how much there is (rest-trading 6.5, 6.6, rest-admin 10)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.envelope import encode
from openprime.api.handlers.reference import UNKNOWN_COIN, margin_market
from openprime.api.parameters.account import SymFilter
from openprime.api.services import Services
from openprime.api.venue_shapes.answer import BareAnswer
from openprime.desk.desk import Desk
from openprime.desk.lending import pool_left
from openprime.errors import Refusal
from openprime.model.numbers import text
from openprime.model.reference import Reference
from openprime.model.vocabulary import Exchange

LEVEL_FIELDS = ("level", "hourInterestRate", "loanLimit")
OK = 200


def _rows_of(reference: Reference, exchange: Exchange | None) -> list[wire.Row]:
    """The rows of coins that bear interest on an exchange."""
    rows = reference.interest_rows.values()
    return [row for row in rows if row["exchangeType"] == exchange]


async def interest(services: Services, caller: Caller, asked: SymFilter) -> BareAnswer:
    """GET interest/user: exchange to levels, without an envelope (resolutions 8). The rates are
    those of the start, or an operator's since.
    """
    updated_s = services.started_at_ms // 1000
    rows = [
        {
            "level": int(level["level"]),
            "exchangeType": row["exchangeType"],
            "coin": row["coin"],
            "hourInterestRate": level["hourInterestRate"],
            "loanLimit": level["loanLimit"],
            "updateTime": updated_s,
        }
        for row in _rows_of(services.reference, asked.exchange)
        for level in row["levels"]
    ]
    return BareAnswer(OK, encode({asked.exchange: rows}))


async def interest_by_coin(services: Services, caller: Caller, asked: SymFilter) -> wire.Row:
    """GET interest/user_detail: the coin's margin market to its levels (resolutions 139)."""
    return {
        margin_market(row): {
            "exchangeType": row["exchangeType"],
            "coin": row["coin"],
            "updateTime": str(services.started_at_ms),
            "levels": [{name: level[name] for name in LEVEL_FIELDS} for level in row["levels"]],
        }
        for row in _rows_of(services.reference, asked.exchange)
    }


async def pools(services: Services, caller: Caller, asked: SymFilter) -> list[wire.Row] | Refusal:
    """GET loan/pool: what can still be borrowed, by exchange and coin (resolutions 140)."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        reference = desk.reference
        lent = dict.fromkeys((*reference.loan_tiers, *reference.loan_pools))
        pairs = [(Exchange(e), coin) for e, _, coin in (key.partition(":") for key in lent)]
        if asked.coin is not None and asked.coin not in {coin for _, coin in pairs}:
            return UNKNOWN_COIN
        return [
            {
                "exchangeType": exchange,
                "coin": coin,
                "maxAviLoan": text(pool_left(desk.turn, exchange, coin)),
            }
            for exchange, coin in pairs
            if asked.exchange in (None, exchange) and asked.coin in (None, coin)
        ]

    return await services.read(render)
