"""When a contact's key was first used; and a record of contacts that shows tampering."""

from cartera.db.migrate import execute_sql_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute_sql_file(__file__)
