"""What comes back of contacts: reports, bad addresses, what debtors want; and calls for people."""

from cartera.db.migrate import execute_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute_sql_file(__file__)
