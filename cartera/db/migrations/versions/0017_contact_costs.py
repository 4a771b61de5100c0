"""What each contact costs."""

from cartera.db.migrate import execute_sql_file

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    execute_sql_file(__file__)
