"""A customer may say something about all channels, or about all addresses of one."""

from cartera.db.migrate import execute_sql_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_sql_file(__file__)
