"""Whether our ledger agrees with what each system's own books state as receivable.

One that does not tie stops the run: the last publication keeps serving, and its source counts as stopped (its step
`control <source>`), so that nobody is reminded of what may be wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from itertools import groupby

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from cartera.db import Role, transaction
from cartera.runs import Check, StepReport
from cartera.warehouse.build_plan import BuildPlan
from cartera.warehouse.read import rows

WAITING = SQL("(select source, count(*) as records from quarantine.records where status = 'open' group by source)")
NOT_ASKED = SQL("(select cast(null as text) as source, 0 as records where false)")
"""Whoever reads what is served does not see the quarantine."""


@dataclass(frozen=True)
class ControlTotal:
    """`control_amount` None: their books moved while they were read, or the total is switched off."""

    source: str
    company_id: str
    currency_code: str
    control_amount: Decimal | None
    tolerance_amount: Decimal
    ledger_amount: Decimal
    quarantined_records: int

    @property
    def difference_amount(self) -> Decimal | None:
        return None if self.control_amount is None else self.ledger_amount - self.control_amount

    @property
    def is_tied(self) -> bool:
        return self.control_amount is None or abs(self.control_amount - self.ledger_amount) <= self.tolerance_amount

    @property
    def problem(self) -> str:
        """What was seen and what to do; empty when it ties."""
        if self.control_amount is None or self.is_tied:
            return ""
        waiting = (
            f"{self.quarantined_records:,} of its records wait in quarantine (`cartera quarantine list`): mend these"
            " first; else " if self.quarantined_records else ""
        )  # fmt: skip
        return (
            f"the books of {self.source} state {self.control_amount:f} receivable but its records give"
            f" {self.ledger_amount:f}, {self.ledger_amount - self.control_amount:+f}; {waiting}look for what is booked"
            " there on receivable accounts without a document that is read; when the difference is known and right, set"
            f" `control_tolerance` or `controls: off` in sources/{self.source}.yaml and run again"
        )


def compare(plan: BuildPlan) -> list[ControlTotal]:
    """In the slot just built, by source, company and currency."""
    with transaction(Role.transformer) as connection:
        return _compared(connection, f"marts_{plan.slot}", plan.known_at, WAITING)


def served(connection: Connection, known_at: dt.datetime) -> list[ControlTotal]:
    """In what is published, at a moment; nothing where it was built before it held these totals."""
    found = rows(connection, "select to_regclass('serve.fct_control_totals') is null as is_missing")
    return [] if found[0]["is_missing"] else _compared(connection, "serve", known_at, NOT_ASKED)


def _compared(connection: Connection, schema: str, known_at: dt.datetime, waiting: SQL) -> list[ControlTotal]:
    query = SQL(files("cartera.warehouse").joinpath("sql/control_totals.sql").read_text(encoding="utf-8")).format(
        entries=Identifier(schema, "fct_ledger_entries"),
        invoices=Identifier(schema, "fct_invoices"),
        credit_notes=Identifier(schema, "fct_credit_notes"),
        totals=Identifier(schema, "fct_control_totals"),
        quarantined=waiting,
    )
    return [ControlTotal(**row) for row in rows(connection, query, {"known_at": known_at})]


def checks(totals: Sequence[ControlTotal]) -> list[Check]:
    return [
        Check(
            gate="tie-out",
            subject=f"{total.source}, {total.company_id} {total.currency_code}",
            name="control total = ledger",
            severity="critical",
            passed=total.is_tied,
            observed=f"{total.ledger_amount:f}",
            message=total.problem or ("not compared this time" if total.control_amount is None else ""),
        )
        for total in totals
    ]


def steps(totals: Sequence[ControlTotal]) -> list[StepReport]:
    """One for each source: by the last of them it is known whether the source stands."""
    found = []
    for source, group in groupby(totals, key=lambda total: total.source):
        of_source = list(group)
        untied = [total for total in of_source if total.problem]
        problems = [f"{total.company_id} {total.currency_code}: {total.problem}" for total in untied]
        found.append(
            StepReport(
                step=f"control {source}",
                status="stopped" if problems else "ok",
                rows_in=len(of_source),
                rows_out=len(of_source) - len(problems),
                message="; ".join(problems),
            )
        )
    return found
