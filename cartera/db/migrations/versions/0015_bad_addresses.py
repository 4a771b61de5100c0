"""Which addresses do not work now: what bounced, and what a provider refused when it was sent."""

from cartera.db.migrate import execute_sql_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute_sql_file(__file__)
