"""The class of a call's answer lands with its contact, and outlives the words of the customer."""

from cartera.db.migrate import execute_sql_file

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    execute_sql_file(__file__)
