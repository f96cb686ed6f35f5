"""Currencies and Assets V2: what there is and how it can move (rest-admin 4.3, 4.4).

Of V2 the paths and fields are not known outside: they have their most probable form.
"""

from collections.abc import Iterable

from openprime.api import wire
from openprime.api.edge.auth import Caller
from openprime.api.handlers.balances import funding_balances, held_balances
from openprime.api.parameters.account import SymFilter
from openprime.api.parameters.assets import AccountKind, Networks, OneAccount, PrimeKind
from openprime.api.parameters.readers import portfolio_id
from openprime.api.parameters.table import NoParameters
from openprime.api.services import Services
from openprime.api.wire.funds import Balance
from openprime.desk.desk import Desk
from openprime.desk.owners import portfolios_of
from openprime.desk.state import Portfolio
from openprime.errors import Refusal
from openprime.model.numbers import ZERO, text
from openprime.model.reference import LISTED_EXCHANGES, Reference

UNKNOWN_CURRENCY = Refusal(403010)
UNKNOWN_ACCOUNT = Refusal(404004)
MS_PER_SECOND = 1000


# -- currencies


def _coins(reference: Reference) -> list[str]:
    """Every coin that can be moved: those with a row of their own, and all that are traded."""
    traded = {c for i in reference.instruments.values() for c in (i.base, i.quote)}
    return [*reference.currencies, *sorted(traded - reference.currencies.keys())]


async def currencies(
    services: Services, caller: Caller, asked: SymFilter
) -> list[wire.Row] | Refusal:
    """GET asset/currencies: how each coin moves (resolutions 167, 171, 172)."""
    coins = _coins(services.reference)
    if asked.coin is not None and asked.coin not in coins:
        return UNKNOWN_CURRENCY
    confirm_s = services.desk.turn.settings.network_confirm_ms // MS_PER_SECOND
    return [
        _currency_row(services.reference, coin, confirm_s)
        for coin in coins
        if asked.coin in (None, coin)
    ]


def _currency_row(reference: Reference, coin: str, confirm_s: int) -> wire.Row:
    currency = reference.currency(coin)
    assert currency is not None, "the coin is one of those that can be moved"
    return {
        "currency": coin,
        "currencyName": coin,
        "transferPrecision": currency.precision,
        "minTransfer": text(currency.minimum),
        "networks": [
            {
                "network": network,
                "minDeposit": text(currency.minimum),
                "minWithdraw": text(reference.withdraw_minimum(coin)),
                "estNetworkFee": text(fee),
                "confirmSeconds": confirm_s,
            }
            for network, fee in currency.networks.items()
        ],
    }


# -- Assets V2


def _amounts(balance: Balance) -> wire.Row:
    return {
        "totalBalance": wire.exact(balance.available + balance.frozen),
        "available": wire.exact(balance.available),
        "frozen": wire.exact(balance.frozen),
        "valueUsdt": wire.amount(balance.value),
    }


def _total(balances: Iterable[Balance]) -> str:
    return wire.amount(sum((balance.value for balance in balances), ZERO))


async def funding_assets(services: Services, caller: Caller, asked: NoParameters) -> list[wire.Row]:
    """GET v2 asset/funding: a row a coin. What it holds is not kept apart by network, so the one
    row of networks names none.
    """

    def render(desk: Desk) -> list[wire.Row]:
        user = desk.state.users[caller.user.user_id]
        return [
            {
                "currency": balance.coin,
                **_amounts(balance),
                "networks": [{"network": "", **_amounts(balance)}],
            }
            for balance in funding_balances(desk, user)
        ]

    return await services.read(render)


async def trading_accounts(
    services: Services, caller: Caller, asked: NoParameters
) -> list[wire.Row]:
    """GET v2 tradingAccount/list: the portfolios of the user, each valued as a whole."""

    def render(desk: Desk) -> list[wire.Row]:
        return [
            {
                "id": str(portfolio.portfolio_id),
                "primeType": PrimeKind.RAPIDX,
                "name": portfolio.name,
                "accountTypes": list(portfolio.accounts),
                "totalUsdt": _total(
                    balance
                    for account in portfolio.accounts.values()
                    for balance in held_balances(desk, account)
                ),
            }
            for portfolio in portfolios_of(desk.state, caller.user.user_id)
            if not portfolio.closed
        ]

    return await services.read(render)


async def trading_account_assets(
    services: Services, caller: Caller, asked: OneAccount
) -> list[wire.Row] | Refusal:
    """GET v2 tradingAccount/assets: one slice an exchange. Code: 404004 for an id that is none of
    the user's.
    """

    def render(desk: Desk) -> list[wire.Row] | Refusal:
        wanted = portfolio_id(asked.account_id)
        portfolio = caller.reach(desk.state, wanted, writes=False) if wanted else UNKNOWN_ACCOUNT
        return UNKNOWN_ACCOUNT if isinstance(portfolio, Refusal) else _slices(desk, portfolio)

    return await services.read(render)


def _slices(desk: Desk, portfolio: Portfolio) -> list[wire.Row]:
    rows = []
    for account in portfolio.accounts.values():
        balances = held_balances(desk, account)
        rows.append(
            {
                "id": str(portfolio.portfolio_id),
                "primeType": PrimeKind.RAPIDX,
                "accountType": account.exchange,
                "totalUsdt": _total(balances),
                "assets": [{"currency": b.coin, **_amounts(b)} for b in balances],
            }
        )
    return rows


async def transfer_networks(
    services: Services, caller: Caller | None, asked: Networks
) -> list[wire.Row]:
    """GET v2 transfer/networks: the coins that can go from one end to the other, and how. Inside
    the broker a network is recorded only and costs nothing (resolutions 168); accounts at exchanges
    that the broker does not keep are not reached.
    """
    ends = (
        (asked.from_kind, asked.from_prime, asked.from_exchange),
        (asked.to_kind, asked.to_prime, asked.to_exchange),
    )
    trading = [end for end in ends if end[0] is AccountKind.TRADING]
    if not trading or any(
        prime is PrimeKind.DMA or exchange not in LISTED_EXCHANGES for _, prime, exchange in trading
    ):
        return []
    reference = services.reference
    return [
        {
            "currency": row["currency"],
            "transferPrecision": row["transferPrecision"],
            "minTransfer": row["minTransfer"],
            "networks": [
                {
                    "network": network["network"],
                    "available": True,
                    "minTransfer": row["minTransfer"],
                    "networkFee": "0",
                    "confirmSeconds": 0,
                }
                for network in row["networks"]
            ],
        }
        for row in (_currency_row(reference, coin, 0) for coin in _coins(reference))
    ]
