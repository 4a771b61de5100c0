"""Who is erased leaves the experiments too."""

from cartera.db.migrate import execute_sql_file

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    execute_sql_file(__file__)
