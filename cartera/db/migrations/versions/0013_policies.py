"""A step may go by several channels; a customer may say something about all of them, or all addresses of one."""

from cartera.db.migrate import execute_sql_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    execute_sql_file(__file__)
