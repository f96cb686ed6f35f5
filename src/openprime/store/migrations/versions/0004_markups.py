"""What brokers collected from their sub-portfolios."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, read by the MainPortfolio in the order of time."""
    op.create_table(
        "markups",
        sa.Column(
            "collection_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("portfolio_id", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("exchange", sa.String, nullable=False),
        sa.Column("business", sa.String, nullable=False),
        sa.Column("coin", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    columns = "portfolio_id created_at_ms collection_id exchange business coin"
    op.create_index("markups_by_time", "markups", columns.split())
