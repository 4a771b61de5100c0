"""What each contact costs."""

from cartera.db.migrate import execute_sql_file

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    execute_sql_file(__file__)
