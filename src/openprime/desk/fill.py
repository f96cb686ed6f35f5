"""One fill of an order, as it is booked."""

from decimal import Decimal

import msgspec

from openprime.model.vocabulary import Liquidity


class Fill(msgspec.Struct, frozen=True):
    """Quantity in order units; amount, fee and rebate in quote coin, none of them below 0."""

    price: Decimal
    quantity: Decimal
    amount: Decimal
    fee: Decimal
    rebate: Decimal
    liquidity: Liquidity
