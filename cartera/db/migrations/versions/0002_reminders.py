"""Reminders: plans, contacts with their items and events, skips, holds."""

from cartera.db.migrate import execute_sql_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_sql_file(__file__)
