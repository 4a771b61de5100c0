"""What people are about to record."""

from cartera.db.migrate import execute_sql_file

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    execute_sql_file(__file__)
