"""What `data` holds, from the words of the endpoint table to a JSON schema.

    array of X    page of X    short page of X    map of NAME to X
    {name, name: X}    X or X    NOUN

A member without a word of its own is a text. Nouns are rows that several routes answer with, in
the same words; a row has all of its members and no other.
"""

import re
from functools import cache
from typing import Any

Json = dict[str, Any]

# An answer that follows another exchange's documents.
VENUES_OWN = "as the venue's own"
# Under this name a schema has the words that nothing is known of.
UNTOLD = "$comment"

_TEXT = {"type": "string"}
_WORDS: dict[str, Json] = {
    "text": _TEXT,
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "anything": {},
}

_ORDER = """
    portfolioId, orderId, clientOrderId, orderState, sym, side, exchangeType, businessType,
    exchangeOrderType, orderType, orderQty, quoteOrderQty, limitPrice, timeInForce, executedQty,
    executedAmount, executedAvgPrice, lastExecutedQty, lastExecutedPrice, lastExecutedAmount, fee,
    feeCoin, rebate, rebateCoin, reason, reasonCode: integer, action, actionMsg, cancelType,
    amendType, reduceOnly: boolean, borrowAmount, borrowAsset, positionSide, tpTriggerPrice,
    tpTriggerType, tpPrice, slTriggerPrice, slTriggerType, slPrice, createAt, updateAt,
    portfolioName, algoOrderId, leverage: integer
"""

# Rows by the noun that stands for them; a plural is the same row.
NOUNS = {
    "order": f"{{{_ORDER}}}",
    "execution": """{
        transactionId, portfolioId, orderId, clientOrderId, exchangeType, businessType, sym, side,
        quantity, price, rpnl, execType, createAt, algoOrderId, tradingFee, tradingFeeCoin, fee,
        feeCoin, rebate, rebateCoin, tradeSource
    }""",
    "margin account": """{
        portfolioId, exchangeType, equity, maintainMargin, positionValue, uniMMR, riskRatio,
        accountStatus, marginValue, frozenMargin, perpMargin, debtMargin, openLossMargin,
        validMargin, availableMargin, upnl, positionMode
    }""",
    "wallet": """{
        portfolioId, coin, exchangeType, balance, available, frozen, debt, equity, borrow,
        overdraw, virtualBorrow, indexPrice, marginValue, upnl, debtMargin, perpMargin,
        maxTransferable, equityValue, createAt, updateAt
    }""",
    "position": """{
        positionId, portfolioId, exchangeType, sym, positionSide, positionMargin, positionMM,
        positionQty, positionValue, unrealizedPNL, unrealizedPNLRate, avgPrice, markPrice, leverage,
        maxLeverage, riskLevel, fee, fundingFee, liqPrice, tpslOrder: array of anything,
        createAt, updateAt
    }""",
    "closed position": """{
        positionId, portfolioId, portfolioName, exchangeType, sym, closedType, closedPnl,
        closedPnlRatio, closedAvgPrice, maxPositionQty, closedQty, liqFee, fundingFee, fee,
        openAvgPrice, leverage, positionHistorySide, positionMode, createAt, updateAt
    }""",
    "statement row": """{
        portfolioId: text or integer, requestId, statementId, coin, sym, statementType,
        exchangeType, businessType, beforeAvailable, afterAvailable, beforeOverdraw, afterOverdraw,
        beforeBorrow, afterBorrow, deltaAmount, createAt: text or integer
    }""",
    "bracket": """{
        sym, minNotionalValue, maxNotionalValue, maxLeverage, mmRate, riskLevel
    }""",
    "named account": """{
        accountId: integer, venues, label, exchangeUid: integer, accountNote
    }""",
    "accounts with balance": """{
        accountId: integer, accountNote, venues, accountType, totalUsdt, assetInfo: array of {
            currency, totalBalance, available, withdrawAvailable, frozen, valueUsdt
        }
    }""",
    "coin network": "{network, minDeposit, minWithdraw, estNetworkFee, confirmSeconds: integer}",
    "transfer network": """{
        network, available: boolean, minTransfer, networkFee, confirmSeconds: integer
    }""",
    "portfolio": """{
        portfolioId: integer, name, belongingTo: integer, createAt: integer, updateAt: integer
    }""",
    "rule": """{
        sym, originalSymbol, state, pricePrecision, qtyPrecision, lotSize, tickSize, minNotional,
        minSize, maxLimitSize, maxMarketSize, maxNumOrders, contractSize, liquidationFee,
        defaultLeverage, safeLeverage
    }""",
    "fee rate": """{
        exchangeType, businessType, takerFeeRate, makerFeeRate, level,
        groupList: array of fee groups
    }""",
    "broker fee rate": """{
        portfolioId, exchange, instType, effDate, maker, taker, level,
        groupList: array of fee groups
    }""",
    "fee group": "{groupName, takerFee, makerFee, symList: array of text}",
    "interest level": """{
        level: integer, exchangeType, coin, hourInterestRate, loanLimit, updateTime: integer
    }""",
    "loan account": """{
        exchange, accountStatus, ltv, netMarginValue, netValidMargin, netAvailableMargin,
        loanMargin, loanMaintenanceMargin, coins: array of {
            coin, loan, loanMmr, loanLeverage: integer, loanValue, netEquity, netEquityValue,
            netMarginValue, portfolioMaxLoanCoin
        }
    }""",
    "loan order": """{
        orderId, clientOrderId, exchange, type, coin, amount, status, createTime: integer
    }""",
    "algo order": """{
        portfolioId, algoOrderId, algoOrderType, algoProvider, clientOrderId, sym, exchangeType,
        businessType, side, limitPrice, orderQty, positionSide, reduceOnly, orderState, reason,
        reasonCode: integer, executedQty, executedAmount, executedAvgPrice, conditionType,
        conditionalTriggerPrice, conditionalTriggerPriceType, conditionalPrice, attachedOrderId,
        tpTriggerPrice, tpTriggerType, tpPrice, slTriggerPrice, slTriggerType, slPrice, startTime,
        endTime, interval, createAt, updateAt
    }""",
    "new": """{
        id: integer, newsId, newsType, category: integer, title, content, publishTime: integer,
        sourceUrl, originalUrl, authorName, authorDisplayName, authorAvatar,
        isBlueVerified: boolean, viewCount: integer, likeCount: integer, commentCount: integer,
        retweetCount: integer, currencies: array of {currencyId, fullName, symbol},
        mediaAttachments: array of {sosoUrl, originalUrl, shortUrl, mediaType},
        quotedContent: anything, createdAt: integer
    }""",
    "hot item": """{
        id: integer, newsId, newsType, title, content, publishTime: integer, ingestTime: integer,
        sourceUrl, createdAt: integer
    }""",
    "the withdrawal's id": "integer",
    "transfer": """{
        transferId: integer, clientOrderId, currency, network, txId, amount: number,
        amountReceived: number, networkFee: number, fromTradeAccountId: integer,
        toTradeAccountId: integer, fromAccountType, toAccountType, status: integer, reason,
        rapidTransfer: boolean, createdAt: integer
    }""",
    "deposit": """{
        id: integer, accountId: integer, accountType, currency, network, address, amount: number,
        status: integer, txId, info, applyTime, rapidTransfer: boolean
    }""",
    "withdrawal": """{
        id: integer, accountId: integer, fromAccountType, currency, network, memo, address,
        AddressTag, amount: number, status: integer, txId, txId2, info, applyTime, clientOrderId,
        rapidTransfer: boolean
    }""",
    "address": """{
        id: integer, currency, network, address, memo, AddressTag, status: integer, createdAt,
        category: integer
    }""",
    "bill": """{
        id, currency, clientOrderId, amount, amountReceived, networkFee, network, txId, createdAt,
        fromTradeAccountId, fromAccountType, toTradeAccountId, toAccountType, status, type
    }""",
    "notice": """{
        status: integer, startTime: integer, endTime: integer, desc, serviceType, maintainType, env
    }""",
}

