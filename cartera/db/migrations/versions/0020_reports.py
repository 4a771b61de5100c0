"""Reports that people save, when they are sent to whom, what was sent; and views of pages that people keep."""

from cartera.db.migrate import execute_sql_file

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    execute_sql_file(__file__)
