"""Who looked at the rows of a load is in the log of views; what a load left in quarantine is found by its load."""

from cartera.db.migrate import execute_sql_file

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    execute_sql_file(__file__)
