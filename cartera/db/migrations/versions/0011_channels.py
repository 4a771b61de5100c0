"""What comes back of contacts: reports, bad addresses, what debtors want; and calls for people."""

from cartera.db.migrate import execute_sql_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute_sql_file(__file__)
