"""What was borrowed from RapidX and paid back, and the statement of loans."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, read in the order of time; orders by the clients' own ids too."""
    for table, key in (("loan_orders", "order_id"), ("loan_statements", "statement_id")):
        named = [sa.Column("client_order_id", sa.String, nullable=False)]
        op.create_table(
            table,
            sa.Column(
                key,
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                primary_key=True,
                autoincrement=False,
            ),
            sa.Column("portfolio_id", sa.BigInteger, nullable=False),
            sa.Column("created_at_ms", sa.BigInteger, nullable=False),
            sa.Column("kind", sa.String, nullable=False),
            sa.Column("coin", sa.String, nullable=False),
            *(named if table == "loan_orders" else ()),
            sa.Column("body", sa.LargeBinary, nullable=False),
        )
        columns = f"portfolio_id created_at_ms {key} kind coin"
        op.create_index(f"{table}_by_time", table, columns.split())
    columns = "portfolio_id client_order_id order_id"
    op.create_index("loan_orders_by_client", "loan_orders", columns.split())
