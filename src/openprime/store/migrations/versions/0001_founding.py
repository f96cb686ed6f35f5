"""The founding schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table of the first release."""
    _create_journal()
    _create_snapshots()
    _create_orders()
    _create_executions()
    _create_positions()
    _create_statements()
    _create_daily_totals()


_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_Kind = sa.types.TypeEngine[int] | type[sa.types.TypeEngine[int]]


def _key(name: str, kind: _Kind = _ROW_ID) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _integer(name: str, kind: _Kind = sa.BigInteger) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _create_journal() -> None:
    op.create_table("meta", sa.Column("key", sa.String, primary_key=True), _bytes("value"))
    op.create_table(
        "journal",
        _key("first_sequence"),
        _integer("last_sequence"),
        _bytes("blob"),
        _bytes("checksum"),
        _bytes("digest"),
    )
    op.create_table(
        "markets", _key("market_id", sa.Integer), _text("exchange"), _text("business"), _text("sym")
    )


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        _key("sequence"),
        _integer("time_ms"),
        _bytes("digest"),
        _bytes("state_hash"),
        _integer("part_count", sa.Integer),
        _text("version"),
    )
    op.create_table(
        "snapshot_parts", _key("sequence", sa.BigInteger), _key("part", sa.Integer), _bytes("blob")
    )


def _create_orders() -> None:
    op.create_table(
        "orders",
        _key("order_id"),
        _integer("portfolio_id"),
        _integer("created_at_ms"),
        _integer("market_id", sa.Integer),
        sa.Column("executed", sa.Boolean, nullable=False),
        _text("client_order_id"),
        _bytes("body"),
    )
    op.create_index(
        "orders_by_time",
        "orders",
        ["portfolio_id", "created_at_ms", "order_id", "market_id", "executed"],
    )
    op.create_index("orders_by_client", "orders", ["portfolio_id", "client_order_id", "order_id"])


def _create_executions() -> None:
    op.create_table(
        "executions",
        _key("transaction_id"),
        _integer("portfolio_id"),
        _integer("order_id"),
        _integer("created_at_ms"),
        _integer("market_id", sa.Integer),
        _bytes("body"),
    )
    op.create_index(
        "executions_by_time",
        "executions",
        ["portfolio_id", "created_at_ms", "transaction_id", "market_id"],
    )
    op.create_index("executions_by_order", "executions", ["order_id", "transaction_id"])


def _create_positions() -> None:
    op.create_table(
        "position_history",
        _key("position_id"),
        _integer("portfolio_id"),
        _integer("created_at_ms"),
        _integer("market_id", sa.Integer),
        _bytes("body"),
    )
    op.create_index(
        "position_history_by_time",
        "position_history",
        ["portfolio_id", "created_at_ms", "position_id", "market_id"],
    )


def _create_statements() -> None:
    op.create_table(
        "statements",
        _key("statement_id"),
        _integer("portfolio_id"),
        _integer("created_at_ms"),
        _integer("market_id", sa.Integer),
        _text("coin"),
        _text("statement_type"),
        _bytes("body"),
    )
    columns = "portfolio_id created_at_ms statement_id market_id coin statement_type"
    op.create_index("statements_by_time", "statements", columns.split())


def _create_daily_totals() -> None:
    op.create_table(
        "daily_totals",
        _key("user_id", sa.BigInteger),
        _key("day", sa.Integer),
        _key("portfolio_id", sa.BigInteger),
        _key("market_id", sa.Integer),
        _text("amount"),
        _text("fee"),
        _text("realised_pnl"),
        sqlite_with_rowid=False,
    )
