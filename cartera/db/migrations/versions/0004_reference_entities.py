"""Companies with their calendars, closed days and exchange rates."""

from cartera.db.migrate import execute_sql_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_sql_file(__file__)
