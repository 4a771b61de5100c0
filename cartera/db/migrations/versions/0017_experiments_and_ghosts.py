"""Experiments: who was drawn for which arm. Ghost shoppers: test debtors, what they owe and what they were told."""

from cartera.db.migrate import execute_sql_file

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    execute_sql_file(__file__)
