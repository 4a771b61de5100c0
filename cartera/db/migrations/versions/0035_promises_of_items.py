"""What is promised or disputed of a part of an invoice alone, and of a chargeback that names none."""

from cartera.db.migrate import execute_sql_file

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    execute_sql_file(__file__)
