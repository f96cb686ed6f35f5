"""What the desk tells of accounts, wallets and positions, by the formulas of the risk model.

Pure reads: every published field is computed here from state and prices. The aggregates of an
account are cut to 8 decimals, as rules see them; all else is unrounded, and how it is printed is
the wire's business. Amounts are in USDT unless a field is named after a coin.
"""

from decimal import Decimal

import msgspec

from openprime.desk.deleveraging import adl_rank
from openprime.desk.desk import Desk
from openprime.desk.ledger import available, equity, frozen, liability, overdraw
from openprime.desk.liquidation_price import liquidation_price
from openprime.desk.margin import refresh, totals
from openprime.desk.risk import account_status, uni_mmr
from openprime.desk.state import Account, Portfolio, Position, Wallet
from openprime.desk.tiers import (
    maintenance_margin,
    position_tier,
    sized_in_contracts,
)
from openprime.desk.transferable import max_transferable
from openprime.desk.turn import Turn
from openprime.desk.worth import mark_of, profit_of
from openprime.model.instrument import Instrument
from openprime.model.numbers import AMOUNT_PLACES, ONE, ZERO, negative_part, positive_part, truncate
from openprime.model.vocabulary import AccountStatus, Exchange, PositionMode, PositionSide

NO_WORTH_RISK_RATIO = Decimal(9999)


class AccountView(msgspec.Struct, frozen=True):
    """One margin account (rest-trading 3.1). `uni_mmr` is None where nothing needs maintenance."""

    portfolio_id: int
    exchange: Exchange
    equity: Decimal
    margin_value: Decimal
    open_loss_margin: Decimal
    valid_margin: Decimal
    perp_margin: Decimal
    debt_margin: Decimal
    frozen_margin: Decimal
    available_margin: Decimal
    maintain_margin: Decimal
    uni_mmr: Decimal | None
    risk_ratio: Decimal
    position_value: Decimal
    upnl: Decimal
    account_status: AccountStatus
    position_mode: PositionMode


class AssetView(msgspec.Struct, frozen=True):
    """One wallet (rest-trading 3.2), in its coin but for the *_value and *_margin fields."""

    portfolio_id: int
    exchange: Exchange
    coin: str
    balance: Decimal
    available: Decimal
    frozen: Decimal
    equity: Decimal
    debt: Decimal
    borrow: Decimal
    overdraw: Decimal
    virtual_borrow: Decimal
    upnl: Decimal
    index_price: Decimal
    equity_value: Decimal
    margin_value: Decimal
    perp_margin: Decimal
    debt_margin: Decimal
    max_transferable: Decimal
    created_at_ms: int
    updated_at_ms: int


class PositionView(msgspec.Struct, frozen=True):
    """One open position (rest-trading 2.1). `liq_price` is None where it is never liquidated."""

    position_id: int
    portfolio_id: int
    exchange: Exchange
    sym: str
    side: PositionSide
    quantity: Decimal
    value: Decimal
    margin: Decimal
    maintenance: Decimal
    upnl: Decimal
    upnl_rate: Decimal
    average_price: Decimal
    mark_price: Decimal
    leverage: int
    max_leverage: int
    risk_level: str
    fee: Decimal
    funding_fee: Decimal
    liq_price: Decimal | None
    created_at_ms: int
    updated_at_ms: int


class TierView(msgspec.Struct, frozen=True):
    """One bracket as a client sees it: notional in USDT, the broker's leverage cap applied."""

    sym: str
    floor: Decimal
    cap: Decimal
    max_leverage: int
    mm_rate: Decimal
    level: str


class AdlRank(msgspec.Struct, frozen=True):
    sym: str
    rank: int
    position_id: int
    side: PositionSide


def account_view(desk: Desk, account: Account) -> AccountView:
    """All aggregates of an account (risk-model 6)."""
    turn = desk.turn
    refresh(turn, account)
    sums = totals(account)
    ratio = uni_mmr(sums)
    if ratio is None:
        risk_ratio = ZERO
    elif sums.valid <= ZERO:
        risk_ratio = NO_WORTH_RISK_RATIO
    else:
        risk_ratio = sums.maintenance / sums.valid
    return AccountView(
        portfolio_id=account.portfolio_id,
        exchange=account.exchange,
        equity=truncate(account.equity, AMOUNT_PLACES),
        margin_value=sums.margin_value,
        open_loss_margin=sums.open_loss,
        valid_margin=sums.valid,
        perp_margin=sums.perp_margin,
        debt_margin=sums.debt_margin,
        frozen_margin=sums.frozen,
        available_margin=sums.available,
        maintain_margin=sums.maintenance,
        uni_mmr=ratio,
        risk_ratio=risk_ratio,
        position_value=truncate(account.position_value, AMOUNT_PLACES),
        upnl=truncate(_account_upnl(turn, account), AMOUNT_PLACES),
        account_status=account_status(account, sums, turn.settings),
        position_mode=account.position_mode,
    )


