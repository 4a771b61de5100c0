"""What a slot's views were made of."""

from cartera.db.migrate import execute_sql_file

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    execute_sql_file(__file__)
