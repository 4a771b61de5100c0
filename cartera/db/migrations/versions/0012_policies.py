"""Several channels per step, and what customers said about each channel and address."""

from cartera.db.migrate import execute_sql_file

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    execute_sql_file(__file__)
