"""The way of the data, step by step: land ▸ gate ▸ build ▸ gate ▸ tie out ▸ publish.

`run` walks it once in this process; the DAGs call the same steps, so what runs by hand is what runs
on schedule. Every step stores a report and may be killed and called again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from cartera.connectors.api import systems
from cartera.connectors.sources import all_sources
from cartera.db import Role, connect, transaction
from cartera.desk.broken import end_broken_plans
from cartera.errors import CarteraError, GateFailed, SourceError
from cartera.landing import raw_schema
from cartera.landing_steps import land_contacts, land_desk, land_settings, land_source
from cartera.memory import no_collector
from cartera.runs import (
    Amounts,
    RunStatus,
    StepReport,
    alive,
    finish_run,
    judge,
    record,
    record_checks,
    start_run,
    step,
)
from cartera.settings import get_settings
from cartera.warehouse import build_plan, control_totals, gate, publish, slots, tie_out, transform
from cartera.warehouse.build_plan import BuildPlan


@dataclass
class RunReport:
    """One walk, and the sources that had to stop."""

    run_id: str
    as_of: dt.date
    status: RunStatus = "running"
    source_errors: dict[str, SourceError] = field(default_factory=dict)


def check_landed(run_id: str) -> StepReport:
    """Gate 1. Raises GateFailed on a critical expectation."""
    with step(run_id, "gate 1: landed") as report:
        checks = gate.check("landed")
        record_checks(run_id, checks)
        judge(report, checks)
    return report


def plan_build(as_of: dt.date) -> BuildPlan:
    """What must be built for `as_of`, from all that is landed now. Raises SourceError when nothing is."""
    with transaction(Role.transformer) as connection:
        known_at = build_plan.known_until(connection)
    if known_at is None:
        raise SourceError(
            "nothing has landed yet", "connect a source with `cartera connect files FILE`, or see `make demo`"
        )
    return build_plan.choose(as_of, known_at)


def build(run_id: str, plan: BuildPlan) -> StepReport:
    """dbt's models and data tests in the slot nobody reads. Raises BuildFailed or GateFailed."""
    with step(run_id, "build: dbt") as report, no_collector():
        built = transform.build(plan)
        record_checks(run_id, built.checks)
        judge(report, built.checks)
        report.rows_in, report.rows_out = None, built.entries
        report.message = report.message or f"{built.models} models, {len(built.checks)} tests"
    return report


def check_marts(run_id: str, plan: BuildPlan) -> StepReport:
    """Gate 2. Raises GateFailed on a critical expectation."""
    with step(run_id, "gate 2: marts") as report:
        checks = gate.check("marts", plan.slot)
        record_checks(run_id, checks)
        judge(report, checks)
    return report


def certify(run_id: str, plan: BuildPlan) -> StepReport:
    """The tie-out certificate. Raises GateFailed when a company and currency does not tie, or a system's own total."""
    with step(run_id, "tie-out") as report:
        lines, documents = tie_out.certify(run_id, plan)
        controls = control_totals.compare(plan)
        checks = [*tie_out.checks(lines, documents), *control_totals.checks(controls)]
        for each in control_totals.steps(controls):
            record(run_id, each)
        record_checks(run_id, checks)
        report.amounts = _by_currency(lines)
        judge(report, checks)
        report.message = report.message or f"{len(lines)} company currencies tie"
    return report


def _by_currency(lines: Sequence[tie_out.CertificateLine]) -> Amounts:
    amounts: Amounts = {}
    for line in lines:
        amounts[line.currency_code] = amounts.get(line.currency_code, Decimal(0)) + line.ledger_amount
    return amounts


def publish_marts(run_id: str, plan: BuildPlan) -> StepReport:
    """Turn the readers over to what was built."""
    with step(run_id, "publish") as report:
        published_at = publish.publish(run_id, plan)
        report.message = f"as of {plan.as_of}, known at {plan.known_at:%Y-%m-%d %H:%M:%S} UTC, {published_at:%H:%M:%S}"
    return report


def prepare_next(run_id: str, plan: BuildPlan) -> StepReport:
    """After a whole build: the second slot begins with a copy, so that the next run adds to it at once."""
    with step(run_id, "second slot") as report:
        slots.prepare_next(plan)
    return report


def is_published(plan: BuildPlan) -> bool:
    """Whether what serves now already is what this plan would give."""
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select p.as_of_date, p.known_at, s.code_hash from ops.publications as p"
            " join ops.slots as s on s.slot = p.slot order by p.publication_id desc limit 1"
        )
        return cursor.fetchone() == (plan.as_of, plan.known_at, plan.code_hash)


def build_and_publish(run_id: str, as_of: dt.date) -> RunStatus:
    """Everything after landing the sources, one build at a time.

    Raises GateFailed, BuildFailed, SourceError, ConfigError.
    """
    # of what dbt makes: a tenth of the whole way
    with _only_builder(), no_collector():
        _complete_raw_tables()
        land_settings(run_id, as_of)
        land_desk(run_id)
        land_contacts(run_id)
        plan = plan_build(as_of)
        if is_published(plan):
            end_broken_plans()  # of a run killed between its publication and this
            return "unchanged"
        check_landed(run_id)
        build(run_id, plan)
        check_marts(run_id, plan)
        certify(run_id, plan)
        publish_marts(run_id, plan)
        # not before: the money that kept a plan may have landed in this very run
        end_broken_plans()
        if plan.full_refresh:
            prepare_next(run_id, plan)
        return "published"


def _complete_raw_tables() -> None:
    """A connector may have learnt a table or column since its system landed last: the models read it already."""
    with transaction(Role.loader) as connection:
        connected = raw_schema.systems(connection)
    for name in set(connected) & set(systems.names()):
        raw_schema.ensure(name, systems.get(name).entities)


@contextmanager
def _only_builder() -> Iterator[Connection]:
    """Two builds at once would fill the same slot; the second waits for the first.

    What a killed build left running in the server is ended: it would hold its locks until its statement is done.
    """
    connection = connect(Role.transformer, autocommit=True, application_name="cartera build")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('cartera.build'))")
            cursor.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where usename = current_user and datname = current_database() and application_name = 'dbt'"
            )
        yield connection
    finally:
        connection.close()


def run(as_of: dt.date, sources: Sequence[str] = (), *, triggered_by: str = "cartera run") -> RunReport:
    """Walk the whole way for `as_of`. A source that can't be read stops alone; the others go on.

    Raises GateFailed, BuildFailed, ConfigError or DatabaseError after recording the run as failed;
    the last publication keeps serving.
    """
    names = list(sources) or [source.name for source in all_sources(get_settings())]
    report = RunReport(start_run(as_of, triggered_by), as_of)
    with alive(report.run_id):
        try:
            for name in names:
                try:
                    land_source(report.run_id, name)
                except SourceError as error:
                    report.source_errors[name] = error
            report.status = build_and_publish(report.run_id, as_of)
        except CarteraError as error:
            finish_run(report.run_id, "stopped" if isinstance(error, GateFailed) else "failed", str(error))
            raise
        problems = "; ".join(str(error) for error in report.source_errors.values())
        finish_run(report.run_id, report.status, problems)
    return report
