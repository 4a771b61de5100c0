"""${message}"""

from cartera.db.migrate import execute_sql_file

revision = "${up_revision}"
down_revision = "${down_revision}"


def upgrade() -> None:
    execute_sql_file(__file__)
