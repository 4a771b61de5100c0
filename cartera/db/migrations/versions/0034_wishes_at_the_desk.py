"""What customers say at the desk about how they may be reached."""

from cartera.db.migrate import execute_sql_file

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    execute_sql_file(__file__)
