"""Refunds, chargebacks, and the day on which a write-off is taken back."""

from cartera.db.migrate import execute_sql_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute_sql_file(__file__)
