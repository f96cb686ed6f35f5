"""The tables, said once: the migrations are tested against them.

The history tables hold what is filtered and sorted by as columns, and the rest as one body, so
that a commit writes few cells. A market is a small number for (exchange, business, sym): every
filter by any of the three is a filter on that one number, and it fits into the time index.

Each list is read by `<table>_by_time`, which holds all that the list can be filtered by: counting
a window and skipping to a page touch the index alone. An index by symbol too would make a rare
symbol's list quicker and every commit dearer; at ten million rows the time index will do.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

# The newest of the migrations, which leads to the tables below.
SCHEMA = "0006"

metadata = MetaData()

# SQLite's own row number serves as the key only where the type is spelled INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# One row a batch. `checksum` seals the blob to the digest before it, `digest` is the one after.
journal = Table(
    "journal",
    metadata,
    Column("first_sequence", RowId, primary_key=True, autoincrement=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("checksum", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

# A snapshot's row is written after all its parts: without the row there is no snapshot.
snapshots = Table(
    "snapshots",
    metadata,
    Column("sequence", RowId, primary_key=True, autoincrement=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("state_hash", LargeBinary, nullable=False),
    Column("part_count", Integer, nullable=False),
    Column("version", String, nullable=False),
)

snapshot_parts = Table(
    "snapshot_parts",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("blob", LargeBinary, nullable=False),
)

markets = Table(
    "markets",
    metadata,
    Column("market_id", Integer, primary_key=True, autoincrement=False),
    Column("exchange", String, nullable=False),
    Column("business", String, nullable=False),
    Column("sym", String, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("market_id", Integer, nullable=False),
    Column("executed", Boolean, nullable=False),
    Column("client_order_id", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("orders_by_time", "portfolio_id", "created_at_ms", "order_id", "market_id", "executed"),
    Index("orders_by_client", "portfolio_id", "client_order_id", "order_id"),
)

executions = Table(
    "executions",
    metadata,
    Column("transaction_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("market_id", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("executions_by_time", "portfolio_id", "created_at_ms", "transaction_id", "market_id"),
    Index("executions_by_order", "order_id", "transaction_id"),
)

positions = Table(
    "position_history",
    metadata,
    Column("position_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("market_id", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("position_history_by_time", "portfolio_id", "created_at_ms", "position_id", "market_id"),
)

statements = Table(
    "statements",
    metadata,
    Column("statement_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("market_id", Integer, nullable=False),
    Column("coin", String, nullable=False),
    Column("statement_type", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "statements_by_time",
        "portfolio_id",
        "created_at_ms",
        "statement_id",
        "market_id",
        "coin",
        "statement_type",
    ),
)

# `day` counts UTC days since 1970; amounts are decimal texts in the market's quote coin.
daily_totals = Table(
    "daily_totals",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, primary_key=True, autoincrement=False),
    Column("market_id", Integer, primary_key=True, autoincrement=False),
    Column("amount", String, nullable=False),
    Column("fee", String, nullable=False),
    Column("realised_pnl", String, nullable=False),
    sqlite_with_rowid=False,
)

# Money that moves. Accounts are portfolios by their id, and a user's funding account by the user's;
# `account_type` is the exchange, or "" for a funding account.
transfers = Table(
    "transfers",
    metadata,
    Column("transfer_id", RowId, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("source_id", BigInteger, nullable=False),
    Column("target_id", BigInteger, nullable=False),
    Column("coin", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("client_order_id", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "transfers_by_time",
        "user_id",
        "created_at_ms",
        "transfer_id",
        "source_id",
        "target_id",
        "coin",
        "status",
    ),
    Index("transfers_by_client", "user_id", "client_order_id", "transfer_id"),
)

deposits = Table(
    "deposits",
    metadata,
    Column("deposit_id", RowId, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("account_type", String, nullable=False),
    Column("coin", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "deposits_by_time",
        "user_id",
        "created_at_ms",
        "deposit_id",
        "account_id",
        "account_type",
        "coin",
        "status",
    ),
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("withdrawal_id", RowId, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("account_type", String, nullable=False),
    Column("coin", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "withdrawals_by_time",
        "user_id",
        "created_at_ms",
        "withdrawal_id",
        "account_id",
        "account_type",
        "coin",
        "status",
    ),
)

# The operator's audit, which is read by nothing but its place.
audit = Table(
    "audit",
    metadata,
    Column("audit_id", RowId, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# What brokers collected from their sub-portfolios; `business` is SPOT or PERP.
markups = Table(
    "markups",
    metadata,
    Column("collection_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("exchange", String, nullable=False),
    Column("business", String, nullable=False),
    Column("coin", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "markups_by_time",
        "portfolio_id",
        "created_at_ms",
        "collection_id",
        "exchange",
        "business",
        "coin",
    ),
)

# RapidX loans: what was borrowed and paid back, and every movement with its interest.
loan_orders = Table(
    "loan_orders",
    metadata,
    Column("order_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("coin", String, nullable=False),
    Column("client_order_id", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("loan_orders_by_time", "portfolio_id", "created_at_ms", "order_id", "kind", "coin"),
    Index("loan_orders_by_client", "portfolio_id", "client_order_id", "order_id"),
)

loan_statements = Table(
    "loan_statements",
    metadata,
    Column("statement_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("coin", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "loan_statements_by_time",
        "portfolio_id",
        "created_at_ms",
        "statement_id",
        "kind",
        "coin",
    ),
)

# Algo orders that ended; their orders are among the others, and named in the body.
algo_orders = Table(
    "algo_orders",
    metadata,
    Column("algo_order_id", RowId, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("market_id", Integer, nullable=False),
    Column("algo_type", String, nullable=False),
    Column("client_order_id", String, nullable=False),
    Column("attached_order_id", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(
        "algo_orders_by_time",
        "portfolio_id",
        "created_at_ms",
        "algo_order_id",
        "market_id",
        "algo_type",
    ),
    Index("algo_orders_by_client", "portfolio_id", "client_order_id", "algo_order_id"),
    Index("algo_orders_by_parent", "portfolio_id", "attached_order_id", "algo_order_id"),
)
