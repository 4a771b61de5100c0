"""Reminders by company for who sees some alone; the journal of the desk says of which company each agreement is."""

from cartera.db.migrate import execute_sql_file

revision = "0031"
down_revision = "0028"


def upgrade() -> None:
    execute_sql_file(__file__)
