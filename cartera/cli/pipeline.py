"""`cartera run`, `cartera status`: walk the whole way; what the last walks did."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.clock import parse_date, utc_now
from cartera.money import plain

AsOf = Annotated[str | None, typer.Option("--as-of", help="Date of the figures, YYYY-MM-DD. Default: today (UTC).")]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json.")]


def register(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(status)


def run(
    as_of: AsOf = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be repeated.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """The whole way, or what changed since last time: land, check, build, check, tie out, publish."""
    from cartera import pipeline
    from cartera.cli.progress import shown_steps

    with shown_steps():
        date = parse_date(as_of) if as_of else utc_now().date()
        report = pipeline.run(date, source or [])
    for name, error in report.source_errors.items():
        messages.print(f"source {name} stopped: {error}", style="red", markup=False)
    messages.print(f"{report.status}: run {report.run_id}, as of {report.as_of}", markup=False)
    if format is Format.json:
        print_json(
            {
                "run_id": report.run_id,
                "status": report.status,
                "as_of": report.as_of,
                "source_errors": {name: str(error) for name, error in report.source_errors.items()},
            }
        )
    if report.source_errors:
        raise typer.Exit(1)


def status(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many runs.")] = 5,
    format: FormatOption = Format.table,
) -> None:
    """The last runs: steps, rows, amounts, quarantined, failed checks, certificate."""
    from cartera.db import Role, transaction
    from cartera.warehouse import read_runs

    with transaction(Role.reader) as connection:
        runs = read_runs.runs(connection, limit)
        for one in runs:
            one["steps"] = read_runs.run_steps(connection, one["run_id"])
            one["failed_checks"] = [c for c in read_runs.check_results(connection, one["run_id"]) if not c["passed"]]
            one["certificate"] = read_runs.certificate(connection, one["run_id"])
    if format is Format.json:
        print_json({"runs": runs})
        return
    if not runs:
        messages.print("no run yet; start one with `cartera run` or `make demo`")
    for one in reversed(runs):
        _print_run(one, format)


STEP_COLUMNS = ["step", "status", "seconds", "rows_in", "rows_out", "rows_quarantined", "amounts", "message"]
LINE_COLUMNS = [
    "company_id",
    "currency_code",
    "buckets_amount",
    "open_items_amount",
    "ledger_amount",
    "unapplied_amount",
    "source_control_amount",
    "is_tied",
]


def _print_run(one: dict[str, Any], format: Format) -> None:
    title = f"run {one['run_id']}: {one['status']}, as of {one['as_of_date']}, {one['started_at']:%Y-%m-%d %H:%M} UTC"
    steps = [
        {**step, "amounts": " ".join(f"{c} {plain(Decimal(a), c)}" for c, a in step["amounts"].items() if c != "*")}
        for step in one["steps"]
    ]
    print_rows(steps, STEP_COLUMNS, format, title)
    for check in one["failed_checks"]:
        messages.print(f"  {check['severity']}: {check['subject']}: {check['message']}", markup=False)
    if one["certificate"]:
        lines = [
            {name: plain(v, line["currency_code"]) if isinstance(v, Decimal) else v for name, v in line.items()}
            for line in one["certificate"]
        ]
        print_rows(lines, LINE_COLUMNS, format, "tie-out certificate")
