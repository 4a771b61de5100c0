"""Reminders by company for who sees some alone; the journal of the desk says of which company each agreement is."""

from cartera.db.migrate import execute_sql_file

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    execute_sql_file(__file__)
