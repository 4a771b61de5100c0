"""Which addresses do not work now; and what came back of a customer is erased with it."""

from cartera.db.migrate import execute_sql_file

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    execute_sql_file(__file__)