def _account_upnl(turn: Turn, account: Account) -> Decimal:
    upnl = ZERO
    for wallet in account.wallets.values():
        if wallet.upnl:
            upnl += wallet.upnl * (turn.index_price(wallet.coin) or ZERO)
    return upnl


def asset_view(desk: Desk, account: Account, coin: str) -> AssetView:
    """All fields of one wallet (risk-model 3); the wallet must exist."""
    turn = desk.turn
    refresh(turn, account)
    wallet = account.wallets[coin]
    price = turn.index_price(coin) or ZERO
    owned = equity(wallet)
    return AssetView(
        portfolio_id=account.portfolio_id,
        exchange=account.exchange,
        coin=coin,
        balance=positive_part(wallet.cash + wallet.borrowed),
        available=available(wallet),
        frozen=frozen(wallet),
        equity=owned,
        debt=negative_part(owned),
        borrow=wallet.borrowed,
        overdraw=overdraw(wallet),
        virtual_borrow=_virtual_borrow(wallet, price),
        upnl=wallet.upnl,
        index_price=price,
        equity_value=wallet.equity_value,
        margin_value=wallet.margin_value,
        perp_margin=wallet.perp_margin,
        debt_margin=wallet.debt_margin,
        max_transferable=max_transferable(turn, account, wallet),
        created_at_ms=wallet.created_at_ms,
        updated_at_ms=wallet.updated_at_ms,
    )


def _virtual_borrow(wallet: Wallet, price: Decimal) -> Decimal:
    """Coins borrowed in name only to carry positions; for display (risk-model 3)."""
    if not price:
        return ZERO
    needed = wallet.perp_margin / price + frozen(wallet) - positive_part(equity(wallet))
    return positive_part(positive_part(needed) - liability(wallet))


def position_view(desk: Desk, account: Account, position: Position) -> PositionView:
    """All fields of one position (risk-model 4)."""
    turn = desk.turn
    refresh(turn, account)
    instrument = turn.reference.instruments[position.sym]
    mark = mark_of(turn, instrument)
    size = abs(position.quantity)
    value = size * instrument.contract_size * mark
    leverage = account.exposures[position.leg].leverage
    upnl = profit_of(instrument, position, mark)
    entry = position.average_price * size * instrument.contract_size
    tier = position_tier(turn, instrument, size, value)
    return PositionView(
        position_id=position.position_id,
        portfolio_id=position.portfolio_id,
        exchange=position.exchange,
        sym=position.sym,
        side=position.side,
        quantity=position.quantity,
        value=value,
        margin=value / leverage,
        maintenance=maintenance_margin(turn, instrument, size, value),
        upnl=upnl,
        upnl_rate=upnl * leverage / entry if entry else ZERO,
        average_price=position.average_price,
        mark_price=mark,
        leverage=leverage,
        max_leverage=turn.rules[position.sym].capped_leverage(tier.max_leverage) if tier else 1,
        risk_level=tier.level if tier else "1",
        fee=position.fee,
        funding_fee=position.funding_fee,
        liq_price=liquidation_price(turn, account, position),
        created_at_ms=position.created_at_ms,
        updated_at_ms=position.updated_at_ms,
    )


def position_tiers_view(desk: Desk, sym: str) -> list[TierView]:
    """The brackets of a PERP symbol in USDT, at the present mark (resolutions 117, 118)."""
    turn = desk.turn
    instrument = turn.reference.instruments[sym]
    unit = _tier_unit(turn, instrument)
    return [
        TierView(
            sym=sym,
            floor=tier.floor * unit,
            cap=tier.cap * unit,
            max_leverage=turn.rules[sym].capped_leverage(tier.max_leverage),
            mm_rate=tier.mm_rate * turn.settings.maintenance_multiplier,
            level=tier.level,
        )
        for tier in turn.reference.position_tiers.get(sym, ())
    ]


def _tier_unit(turn: Turn, instrument: Instrument) -> Decimal:
    if sized_in_contracts(instrument):
        return instrument.contract_size * mark_of(turn, instrument)
    return ONE


def leverage_view(desk: Desk, account: Account, sym: str) -> int:
    """The leverage that counts for a PERP symbol of an account."""
    return desk.turn.leverage(account, desk.reference.instruments[sym])


def adl_ranks(desk: Desk, portfolio: Portfolio, sym: str | None = None) -> list[AdlRank]:
    """The ADL rank, 1 to 5, of each of the portfolio's positions (resolutions 158)."""
    ranks = []
    for account in portfolio.accounts.values():
        for position in account.positions.values():
            if sym is None or position.sym == sym:
                rank = adl_rank(desk.turn, account, position)
                ranks.append(AdlRank(position.sym, rank, position.position_id, position.side))
    return ranks
