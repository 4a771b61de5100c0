"""The newest rows of a group of quarantine are found without reading the group."""

from cartera.db.migrate import execute_sql_file

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    execute_sql_file(__file__)
