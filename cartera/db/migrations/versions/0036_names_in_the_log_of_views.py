"""Erasing a customer takes its names, too, out of the log of views, and out of the names of files."""

from cartera.db.migrate import execute_sql_file

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    execute_sql_file(__file__)
