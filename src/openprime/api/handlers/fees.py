"""What trades cost, and what a broker adds to it (rest-trading 6.4, rest-admin 12)."""

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.parameters.account import BrokerFees, InstrumentType
from openprime.api.parameters.broker import Collections, SubFee, SubFees, date_text
from openprime.api.parameters.table import NoParameters
from openprime.api.services import Services
from openprime.desk.commands import SetMarkup
from openprime.desk.desk import Desk
from openprime.desk.events import MarkupCollected
from openprime.desk.fees import market_of, markup_of, rates_of
from openprime.desk.markups import MarkupPart
from openprime.desk.owners import main_portfolio
from openprime.desk.state import Portfolio
from openprime.errors import Refusal
from openprime.model.numbers import text
from openprime.model.reference import LISTED_EXCHANGES
from openprime.model.vocabulary import Business, Exchange
from openprime.store.history import Filter
from openprime.store.markup_history import markups_collected

FEE_GROUP = "A"
BROKER_LEVEL = "T1"
FLOW_IN = "IN"
COLLECTED = "SUCCESS"


def _fee_group(taker: str, maker: str) -> list[wire.Row]:
    """One group that holds every symbol (resolutions 147)."""
    return [{"groupName": FEE_GROUP, "takerFee": taker, "makerFee": maker, "symList": []}]


async def user_fees(
    services: Services, caller: Caller, asked: NoParameters
) -> list[wire.Row] | Refusal:
    """GET userFeeRate: what the key's portfolio pays."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        portfolio = caller.own(desk.state)
        if isinstance(portfolio, Refusal):
            return portfolio
        return [_fee_row(desk, portfolio, row) for row in desk.reference.fee_rows]

    return await services.read(render)


def _fee_row(desk: Desk, portfolio: Portfolio, usual: wire.Row) -> wire.Row:
    """A market's row; rates that are everybody's stand as the reference data has them."""
    exchange, business = usual["exchangeType"], usual["businessType"]
    market = market_of(Exchange(exchange), Business(business))
    fee = rates_of(desk.state, desk.reference, portfolio, market).fee
    row = usual
    if fee != desk.reference.fees[market]:
        changed = {"takerFeeRate": text(fee.taker), "makerFeeRate": text(fee.maker)}
        row = {**usual, **changed, "level": fee.level}
    return {**row, "groupList": _fee_group(row["takerFeeRate"], row["makerFeeRate"])}


async def broker_fees(
    services: Services, caller: Caller, asked: BrokerFees
) -> list[wire.Row] | Refusal:
    """GET broker/feeRate: of the MainPortfolio, and of the portfolios that are named."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        chosen: list[Portfolio] = []
        for named in (None, *map(int, asked.portfolios)):
            portfolio = caller.reach(desk.state, named, writes=False)
            if isinstance(portfolio, Refusal):
                return portfolio
            if portfolio not in chosen:
                chosen.append(portfolio)
        return _broker_rows(desk, chosen, asked)

    return await services.read(render)


async def sub_fees(services: Services, caller: Caller, asked: SubFees) -> list[wire.Row] | Refusal:
    """GET broker/sub/feeRate: of the key's own portfolio and of the MainPortfolio."""

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        own = caller.own(desk.state)
        if isinstance(own, Refusal):
            return own
        main = main_portfolio(desk.state, caller.user.user_id)
        return _broker_rows(desk, [own, main], asked)

    return await services.read(render)


def _broker_rows(
    desk: Desk, portfolios: list[Portfolio], asked: BrokerFees | SubFees
) -> list[wire.Row]:
    return [
        _broker_row(desk, portfolio, exchange, kind)
        for portfolio in portfolios
        for exchange in LISTED_EXCHANGES
        for kind in InstrumentType
        if asked.exchange in (None, exchange) and asked.instrument_type in (None, kind)
    ]


def _broker_row(
    desk: Desk, portfolio: Portfolio, exchange: Exchange, kind: InstrumentType
) -> wire.Row:
    market = market_of(exchange, Business(kind))
    fee = rates_of(desk.state, desk.reference, portfolio, market).fee
    markup = markup_of(portfolio, market)
    taker, maker = text(fee.taker), text(fee.maker)
    return {
        "portfolioId": str(portfolio.portfolio_id),
        "exchange": exchange,
        "instType": kind,
        "effDate": date_text(markup.since_ms if markup else portfolio.created_at_ms),
        "maker": maker,
        "taker": taker,
        "level": BROKER_LEVEL,
        "groupList": _fee_group(taker, maker),
    }


async def set_sub_fee(services: Services, caller: Caller, asked: SubFee) -> wire.Row | Refusal:
    """POST broker/subFeeRate: from the beginning of a day on."""
    outcome = await services.sequencer.submit(
        SetMarkup(
            user_id=caller.user.user_id,
            portfolio_id=asked.portfolio_id,
            exchange=asked.exchange,
            business=Business(asked.instrument_type),
            from_ms=asked.from_ms,
            taker=None if asked.taker is None else MarkupPart(asked.kind, asked.taker),
            maker=None if asked.maker is None else MarkupPart(asked.kind, asked.maker),
        )
    )
    return outcome.refusal or {"effDate": date_text(asked.from_ms)}


async def _collected(
    services: Services, caller: Caller, asked: Collections
) -> list[MarkupCollected]:
    kind = asked.instrument_type
    filter = Filter(
        portfolio_id=caller.portfolio.portfolio_id,
        begin_ms=asked.begin_ms,
        end_ms=asked.end_ms,
        exchange=asked.exchange,
        business=None if kind is None else Business(kind),
        coin=asked.coin,
    )
    await services.sequencer.settled()
    found = await services.store.read(
        markups_collected, services.store, filter, asked.page, asked.page_size
    )
    return list(found)


async def clearing_statement(
    services: Services, caller: Caller, asked: Collections
) -> list[wire.Row]:
    """GET broker/clearingStatement: what came to the MainPortfolio, newest first."""
    return [
        {
            "id": str(row.collection_id),
            **_collection_fields(row),
            "statementFlowType": FLOW_IN,
            "createAt": str(row.time_ms),
            "updateAt": str(row.time_ms),
        }
        for row in await _collected(services, caller, asked)
    ]


async def collection_record(
    services: Services, caller: Caller, asked: Collections
) -> list[wire.Row]:
    """GET broker/collectionRecord: from which sub-portfolio it came. Clients read the time under
    two names.
    """
    return [
        {
            **_collection_fields(row),
            "subPortfolioId": str(row.sub_portfolio_id),
            "status": COLLECTED,
            "createAt": str(row.time_ms),
            "createdAt": str(row.time_ms),
        }
        for row in await _collected(services, caller, asked)
    ]


def _collection_fields(row: MarkupCollected) -> wire.Row:
    return {
        "userId": str(row.user_id),
        "portfolioId": str(row.portfolio_id),
        "exchangeType": row.exchange,
        "businessType": row.business,
        "transactionId": str(row.transaction_id),
        "coin": row.coin,
        "amount": text(row.amount),
    }
