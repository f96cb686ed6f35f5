"""How a simulation begins: users, portfolios, keys and money, made as operators and clients do."""

from openprime.simulation.acting import Acting
from openprime.simulation.draws import Draws
from openprime.simulation.host import Host
from openprime.simulation.operators import PREFIX
from openprime.simulation.people import Client
from openprime.simulation.values import ADDRESS

USERS = 4
KEYS_EACH = 3
ADDRESSES = 3
# What a portfolio begins with, times one of RICHES: the rich move markets, the poor go under.
FUNDS = (
    ("BINANCE", "USDT", 50_000),
    ("BINANCE", "BTC", 1),
    ("OKX", "USDT", 50_000),
    ("OKX", "ETH", 10),
)
RICHES = (1, 100)


def begin(host: Host, acting: Acting, draws: Draws) -> None:
    """Start the broker for the first time, and let there be somebody to trade with it."""
    host.start()
    first = host.broker.credentials
    user_id = host.broker.desk.state.portfolios[first.portfolio_id].user_id
    acting.add_client(user_id, first.portfolio_id, first.access_key, first.secret_key or "")
    _hand_out(acting, user_id, first.portfolio_id, KEYS_EACH - 1)
    for _ in range(USERS - 1):
        user = acting.operate("POST", f"{PREFIX}/users", kind="NORMAL")
        _furnish(acting, draws, int(user["userId"]), int(user["mainPortfolioId"]))
    for user_id in acting.people.users:
        for number in range(ADDRESSES):
            entry = {"userId": user_id, "address": f"{ADDRESS}{number}", "category": "3"}
            path = f"{PREFIX}/withdrawAddresses"
            acting.operate("POST", path, currency="USDT", network="ERC20", **entry)
    for client in acting.people.clients[::KEYS_EACH]:
        _widen(host, acting, draws, client)


def _hand_out(acting: Acting, user_id: int, portfolio_id: int, keys: int) -> None:
    """Keys of a portfolio, each a client of its own."""
    for _ in range(keys):
        made = acting.operate("POST", f"{PREFIX}/keys", portfolioId=portfolio_id)
        acting.add_client(user_id, portfolio_id, made["accessKey"], made["secretKey"])


def _furnish(acting: Acting, draws: Draws, user_id: int, portfolio_id: int) -> None:
    """Keys and money for a portfolio."""
    _hand_out(acting, user_id, portfolio_id, KEYS_EACH)
    riches = draws.stream("riches", portfolio_id).choice(RICHES)
    for exchange, coin, amount in FUNDS:
        funds = {"exchange": exchange, "coin": coin, "amount": amount * riches}
        path = f"{PREFIX}/portfolios/fund"
        acting.operate("POST", path, portfolioId=portfolio_id, **funds)


def _widen(host: Host, acting: Acting, draws: Draws, client: Client) -> None:
    """A second portfolio for a user, with its own key."""
    known = len(acting.people.owners)
    route = ("POST", "/api/v1/trading/portfolio")
    host.loop.run_until_complete(acting.ask(client, route, {"name": "second"}, 1))
    acting.raise_failure()
    if len(acting.people.owners) > known:
        _furnish(acting, draws, client.user_id, list(acting.people.owners)[-1])
