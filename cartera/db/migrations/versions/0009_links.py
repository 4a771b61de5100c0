"""Control totals of systems, which payments count, and the rules by which customers are linked."""

from cartera.db.migrate import execute_sql_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    execute_sql_file(__file__)
