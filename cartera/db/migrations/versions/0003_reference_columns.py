"""Customers say more of themselves; every document states its rate to the company's currency."""

from cartera.db.migrate import execute_sql_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    execute_sql_file(__file__)
