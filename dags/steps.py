"""What the DAGs' tasks share: their clock, how they retry, how a failed run is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from airflow.sdk import Connection, ExceptionRetryPolicy, Param, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException
from declared import DeclaredSource

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Airflow wants a date from which a clock counts; with catchup off it decides nothing."""

AS_OF = Param(
    None,
    type=["null", "string"],
    format="date",
    title="as of",
    description="The date the figures are for; empty: the date of this run, in UTC.",
)

RETRIED: dict[str, Any] = {
    "retries": 3,
    "retry_delay": dt.timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": dt.timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=["cartera.errors.GateFailed", "cartera.errors.ConfigError"],
                action=RetryAction.FAIL,
                reason="the same data and configuration would fail again",
            )
        ]
    ),
}
"""For steps that read or build: each is safe to run again, and a lock or a lost connection passes."""

DEFAULT_POOL = "default_pool"
"""Airflow's name of the pool that a task is in unless it says otherwise."""

ONCE: dict[str, Any] = {"retries": 0}


def as_of_date(context: Mapping[str, Any]) -> str:
    """The date this DAG run's figures are for, ISO: what was asked, or what the triggering asset was
    landed or published for, or the run's own date in UTC. Never the wall clock, so a retry agrees."""
    asked = context["params"].get("as_of")
    if asked:
        return str(asked)
    handed_down = [
        event.extra["as_of"]
        for events in context["triggering_asset_events"].values()
        for event in events
        if event.extra.get("as_of")
    ]
    if handed_down:
        return str(max(handed_down))
    moment = context.get("logical_date") or context["dag_run"].run_after
    return str(moment.astimezone(dt.UTC).date().isoformat())


def as_of_of_the_day(context: Mapping[str, Any]) -> str:
    """The same for what speaks to debtors: skips the task when the date is not this run's own, give or take
    the midnight that a build may last over, and nobody asked for it."""
    as_of, today = as_of_date(context), context["dag_run"].run_after.astimezone(dt.UTC).date()
    if not context["params"].get("as_of") and abs(dt.date.fromisoformat(as_of) - today) > dt.timedelta(days=1):
        raise AirflowSkipException(f"published as of {as_of}: nobody is reminded of another day's figures")
    return as_of


LIVE_FOR = dt.timedelta(hours=24)
"""A run that is older was cleared, or waited too long: what it was for has been done, or is done by a newer one."""


def require_live(context: Mapping[str, Any], now: dt.datetime | None = None) -> None:
    """For what speaks to debtors: skips the task in a backfill, and in an old run that is run again."""
    run, now = context["dag_run"], now or dt.datetime.now(dt.UTC)
    if run.run_type == "backfill":
        raise AirflowSkipException("a backfill reminds nobody")
    if now - run.run_after > LIVE_FOR:
        raise AirflowSkipException(f"this run was due {run.run_after:%Y-%m-%d %H:%M} UTC: an old run reminds nobody")


def triggered_by(context: Mapping[str, Any]) -> str:
    """How `cartera status` names this run."""
    run = context["dag_run"]
    return f"airflow {run.dag_id} {run.run_id}"


def secrets_of(source: DeclaredSource) -> dict[str, str]:
    """What the Airflow Connection `cartera_<source>` holds, if there is one: its password, and what its extra names.

    Looked up by the task that needs it, and handed on in its process alone: never in XCom, never in a log.
    """
    if source.system in (None, "files"):
        return {}
    try:
        connection = Connection.get(f"cartera_{source.name}")
    except AirflowNotFoundException:
        return {}
    extra = connection.extra_dejson
    found = {"password": connection.password, "login": connection.login, "host": connection.host, **extra}
    return {key: str(value) for key, value in found.items() if value is not None}
