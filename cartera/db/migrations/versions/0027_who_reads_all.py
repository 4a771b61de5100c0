"""Who reads of all companies is asked once, while a statement is planned."""

from cartera.db.migrate import execute_sql_file

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    execute_sql_file(__file__)
