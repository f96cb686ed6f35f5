"""The limits that rows of the endpoint table name (resolutions T5): calls/seconds."""

from openprime.api.endpoints.endpoint import limits

PLACING = limits("1200/60", "1/5")
REPLACING = limits("300/60", "1/5")
ORDERS = limits("1200/60", "240/60")
BULK = limits("50/10", "10/10")
CLOSING_MANY = limits("3/10", "1/10")
HISTORY = limits("30/10", "6/10")
POSITION = limits("300/60", "60/60")
LEVERAGE = limits("30/1", "6/1")
PERP_LEVERAGE = limits("20/1", "6/1")
ACCOUNT = limits("2/1", "1/3")
USUAL = limits("20/1", "4/1")
EXECUTIONS = limits("5/10", "1/10")
STATEMENT = limits("100/60", "20/60")
MARKET = limits("15/10", "3/10")
RULES = limits("3/10", "1/20")
RANKS = limits("10/60", "2/60")
