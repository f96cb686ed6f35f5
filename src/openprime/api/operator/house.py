"""The house: what its accounts hold, the insurance fund, and positions that it took over."""

from openprime.api import wire
from openprime.api.operator.action import PREFIX, AdminRow, Nothing
from openprime.api.services import Services
from openprime.desk.desk import Desk
from openprime.desk.insurance import fund_balance
from openprime.model.numbers import text


async def house(services: Services, asked: Nothing) -> wire.Row:
    """The other side of all wallets, by account and coin; per coin both sides sum to zero."""

    def render(desk: Desk) -> wire.Row:
        state = desk.state
        accounts = {
            name: {coin: text(amount) for coin, amount in coins.items() if amount}
            for name, coins in state.house.items()
        }
        positions = [
            {
                "sym": sym,
                "positionQty": text(position.quantity),
                "avgPrice": text(position.average_price),
            }
            for sym, position in state.house_positions.items()
        ]
        return {
            "insuranceFund": text(fund_balance(desk.turn)),
            "accounts": accounts,
            "positions": positions,
        }

    return await services.read(render)


ROWS: tuple[AdminRow, ...] = (
    AdminRow(
        "GET",
        f"{PREFIX}house",
        "The house: its accounts by coin, the insurance fund, positions taken over",
        Nothing,
        house,
        "{insuranceFund, accounts: map of account to amounts by coin, "
        "positions: [{sym, positionQty, avgPrice}]}",
    ),
)
