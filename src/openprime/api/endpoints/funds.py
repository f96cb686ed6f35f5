"""Routes of money that moves: transfers, deposits, withdrawals, balances."""

from msgspec.structs import replace

from openprime.api.edge.auth import KeyLevel
from openprime.api.endpoints.endpoint import Endpoint
from openprime.api.endpoints.rates import MANAGEMENT, UNLIMITED, USUAL
from openprime.api.envelope import PLATFORM
from openprime.api.handlers import balances, deposits, transfers, withdrawals
from openprime.api.parameters import funds
from openprime.api.parameters import transfers as moving
from openprime.api.parameters.table import NO_PARAMETERS
from openprime.model.vocabulary import Permission

_GIVING_CODES = (403011, 403012, 401035, 401045, 403013, 401066)
_TRANSFER_CODES = (
    *(code for code, _ in moving.TRANSFER_SYNTAX),
    *(2002, 403006, 403007, 403010, *_GIVING_CODES, 401062, 401065, 401057, 400011),
)

_WITHDRAW = Endpoint(
    "POST",
    "/api/v1/userWithdrawRecord/apply",
    "Withdraw to an approved address",
    withdrawals.apply,
    funds.WITHDRAW,
    "the withdrawal's id",
    USUAL,
    Permission.WITHDRAW,
    success=PLATFORM,
    codes=(2002, 403006, 403003, 403010, 403005, *_GIVING_CODES, 400011),
)

ROWS: tuple[Endpoint, ...] = (
    Endpoint(
        "POST",
        "/api/v1/transfer/apply",
        "Move money between funding account and portfolios, or exchanges of one",
        transfers.apply,
        moving.TRANSFER,
        "{transferId: integer, clientOrderId}",
        UNLIMITED,
        Permission.TRANSFER,
        success=PLATFORM,
        codes=_TRANSFER_CODES,
    ),
    Endpoint(
        "GET",
        "/api/v1/transfer/get",
        "One transfer",
        transfers.get,
        moving.TRANSFER_NAME,
        "transfer",
        USUAL,
        success=PLATFORM,
        codes=(403015,),
    ),
    Endpoint(
        "GET",
        "/api/v1/transfer/list",
        "Transfers",
        transfers.get_all,
        funds.TRANSFERS,
        "array of transfers",
        USUAL,
        success=PLATFORM,
    ),
    Endpoint(
        "GET",
        "/api/v1/transfer/rapidPool",
        "What a pool has for rapid transfers",
        transfers.rapid_pool,
        moving.RAPID_POOL,
        "{available}",
        USUAL,
        success=PLATFORM,
        codes=(403010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/deposit/address",
        "Where to send a deposit",
        deposits.address,
        funds.ADDRESS,
        "{id: integer, currency, network, address, createdAt: integer, minimum, accountType}",
        USUAL,
        success=PLATFORM,
        codes=(403010,),
    ),
    Endpoint(
        "GET",
        "/api/v1/deposit/exchange",
        "The exchanges that deposits go to",
        deposits.exchanges,
        NO_PARAMETERS,
        "{defaultExchange, specifics: array of {currency, network, exchange, updatedAt}}",
        USUAL,
        success=PLATFORM,
    ),
    Endpoint(
        "POST",
        "/api/v1/deposit/exchange",
        "Choose the exchange that deposits go to",
        deposits.set_exchange,
        funds.DEPOSIT_EXCHANGE,
        "{}",
        MANAGEMENT,
        Permission.TRANSFER,
        success=PLATFORM,
        codes=(401066, 403010),
    ),
    Endpoint(
        "GET",
        "/api/v1/deposit/list",
        "Deposits",
        deposits.get_all,
        funds.DEPOSITS,
        "array of deposits",
        USUAL,
        success=PLATFORM,
    ),
    Endpoint(
        "GET",
        "/api/v1/userWithdrawAddress/list",
        "The address book",
        withdrawals.addresses,
        funds.ADDRESS_BOOK,
        "array of addresses",
        USUAL,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
    ),
    _WITHDRAW,
    replace(
        _WITHDRAW,
        path="/api/v1/withdraw/apply",
        summary="Withdraw to an approved address, under a shorter path",
    ),
    Endpoint(
        "GET",
        "/api/v1/userWithdrawRecord/list",
        "Withdrawals",
        withdrawals.get_all,
        funds.WITHDRAWALS,
        "array of withdrawals",
        UNLIMITED,
        success=PLATFORM,
    ),
    Endpoint(
        "GET",
        "/api/v1/asset/getAccountCurrencyInfo",
        "The balances of funding account and portfolios",
        balances.balances,
        funds.BALANCES,
        "array of accounts with balances",
        MANAGEMENT,
        level=KeyLevel.PRIMARY,
        success=PLATFORM,
    ),
    Endpoint(
        "GET",
        "/api/v1/asset/bills",
        "What came into and went out of a portfolio",
        balances.bills,
        funds.BILLS,
        "array of bills, all texts",
        USUAL,
    ),
)
