"""Raw versions, quarantine, and what every run leaves behind."""

from cartera.db.migrate import execute_sql_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    execute_sql_file(__file__)
