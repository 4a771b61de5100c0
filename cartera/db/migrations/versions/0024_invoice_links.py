"""Which of two sources' invoices are kept, and by which rules they are the same."""

from cartera.db.migrate import execute_sql_file

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    execute_sql_file(__file__)
