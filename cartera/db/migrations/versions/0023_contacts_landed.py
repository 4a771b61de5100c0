"""What the warehouse is told of contacts: versions, as landing found them."""

from cartera.db.migrate import execute_sql_file

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    execute_sql_file(__file__)
