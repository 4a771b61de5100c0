"""How far each system was read, in the transaction that landed it."""

from cartera.db.migrate import execute_sql_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute_sql_file(__file__)
