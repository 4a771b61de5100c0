"""The tie-out certificate: buckets = open items = ledger, per company and currency, = the source's own total.

Law 3: no certificate, no publication, no reminder. A run compares in the slot it just built and stores the
result; `compare` does the same over what is served, for any two clocks. Both are made from the same SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from importlib.resources import files

from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Composable, Identifier

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.errors import NotPublished
from cartera.runs import Check
from cartera.warehouse import read
from cartera.warehouse.build_plan import BuildPlan
from cartera.warehouse.read import Row, rows

SHOWN_DIFFERENCES = 10


def _sql(name: str) -> str:
    return files("cartera.warehouse").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class CertificateLine:
    """One company and currency. Unapplied credit is negative: open items + unapplied = ledger."""

    company_id: str
    currency_code: str
    buckets_amount: Decimal
    open_items_amount: Decimal
    ledger_amount: Decimal
    unapplied_amount: Decimal
    source_control_amount: Decimal | None
    controlled_ledger_amount: Decimal | None

    @property
    def differences(self) -> list[str]:
        """In words, what does not tie; empty when all does."""
        found = []
        if self.buckets_amount != self.open_items_amount:
            found.append(f"buckets {self.buckets_amount} but open items {self.open_items_amount}")
        if self.open_items_amount + self.unapplied_amount != self.ledger_amount:
            found.append(
                f"open items {self.open_items_amount} and unapplied {self.unapplied_amount}"
                f" but ledger {self.ledger_amount}"
            )
        if self.source_control_amount is not None and self.source_control_amount != self.controlled_ledger_amount:
            found.append(
                f"the source reports {self.source_control_amount} open but its ledger gives"
                f" {self.controlled_ledger_amount}"
            )
        return found

    @property
    def is_tied(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Marts:
    """What is compared: relations with the columns of the marts of the same names, at the two clocks."""

    as_of: dt.date
    known_at: dt.datetime
    entries: Composable
    items: Composable
    open_items: Composable
    aging: Composable
    controls: Composable


def built(plan: BuildPlan) -> Marts:
    """The slot just built."""
    names = ("fct_ledger_entries", "dim_items", "fct_open_items", "fct_aging", "fct_source_controls")
    return Marts(plan.as_of, plan.known_at, *(Identifier(f"marts_{plan.slot}", name) for name in names))


def served(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> Marts:
    """What is published, as `cartera aging` reads it at these clocks. Raises NotPublished."""
    open_items = read.items_at(connection, as_of, known_at)
    aging = read.cells_at(connection, as_of, known_at)
    if rows(connection, "select to_regclass('serve.fct_source_controls') is null as is_missing")[0]["is_missing"]:
        raise NotPublished("what is published was built before it held the sources' own totals", "run `cartera run`")
    entries, items, controls = (
        Identifier("serve", name) for name in ("fct_ledger_entries", "dim_items", "fct_source_controls")
    )
    return Marts(as_of, known_at, entries, items, open_items, aging, controls)


def compare(connection: Connection, marts: Marts) -> list[CertificateLine]:
    """One line per company and currency."""
    parameters = {"as_of": marts.as_of, "known_at": marts.known_at}
    return [CertificateLine(**row) for row in rows(connection, _composed("tie_out", marts), parameters)]


def differences(
    connection: Connection, marts: Marts, lines: Sequence[CertificateLine], limit: int = SHOWN_DIFFERENCES
) -> list[Row]:
    """The documents behind lines that do not tie, largest of each company and currency first.

    company_id, currency_code, equation, document_id (invoice, payment or credit note; None where buckets
    differ), document_number, customer_id, left_amount and right_amount (of the equation), difference_amount.
    """
    untied = tuple((line.company_id, line.currency_code) for line in lines if not line.is_tied)
    if not untied:
        return []
    parameters = {"as_of": marts.as_of, "known_at": marts.known_at, "keys": untied, "limit": limit}
    return rows(connection, _composed("tie_out_differences", marts), parameters)


def _composed(name: str, marts: Marts) -> Composable:
    controlled = SQL(_sql("controlled_invoices")).format(entries=marts.entries, controls=marts.controls)
    return SQL(_sql(name)).format(
        entries=marts.entries,
        items=marts.items,
        open_items=marts.open_items,
        aging=marts.aging,
        controlled=controlled,
    )


def certify(run_id: str, plan: BuildPlan) -> tuple[list[CertificateLine], list[Row]]:
    """Compare the totals in the slot just built and store the certificate of this run.

    Returns its lines, and the documents behind those that do not tie.
    """
    with transaction(Role.transformer) as connection:
        lines = compare(connection, built(plan))
        _store(connection, run_id, plan, lines)
        return lines, differences(connection, built(plan), lines)


def _store(connection: Connection, run_id: str, plan: BuildPlan, lines: Sequence[CertificateLine]) -> None:
    columns = ["run_id", *(field.name for field in fields(CertificateLine)), "is_tied"]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.certificates (run_id, issued_at, as_of_date, known_at, is_tied)"
            " values (%s, %s, %s, %s, %s)",
            (run_id, utc_now(), plan.as_of, plan.known_at, all(line.is_tied for line in lines)),
        )
        execute_values(
            cursor,
            SQL("insert into ops.certificate_lines ({}) values %s").format(SQL(", ").join(map(Identifier, columns))),
            [(run_id, *astuple(line), line.is_tied) for line in lines],
        )


def checks(lines: Sequence[CertificateLine], documents: Sequence[Row] = ()) -> list[Check]:
    """One check per line; a failed one names the documents that differ."""
    return [
        Check(
            gate="tie-out",
            subject=f"{line.company_id} {line.currency_code}",
            name="buckets = open items = ledger = source",
            severity="critical",
            passed=line.is_tied,
            observed=f"{line.ledger_amount:f}",
            message="; ".join([*line.differences, *_named(line, documents)]),
        )
        for line in lines
    ]


def _named(line: CertificateLine, documents: Sequence[Row]) -> list[str]:
    names = [
        str(each["document_number"] or each["document_id"] or each["customer_id"])
        for each in documents
        if (each["company_id"], each["currency_code"]) == (line.company_id, line.currency_code)
    ]
    return [f"look at {', '.join(names)}"] if names else []
