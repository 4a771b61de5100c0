"""What people record about customers."""

from cartera.db.migrate import execute_sql_file

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    execute_sql_file(__file__)
