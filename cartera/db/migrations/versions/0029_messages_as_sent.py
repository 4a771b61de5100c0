"""The words of messages are kept as they went out; who is erased goes from the log of views too."""

from cartera.db.migrate import execute_sql_file

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    execute_sql_file(__file__)
