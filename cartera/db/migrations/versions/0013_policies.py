"""A step may go by several channels, one after the other."""

from cartera.db.migrate import execute_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute_sql_file(__file__)
