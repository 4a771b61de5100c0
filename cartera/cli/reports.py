"""`cartera reports`: reports built from the marts, as files and by e-mail."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.cli.reminders import current_user
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError

if TYPE_CHECKING:
    from cartera.reports.document import Document, Filter
    from cartera.reports.schedule import When
    from cartera.reports.store import Broken, Saved

LISTED = ("report_id", "name", "owner", "is_shared", "parts", "version")
SCHEDULED = ("schedule_id", "report", "recipient", "when", "format", "language", "owner")
DELIVERED = ("schedule_id", "due_on", "report", "recipient", "status", "row_count", "answer")
PREVIEWED = 1_000

UserOption = Annotated[str, typer.Option("--user", help="Whose reports: those saved without signing in are local's.")]
ReportArgument = Annotated[str, typer.Argument(help="Its name or id; see `cartera reports list`.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="Keep only some rows, e.g. collector=Ana or due_date=last_30_days; | for either."),
]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: that of the report.")]
KnownAtOption = Annotated[
    str | None, typer.Option("--known-at", help="As known at this moment (a date: its end, UTC).")
]


class FileFormat(StrEnum):
    xlsx = "xlsx"
    xlsx_raw = "xlsx-raw"
    csv = "csv"
    pdf = "pdf"


class FileLanguage(StrEnum):
    en = "en"
    es = "es"
    pt = "pt"


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Reports from the marts: run, export, send by e-mail on a schedule.", no_args_is_help=True)
    for command in (list_, run, export, schedule, unschedule, send, settle):
        group.command(command.__name__.strip("_"))(command)
    app.add_typer(group, name="reports")


def list_(user: UserOption = "local", format: FormatOption = Format.table) -> None:
    """Reports to choose from, what is scheduled, and what became of the last e-mails."""
    from cartera.reports import schedule as schedules
    from cartera.reports import store
    from cartera.reports.send import deliveries

    found = [{**vars(each), "parts": _parts(each)} for each in store.listed(user)]
    scheduled = [vars(each) | {"when": _when(each.when)} for each in schedules.schedules(user)]
    sent = deliveries(user)
    if format is Format.json:
        print_json(
            {
                "reports": [{name: row[name] for name in LISTED} for row in found],
                "schedules": [{name: row[name] for name in SCHEDULED} for row in scheduled],
                "deliveries": sent,
            }
        )
        return
    print_rows(found, LISTED, format, "reports")
    if format is Format.table and scheduled:
        print_rows(scheduled, SCHEDULED, format, "scheduled")
    if format is Format.table and sent:
        print_rows(sent, DELIVERED, format, "last deliveries")


def run(
    report: ReportArgument,
    where: WhereOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    user: UserOption = "local",
    format: FormatOption = Format.table,
) -> None:
    """Print a report: the first rows of each part, and totals of all."""
    from cartera.reports.build import amounts_by_currency
    from cartera.reports.exports import frame
    from cartera.reports.made import make, reading
    from cartera.reports.wording import Wording

    wording, date, moment = Wording("en"), _date(as_of), parse_moment(known_at) if known_at else None
    saved, document = _asked(report, where, user, date, moment)
    with reading() as connection:
        made = make(connection, saved.name, document, as_of=date, known_at=moment, limit=PREVIEWED)
    parts = [
        {
            "title": frame.part_title(table, wording),
            "mart": table.part.mart,
            "filters": wording.filters(table.part, made.clocks.as_of),
            "row_count": table.row_count,
            "is_capped": table.is_capped,
            "totals": amounts_by_currency(table.totals),
            "rows": table.rows,
        }
        for table in made.tables
    ]
    if format is Format.json:
        print_json({"report": saved.name, "as_of": made.clocks.as_of, "known_at": made.clocks.known_at, "parts": parts})
        return
    for table in made.tables:
        title = f"{frame.part_title(table, wording)}, as of {made.clocks.as_of}"
        print_rows(table.rows, [each.name for each in table.shown], format, title)
        for label, text in frame.about_part(made, table, wording):
            messages.print(f"{label}: {text}", markup=False)
        if table.is_capped:
            messages.print(f"the first {PREVIEWED:,} rows are shown; totals are of all", markup=False)


def export(
    report: ReportArgument,
    output: Annotated[Path | None, typer.Option("--output", help="File or folder. Default: here, by its name.")] = None,
    format: Annotated[FileFormat, typer.Option("--format", help="Kind of file.")] = FileFormat.xlsx,
    language: Annotated[FileLanguage, typer.Option("--language", help="Its words.")] = FileLanguage.en,
    where: WhereOption = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    user: UserOption = "local",
) -> None:
    """Write a report to a file: every row, with totals by currency. That it was taken is in `cartera audit views`."""
    from cartera.desk import Actor
    from cartera.reports.exports import export as make_file
    from cartera.reports.exports import frame
    from cartera.reports.made import make_whole
    from cartera.reports.wording import Wording
    from cartera.viewed import record

    date, moment = _date(as_of), parse_moment(known_at) if known_at else None
    saved, document = _asked(report, where, user, date, moment)
    made = make_whole(saved.name, document, as_of=date, known_at=moment)
    file = make_file(made, format.value, Wording(language.value))
    path = output or Path(file.name)
    path = path / file.name if path.is_dir() else path
    operator = Actor.local(current_user())
    clocks = {"as_of": made.clocks.as_of.isoformat(), "known_at": made.clocks.known_at.isoformat()}
    given = {"report": made.name, **clocks, **frame.in_the_log(made)} | ({"where": " ".join(where)} if where else {})
    record(operator.user, operator.role, "export", path.name, given, made.row_count)
    path.write_bytes(file.content)
    messages.print(f"wrote {path}: {made.row_count:,} rows", markup=False)


def schedule(
    report: ReportArgument,
    to: Annotated[str, typer.Option("--to", help="Who receives it; one address.")],
    weekdays: Annotated[
        str | None, typer.Option("--weekdays", help="1 Monday to 7 Sunday, e.g. 1 or 1,2,3,4,5.")
    ] = None,
    month_day: Annotated[int | None, typer.Option("--month-day", help="1 to 28, or 31: the last of the month.")] = None,
    hour: Annotated[int, typer.Option("--hour", min=0, max=23, help="Hour of the day in --timezone.")] = 7,
    timezone: Annotated[str, typer.Option("--timezone", help="As in the IANA database, e.g. America/Lima.")] = "UTC",
    format: Annotated[FileFormat, typer.Option("--format", help="Kind of file.")] = FileFormat.xlsx,
    language: Annotated[FileLanguage, typer.Option("--language", help="Its words.")] = FileLanguage.en,
    where: WhereOption = None,
    send_empty: Annotated[bool, typer.Option("--send-empty", help="Send it also when no row is in it.")] = False,
    user: UserOption = "local",
) -> None:
    """E-mail a report on days of the week, or on a day of the month."""
    from cartera.reports import schedule as schedules

    days = tuple(int(day) for day in (weekdays or "").split(",") if day.strip().isdigit())
    if weekdays and len(days) != len(weekdays.split(",")):
        raise ConfigError(f"--weekdays {weekdays!r} is no list of days", "write e.g. 1,5 for Mondays and Fridays")
    schedule_id = schedules.add(
        user,
        report,
        to,
        schedules.When(days, month_day, hour, timezone),
        language=language.value,
        format=format.value,
        filters=_filters(where),
        skips_empty=not send_empty,
    )
    messages.print(f"scheduled: {schedule_id}. `cartera reports send` or the DAG send_reports sends what is due")


def unschedule(schedule_id: Annotated[str, typer.Argument()], user: UserOption = "local") -> None:
    """Send nothing of a schedule any more."""
    from cartera.reports import schedule as schedules

    schedules.end(user, schedule_id)
    messages.print("ended; nothing more is sent of it")


def send() -> None:
    """E-mail the scheduled reports that are due, each once."""
    from cartera.outgoing import reminder_channels, send_due_reports, where_to

    report = send_due_reports()
    channels = {name: each for name, each in reminder_channels().items() if name == "email"}
    messages.print(
        f"sent {report.sent} ({where_to(channels)}), skipped {report.skipped}, failed {report.failed}, unknown"
        f" {report.unknown}"
    )


def settle(
    schedule_id: Annotated[str, typer.Argument()],
    due_on: Annotated[str, typer.Argument(help="The day that it was due, YYYY-MM-DD.")],
    sent: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether the recipient has it.")],
) -> None:
    """Say what became of an e-mail whose fate is unknown; one that was not sent, or has failed, goes out with the next
    `send`."""
    from cartera.reports.send import settle as settle_delivery
    from cartera.reports.store import checked_id

    settle_delivery(checked_id(schedule_id), parse_date(due_on), was_sent=sent)
    messages.print("settled")


def _parts(each: Saved | Broken) -> str:
    from cartera.reports.store import Broken

    return f"broken: {each.why}" if isinstance(each, Broken) else ", ".join(part.mart for part in each.document.parts)


def _asked(
    report: str, where: list[str] | None, user: str, as_of: dt.date | None, known_at: dt.datetime | None
) -> tuple[Saved, Document]:
    from cartera.reports.asked import check_values
    from cartera.reports.store import find

    saved, filters = find(user, report), _filters(where)
    narrowed = saved.document.with_filters(filters)
    check_values(saved.document, filters, None, as_of=as_of, known_at=known_at)
    return saved, narrowed


def _filters(where: list[str] | None) -> list[Filter]:
    from typing import get_args

    from cartera.reports.document import Period, parse_filters

    found: list[dict[str, object]] = []
    for text in where or ():
        column, sign, value = text.partition(">=" if ">=" in text else "=")
        if not sign:
            raise ConfigError(f"--where {text!r} is no condition", "write e.g. collector=Ana or open_amount>=1000")
        if sign == ">=":
            found.append({"column": column, "at_least": _number(value)})
        elif value in get_args(Period):
            found.append({"column": column, "period": value})
        else:
            found.append({"column": column, "among": value.split("|")})
    return list(parse_filters(found))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ConfigError(f"{text!r} is no amount", "write it as 1000 or 1000.50") from None


def _date(text: str | None) -> dt.date | None:
    return parse_date(text) if text else None


def _when(when: When) -> str:
    days = f"weekdays {','.join(map(str, when.weekdays))}" if when.weekdays else f"day {when.month_day} of the month"
    return f"{days} at {when.hour:02d}:00 {when.timezone}"
