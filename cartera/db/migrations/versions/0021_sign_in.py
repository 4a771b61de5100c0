"""Who may sign in to the dashboard, of which companies, and what each took out of it or looked at."""

from cartera.db.migrate import execute_sql_file

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    execute_sql_file(__file__)
