"""When a contact may be sent: not before, and not after, when it is asked again."""

from cartera.db.migrate import execute_sql_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute_sql_file(__file__)
