"""The versions of a document, and what names it, are found by the id that staging gives it."""

from cartera.db.migrate import execute_sql_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    execute_sql_file(__file__)
