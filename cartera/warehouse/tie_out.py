"""The tie-out certificate: buckets = open items = ledger, per company and currency, = the source's own total.

Law 3: no certificate, no publication, no reminder.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from psycopg2.extras import RealDictCursor, execute_values
from psycopg2.sql import SQL, Identifier

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.runs import Check
from cartera.warehouse.transform import BuildPlan

TIE_OUT_SQL = files("cartera.warehouse").joinpath("sql/tie_out.sql").read_text(encoding="utf-8")


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


def certify(run_id: str, plan: BuildPlan) -> list[CertificateLine]:
    """Compare the four totals in the slot just built and store the certificate of this run."""
    with transaction(Role.transformer) as connection:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(
                SQL(TIE_OUT_SQL).format(marts=Identifier(f"marts_{plan.slot}")),
                {"as_of": plan.as_of, "known_at": plan.known_at},
            )
            lines = [CertificateLine(**row) for row in cursor.fetchall()]
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.certificates (run_id, issued_at, as_of_date, known_at, is_tied)"
                " values (%s, %s, %s, %s, %s)",
                (run_id, utc_now(), plan.as_of, plan.known_at, all(line.is_tied for line in lines)),
            )
            execute_values(
                cursor,
                "insert into ops.certificate_lines values %s",
                [
                    (
                        run_id,
                        line.company_id,
                        line.currency_code,
                        line.buckets_amount,
                        line.open_items_amount,
                        line.ledger_amount,
                        line.unapplied_amount,
                        line.source_control_amount,
                        line.controlled_ledger_amount,
                        line.is_tied,
                    )
                    for line in lines
                ],
            )
    return lines


def checks(lines: list[CertificateLine]) -> list[Check]:
    return [
        Check(
            gate="tie-out",
            subject=f"{line.company_id} {line.currency_code}",
            name="buckets = open items = ledger = source",
            severity="critical",
            passed=line.is_tied,
            observed=f"{line.ledger_amount:f}",
            message="; ".join(line.differences),
        )
        for line in lines
    ]
