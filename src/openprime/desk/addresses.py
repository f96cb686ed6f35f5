"""Addresses of the simulated networks: made from what they are for, the same for ever.

They look like addresses of their network and are none: no key belongs to them.
"""

from hashlib import sha256

from msgspec.structs import replace

from openprime.desk.commands import (
    AddWithdrawAddress,
    MakeDepositAddress,
    SetDepositExchange,
    SetWithdrawAddressStatus,
)
from openprime.desk.funds import DepositAddress, DepositRoute, WithdrawAddress, WithdrawalTerms
from openprime.desk.state import Portfolio, User
from openprime.desk.turn import Turn
from openprime.errors import Refusal
from openprime.model.vocabulary import AddressStatus, Exchange

WITHDRAW_ADDRESSES_MAX = 1000
# The category of an entry that is for one coin alone; the others are for any.
ONE_COIN = 1

_HEX = "0123456789abcdef"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "023456789acdefghjklmnpqrstuvwxyz"

# How an address of a network begins, what it is written in, and how many characters follow.
_FORMS = {
    "BTC": ("bc1q", _BECH32, 38),
    "TRC20": ("T", _BASE58, 33),
    "SOL": ("", _BASE58, 44),
    "XRP": ("r", _BASE58, 33),
    "DOGE": ("D", _BASE58, 33),
    "ADA": ("addr1q", _BECH32, 97),
    "LTC": ("ltc1q", _BECH32, 38),
    "DOT": ("1", _BASE58, 47),
}
_USUAL_FORM = ("0x", _HEX, 40)


def made_up(subject: str, alphabet: str, length: int) -> str:
    """So many characters that depend on the subject alone."""
    number, base = 0, len(alphabet)
    for part in range(-(-length // 32)):
        number = number << 256 | int.from_bytes(sha256(f"{subject}:{part}".encode()).digest())
    characters = []
    for _ in range(length):
        number, place = divmod(number, base)
        characters.append(alphabet[place])
    return "".join(characters)


def transaction_id(subject: int) -> str:
    """The id of a network's transaction, for a network that has none of its own."""
    return made_up(f"transaction:{subject}", _HEX, 64)


def address_key(account_id: int, coin: str, network: str) -> str:
    """What a deposit address is kept under."""
    return f"{account_id}:{coin}:{network}"


def make_deposit_address(turn: Turn, command: MakeDepositAddress) -> int | Refusal:
    """The id of an account's deposit address, which is made at the first asking.

    Codes: 403010 for an unknown coin, 400000 for a network that it does not move on.
    """
    code = network_code(turn, command.coin, command.network)
    if code:
        return Refusal(code)
    return deposit_address(turn, command.account_id, command.coin, command.network).address_id


def network_code(turn: Turn, coin: str, network: str) -> int:
    """What speaks against moving a coin on a network, 0 where nothing does."""
    currency = turn.reference.currency(coin)
    if currency is None:
        return 403010
    return 0 if network in currency.networks else 400000


def deposit_address(turn: Turn, account_id: int, coin: str, network: str) -> DepositAddress:
    """The deposit address of an account, made if it is new."""
    key = address_key(account_id, coin, network)
    found = turn.state.deposit_addresses.get(key)
    if found is None:
        prefix, alphabet, length = _FORMS.get(network, _USUAL_FORM)
        found = turn.state.deposit_addresses[key] = DepositAddress(
            address_id=turn.new_id(),
            account_id=account_id,
            coin=coin,
            network=network,
            address=prefix + made_up(key, alphabet, length),
            created_at_ms=turn.now_ms,
        )
    return found


def set_deposit_exchange(turn: Turn, command: SetDepositExchange) -> Refusal | None:
    """Choose where a portfolio's deposits go (rest-admin 5.2).

    Codes: 401010; 401066 where nothing is traded; of a combination 403010 and 400000.
    """
    portfolio = turn.state.portfolios.get(command.portfolio_id)
    if portfolio is None:
        return Refusal(401010)
    if command.exchange not in portfolio.accounts:
        return Refusal(401066)
    if not command.coin:
        portfolio.deposit_exchange = command.exchange
        return None
    code = network_code(turn, command.coin, command.network)
    if code:
        return Refusal(code)
    route = DepositRoute(command.coin, command.network, command.exchange, turn.now_ms)
    portfolio.deposit_routes[f"{command.coin}:{command.network}"] = route
    return None


def deposit_exchange(portfolio: Portfolio, coin: str, network: str) -> Exchange:
    """The exchange that a portfolio's deposit is credited at."""
    route = portfolio.deposit_routes.get(f"{coin}:{network}")
    return route.exchange if route else portfolio.deposit_exchange


def add_withdraw_address(turn: Turn, command: AddWithdrawAddress) -> int | Refusal:
    """Enter an address into a user's book; returns its id.

    Codes: 401022 for an unknown user, 403010, 400000 for the network or a book that is full.
    """
    user = turn.state.users.get(command.user_id)
    if user is None:
        return Refusal(401022)
    code = network_code(turn, command.coin, command.network)
    if code or len(user.withdraw_addresses) >= WITHDRAW_ADDRESSES_MAX:
        return Refusal(code or 400000)
    entry = WithdrawAddress(
        address_id=turn.new_id(),
        coin=command.coin,
        network=command.network,
        address=command.address,
        memo=command.memo,
        address_tag=command.address_tag,
        category=command.category,
        created_at_ms=turn.now_ms,
        status=command.status,
    )
    user.withdraw_addresses[entry.address_id] = entry
    return entry.address_id


def set_withdraw_address_status(turn: Turn, command: SetWithdrawAddressStatus) -> Refusal | None:
    """Let an entry be used, or no longer. Codes: 401022, 400000 for an unknown entry."""
    user = turn.state.users.get(command.user_id)
    if user is None:
        return Refusal(401022)
    entry = user.withdraw_addresses.get(command.address_id)
    if entry is None:
        return Refusal(400000)
    user.withdraw_addresses[command.address_id] = replace(entry, status=command.status)
    return None


def is_approved(user: User, terms: WithdrawalTerms) -> bool:
    """Whether the user's book lets money of this coin go to this address."""
    return any(
        entry.status is AddressStatus.APPROVED
        and entry.network == terms.network
        and entry.address == terms.address
        and entry.address_tag == terms.address_tag
        and (entry.coin == terms.coin or entry.category != ONE_COIN)
        for entry in user.withdraw_addresses.values()
    )
