"""The first steps of the way: what the sources deliver, what the user set, what people recorded, what was sent.

Each lands in one transaction with one recording time, and stores a report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from psycopg2.extensions import connection as Connection

from cartera.clock import utc_now
from cartera.connectors import companies, desk, links, segments
from cartera.connectors.files import FileSource, deliveries
from cartera.connectors.sources import find_source
from cartera.db import Role, transaction
from cartera.landing import LoadReport, contacts, land_all
from cartera.runs import StepReport, record, step
from cartera.settings import get_settings
from cartera.warehouse.build_plan import known_until

Landed = tuple[list[LoadReport], list[str]]
"""What was landed, and notes for the operator."""


def land_source(run_id: str, name: str, secrets: Mapping[str, str] | None = None) -> list[StepReport]:
    """Land all that one source delivers, in one transaction with one recording time.

    `secrets`: what a scheduler knows of the source and neither the environment nor the secrets file does.
    Raises SourceError (nothing of this source is landed) or ConfigError.
    """
    source = find_source(get_settings(), name)
    if isinstance(source, FileSource):
        return _landed(
            run_id, name, lambda: _at_once(lambda c: land_all(c, source.name, deliveries(source, c), utc_now()))
        )
    # what reads other systems is imported only where one is connected
    from cartera.connectors.api.deliver import deliver

    return _landed(run_id, name, lambda: deliver(source, secrets))


def land_settings(run_id: str, as_of: dt.date) -> list[StepReport]:
    """Land what the user decides: rules of segments and links, companies and calendars. Raises ConfigError."""
    with transaction(Role.loader) as connection:
        if known_until(connection) is None:
            return []  # settings of nothing
        found = [
            *companies.deliveries(get_settings(), connection, as_of),
            segments.delivery(get_settings()),
            *links.deliveries(get_settings()),
        ]
    return _landed(
        run_id, companies.SOURCE, lambda: _at_once(lambda c: land_all(c, companies.SOURCE, found, utc_now()))
    )


def land_desk(run_id: str) -> list[StepReport]:
    """Land what people promised and disputed."""
    with transaction(Role.loader) as connection:
        if known_until(connection) is None or not desk.has_any(connection):
            return []
    return _landed(
        run_id, desk.SOURCE, lambda: _at_once(lambda c: land_all(c, desk.SOURCE, desk.deliveries(c), utc_now()))
    )


def land_contacts(run_id: str) -> list[StepReport]:
    """Land what was recorded of contacts since the last run."""
    with transaction(Role.loader) as connection:
        if known_until(connection) is None:
            return []  # contacts with nobody
    return _landed(run_id, contacts.SOURCE, lambda: _at_once(lambda c: [contacts.land_contacts(c, utc_now())]))


def _at_once(land: Callable[[Connection], list[LoadReport]]) -> Landed:
    with transaction(Role.loader) as connection:
        return land(connection), []


def _landed(run_id: str, name: str, land: Callable[[], Landed]) -> list[StepReport]:
    with step(run_id, f"land {name}") as total:
        loads, notes = land()
        total.rows_in = sum(load.rows_in for load in loads)
        total.rows_out = sum(load.rows_new + load.rows_changed + load.rows_deleted for load in loads)
        total.rows_quarantined = sum(load.rows_quarantined for load in loads)
        total.message = "; ".join([_summary(loads), *notes])
        if total.rows_quarantined:
            total.status = "warning"
    reports = [_load_step(load) for load in loads if not load.is_unchanged]
    for report in reports:
        record(run_id, report)
    return [total, *reports]


def _summary(loads: Sequence[LoadReport]) -> str:
    if all(load.is_unchanged for load in loads):
        return "nothing new"
    counted = {
        "new": sum(load.rows_new for load in loads),
        "changed": sum(load.rows_changed for load in loads),
        "deleted": sum(load.rows_deleted for load in loads),
        "unchanged": sum(load.rows_unchanged for load in loads),
    }
    return ", ".join(f"{count:,} {word}" for word, count in counted.items() if count)


def _load_step(load: LoadReport) -> StepReport:
    return StepReport(
        step=f"  {load.source}.{load.entity}",
        status="warning" if load.rows_quarantined else "ok",
        rows_in=load.rows_in,
        rows_out=load.rows_new + load.rows_changed + load.rows_deleted,
        rows_quarantined=load.rows_quarantined,
        amounts={currency: amounts["in"] for currency, amounts in load.amounts.items()},
        seconds=load.seconds,
        message=_summary([load]),
    )
