"""The closed vocabularies of the API: sides, kinds, states (rest-trading 1.10, risk-model 12)."""

from enum import IntEnum, StrEnum


class Exchange(StrEnum):
    BINANCE = "BINANCE"
    OKX = "OKX"
    EDX = "EDX"


class Business(StrEnum):
    SPOT = "SPOT"
    MARGIN = "MARGIN"
    PERP = "PERP"


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"


class PositionMode(StrEnum):
    NET = "NET"
    BOTH = "BOTH"


class PositionSide(StrEnum):
    NONE = "NONE"
    LONG = "LONG"
    SHORT = "SHORT"


class OrderState(StrEnum):
    NEW = "NEW"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECT = "REJECT"
    FAIL = "FAIL"


class OrderOrigin(StrEnum):
    """Who made the order; the API calls this field orderType."""

    DMA = "DMA"
    SYSTEM_LIQ = "SYSTEM_LIQ"
    SYSTEM_REDUCE = "SYSTEM_REDUCE"
    DELIST = "DELIST"
    SETTLEMENT = "SETTLEMENT"


class OrderAction(StrEnum):
    """The last asynchronous action on an order."""

    NONE = ""
    CANCEL_PENDING = "CANCEL_PENDING"
    CANCEL_COMPLETE = "CANCEL_COMPLETE"
    CANCEL_FAILED = "CANCEL_FAILED"
    AMEND_PENDING = "AMEND_PENDING"
    AMEND_COMPLETED = "AMEND_COMPLETED"
    AMEND_FAILED = "AMEND_FAILED"


class Actor(StrEnum):
    """Who ended or changed an order (cancelType, amendType)."""

    NONE = ""
    USER = "USER"
    SYSTEM = "SYSTEM"


class Liquidity(StrEnum):
    """The role of a fill (execType)."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class AccountStatus(StrEnum):
    NORMAL = "NORMAL"
    MARGIN_CALL = "MARGIN_CALL"
    CANCEL_OPEN = "CANCEL_OPEN"
    CANCEL_ALL = "CANCEL_ALL"
    LIQUIDATING = "LIQUIDATING"
    TAKEOVER = "TAKEOVER"


class VenueHealth(StrEnum):
    """How a venue account is doing (errors 6.5)."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    RESTRICTED = "RESTRICTED"


class ClosedType(StrEnum):
    PARTIAL_CLOSED = "PARTIAL_CLOSED"
    COMPLETE_CLOSED = "COMPLETE_CLOSED"
    LIQUIDATION = "LIQUIDATION"
    SYSTEM_COMPLETE_CLOSED = "SYSTEM_COMPLETE_CLOSED"


class StatementType(StrEnum):
    FUNDING_FEE = "FUNDING_FEE"
    DEDUCT_INTEREST = "DEDUCT_INTEREST"
    LIQUIDATION_FEE = "LIQUIDATION_FEE"
    LIQ_COMPENSATION = "LIQ_COMPENSATION"
    TRANSFER = "TRANSFER"


class LoanKind(StrEnum):
    """What happened to a RapidX loan (rest-admin 10)."""

    BORROW = "borrow"
    REPAY = "repay"
    INTEREST = "interest"
    LIQUIDATION_FEE = "liquidation_fee"


class TransferStatus(IntEnum):
    """How far a transfer is (rest-admin 6.2)."""

    IN_PROGRESS = 0
    SUCCESS = 1
    FAILED = 2


class DepositStatus(IntEnum):
    """How far a deposit is (rest-admin 5.3)."""

    EXECUTING = 2
    SUCCESS = 3
    FAILED = 4


class WithdrawalStatus(IntEnum):
    """How far a withdrawal is (rest-admin 7.3)."""

    NOT_APPROVED = 1
    APPROVED = 2
    EXECUTED = 3
    FAILED = 4
    REJECTED = 5


class AddressStatus(IntEnum):
    """Whether an address of the address book may be used: only an APPROVED one (rest-admin 7.1)."""

    DELETED = -1
    TO_REVIEW = 0
    APPROVED = 1
    REJECTED = 2
    PENDING = 3


class BillKind(IntEnum):
    """What a row of a portfolio's bills is about (rest-admin 6.6)."""

    DEPOSIT = 0
    TRANSFER = 1
    WITHDRAWAL = 2


class AlgoType(StrEnum):
    TPSL = "TPSL"
    TWAP = "TWAP"
    VWAP = "VWAP"


class ConditionType(StrEnum):
    """What a TPSL waits for: one price, the nearer of two, and the same for a position's close."""

    CONDITIONAL = "CONDITIONAL"
    OCO = "OCO"
    ENTIRE_CLOSE_POSITION = "ENTIRE_CLOSE_POSITION"
    PARTIAL_CLOSE_POSITION = "PARTIAL_CLOSE_POSITION"


class WatchedPrice(StrEnum):
    """The price that a trigger waits for."""

    LAST_PRICE = "LAST_PRICE"
    MARK_PRICE = "MARK_PRICE"


class TriggerLeg(StrEnum):
    """Which of an algo order's triggers: its only one, its take profit, its stop loss."""

    CONDITIONAL = "conditional"
    TAKE_PROFIT = "takeProfit"
    STOP_LOSS = "stopLoss"


class AlgoState(StrEnum):
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PROCESSING = "PROCESSING"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class Permission(StrEnum):
    READ = "READ"
    TRADE = "TRADE"
    TRANSFER = "TRANSFER"
    WITHDRAW = "WITHDRAW"


class UserState(StrEnum):
    ACTIVE = "ACTIVE"
    PENDING_KYB = "PENDING_KYB"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class UserKind(StrEnum):
    NORMAL = "NORMAL"
    BROKER = "BROKER"


# The members that the order path compares with, by name. Python 3.11 takes a third of a
# microsecond to find a member on its class, and an order would pay that some fifty times.
BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET = OrderType.LIMIT, OrderType.MARKET
GTC, IOC, FOK, GTX = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTX
SPOT, MARGIN, PERP = Business.SPOT, Business.MARGIN, Business.PERP
NET, BOTH = PositionMode.NET, PositionMode.BOTH
NO_SIDE, LONG, SHORT = PositionSide.NONE, PositionSide.LONG, PositionSide.SHORT
NEW, OPEN, PARTIALLY_FILLED = OrderState.NEW, OrderState.OPEN, OrderState.PARTIALLY_FILLED
FILLED, CANCELLED, REJECT = OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECT
FAIL = OrderState.FAIL
CANCEL_PENDING, CANCEL_COMPLETE = OrderAction.CANCEL_PENDING, OrderAction.CANCEL_COMPLETE
AMEND_PENDING, AMEND_COMPLETED = OrderAction.AMEND_PENDING, OrderAction.AMEND_COMPLETED
AMEND_FAILED, CANCEL_FAILED = OrderAction.AMEND_FAILED, OrderAction.CANCEL_FAILED
NO_ACTION, NO_ACTOR = OrderAction.NONE, Actor.NONE
BY_USER, BY_SYSTEM = Actor.USER, Actor.SYSTEM
DMA = OrderOrigin.DMA
MAKER, TAKER = Liquidity.MAKER, Liquidity.TAKER
PARTIAL_CLOSED, COMPLETE_CLOSED = ClosedType.PARTIAL_CLOSED, ClosedType.COMPLETE_CLOSED
LIQUIDATION = ClosedType.LIQUIDATION
BINANCE, OKX = Exchange.BINANCE, Exchange.OKX
