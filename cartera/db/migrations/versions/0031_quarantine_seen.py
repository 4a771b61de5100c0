"""Who looked at quarantined rows, and who replayed them, is in the log of views."""

from cartera.db.migrate import execute_sql_file

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    execute_sql_file(__file__)
