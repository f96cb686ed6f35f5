"""Transfers, deposits and withdrawals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One table a kind, read by user and time; transfers by the client's own id too."""
    _create("transfers", "transfer_id", "source_id target_id", "", "client_order_id")
    op.create_index(
        "transfers_by_client", "transfers", ["user_id", "client_order_id", "transfer_id"]
    )
    _create("deposits", "deposit_id", "account_id", "account_type", "")
    _create("withdrawals", "withdrawal_id", "account_id", "account_type", "")


def _create(table: str, key: str, accounts: str, types: str, more: str) -> None:
    """A table and its index by time, which holds all that its list is filtered by."""
    op.create_table(
        table,
        sa.Column(key, _ROW_ID, primary_key=True, autoincrement=False),
        *(_integer(name) for name in ("user_id", "created_at_ms", *accounts.split())),
        *(_text(name) for name in (*types.split(), "coin")),
        sa.Column("status", sa.Integer, nullable=False),
        *map(_text, more.split()),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    filters = f"user_id created_at_ms {key} {accounts} {types} coin status"
    op.create_index(f"{table}_by_time", table, filters.split())


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)
