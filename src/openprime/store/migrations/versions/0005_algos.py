"""Algo orders that ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, read in the order of time or by the clients' own ids."""
    op.create_table(
        "algo_orders",
        sa.Column(
            "algo_order_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("portfolio_id", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("market_id", sa.Integer, nullable=False),
        sa.Column("algo_type", sa.String, nullable=False),
        sa.Column("client_order_id", sa.String, nullable=False),
        sa.Column("attached_order_id", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    columns = "portfolio_id created_at_ms algo_order_id market_id algo_type"
    op.create_index("algo_orders_by_time", "algo_orders", columns.split())
    columns = "portfolio_id client_order_id algo_order_id"
    op.create_index("algo_orders_by_client", "algo_orders", columns.split())
    columns = "portfolio_id attached_order_id algo_order_id"
    op.create_index("algo_orders_by_parent", "algo_orders", columns.split())