_TOKEN = re.compile(r"\s*(\{|\}|,|:|[A-Za-z][A-Za-z0-9' ]*)")


@cache
def schema(shape: str) -> Json:
    """The JSON schema of a shape; what its words do not tell may be anything."""
    return _Reader(shape).shape()


class _Reader:
    """Reads a shape from left to right; what stands behind it is for people alone."""

    def __init__(self, shape: str) -> None:
        self._tokens = [token.strip() for token in _TOKEN.findall(shape)]
        self._at = 0

    def _next(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        return token

    def _takes(self, wanted: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == wanted
        self._at += found
        return found

    def shape(self) -> Json:
        if self._takes("{"):
            return self._members()
        return self._phrase(self._next())

    def _members(self) -> Json:
        members: dict[str, Json] = {}
        while not self._takes("}"):
            name = self._next()
            if not name:
                raise ValueError("expected } at the end of a shape")
            members[name] = self.shape() if self._takes(":") else _TEXT
            self._takes(",")
        return _row(members)

    def _phrase(self, words: str) -> Json:
        for start, build in _BUILDERS.items():
            if (words + " ").startswith(start):
                return build(self._rest(words.removeprefix(start.strip()).strip()))
        if words.startswith("map of "):
            _, _, rest = words.partition(" to")
            return {"type": "object", "additionalProperties": self._rest(rest.strip())}
        if " or " in words:
            return {"anyOf": [self._phrase(word) for word in words.split(" or ")]}
        if words in _WORDS:
            return _WORDS[words]
        noun = NOUNS.get(words) or NOUNS.get(_singular(words))
        return {UNTOLD: words} if noun is None else schema(noun)

    def _rest(self, words: str) -> Json:
        """What an array, a page or a map is of: the rest of the phrase, or members that follow."""
        return self._phrase(words) if words else self.shape()


def _singular(words: str) -> str:
    if words.endswith("sses"):
        return words.removesuffix("es")
    return words.removesuffix("s")


def _row(members: dict[str, Json]) -> Json:
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _array(item: Json) -> Json:
    return {"type": "array", "items": item}


def _page(item: Json) -> Json:
    counts = dict.fromkeys(("page", "pageSize", "pageNum", "totalSize"), _WORDS["integer"])
    return _row({**counts, "list": _array(item)})


def _short_page(item: Json) -> Json:
    """A page that does not tell how many there are."""
    counts = dict.fromkeys(("page", "pageSize", "totalSize"), _WORDS["integer"])
    return _row({**counts, "list": _array(item)})


_BUILDERS = {"array of ": _array, "page of ": _page, "short page of ": _short_page}
