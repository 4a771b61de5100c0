"""What was recorded, or ended, since a moment is found without reading the rest of a raw table."""

from cartera.db.migrate import execute_sql_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_sql_file(__file__)
