"""What a broker asks for on behalf of its sub-portfolios."""

import msgspec

from openprime.desk.markups import MarkupPart
from openprime.model.vocabulary import Business, Exchange


class SetMarkup(msgspec.Struct, frozen=True, tag=True):
    """A markup on fees from `from_ms` on, for one sub-portfolio or, with None, for all that the
    user has. `business` is SPOT or PERP; a part that is None stays as it is.
    """

    user_id: int
    portfolio_id: int | None
    exchange: Exchange
    business: Business
    from_ms: int
    taker: MarkupPart | None
    maker: MarkupPart | None
