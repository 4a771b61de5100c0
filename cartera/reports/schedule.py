"""When which report is e-mailed to whom; and the one day, the latest, that a schedule is due for."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from psycopg2.extras import Json

from cartera import users
from cartera.clock import utc_now
from cartera.contact_rules.moments import zone_named
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.errors import ConfigError
from cartera.reminders.decide import email_address
from cartera.reports.asked import check_size, check_values
from cartera.reports.document import Filter, parse_filters
from cartera.reports.exports import FORMATS, Format
from cartera.reports.store import checked_id, find
from cartera.reports.wording import LOCALES, Language
from cartera.settings import get_settings
from cartera.warehouse.read import Row, rows

LAST_DAY = 31
"""Of `month_day`: the last of whatever month."""

LOOKED_BACK = 40
"""Days: every schedule is due at least once in so many."""


@dataclass(frozen=True)
class When:
    """`weekdays` (1 Monday to 7 Sunday) or `month_day` (1 to 28, or LAST_DAY), at an hour of a time zone."""

    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    hour: int = 7
    timezone: str = "UTC"

    def is_on(self, day: dt.date) -> bool:
        if self.weekdays:
            return day.isoweekday() in self.weekdays
        is_last = (day + dt.timedelta(days=1)).month != day.month
        return is_last if self.month_day == LAST_DAY else day.day == self.month_day

    def at(self, day: dt.date) -> dt.datetime:
        """The moment of a day, in UTC. An hour that the clocks leave out comes an hour later, one that they repeat is
        its first."""
        local = dt.datetime.combine(day, dt.time(self.hour), ZoneInfo(self.timezone))
        return local.astimezone(dt.UTC)


def latest_due(when: When, active_from: dt.datetime, now: dt.datetime) -> tuple[dt.date, dt.datetime] | None:
    """The last day whose moment has come, and the moment. However many were missed, it is one."""
    today = now.astimezone(ZoneInfo(when.timezone)).date()
    for days in range(LOOKED_BACK):
        day = today - dt.timedelta(days=days)
        moment = when.at(day)
        if moment < active_from:
            return None
        if when.is_on(day) and moment <= now:
            return day, moment
    return None


@dataclass(frozen=True)
class Schedule:
    """`report`: the id of a saved one or the name of a ready-made one. `filters`: besides those of the report.

    `broken`: why its filters can't be read any more; then nothing is made of it.
    """

    schedule_id: str
    owner: str
    report: str
    recipient: str
    language: Language
    format: Format
    filters: tuple[Filter, ...]
    when: When
    skips_empty: bool
    active_from: dt.datetime
    version: int
    broken: str | None = None


def add(
    owner: str,
    report: str,
    recipient: str,
    when: When,
    *,
    language: Language = "en",
    format: Format = "xlsx",
    filters: Sequence[Filter] = (),
    skips_empty: bool = True,
    schedule_id: str | None = None,
) -> str:
    """Schedule a report from now on; the same id twice does it once. Raises ConfigError, TooLarge."""
    address = email_address(recipient)
    if not address:
        raise ConfigError(f"{recipient!r} is no e-mail address", "write one address, as ana@example.com")
    check_recipient(address)
    _check(when, language, format)
    found = find(owner, report)
    # what can't be narrowed would go out whole
    narrowed, companies = found.document.with_filters(filters), owner_of(owner).companies
    check_values(found.document, filters, companies)
    check_size(found.name, narrowed, format, companies)
    given = {
        "id": schedule_id or str(uuid.uuid4()),
        "owner": owner,
        "report": found.report_id,
        "recipient": address,
        "language": language,
        "format": format,
        "filters": Json([each.model_dump(mode="json", exclude_defaults=True) for each in filters]),
        "weekdays": list(when.weekdays) or None,
        "month_day": when.month_day,
        "hour": when.hour,
        "timezone": when.timezone,
        "skips": skips_empty,
        "now": utc_now(),
    }
    with transaction(Role.campaign) as connection:
        rows(
            connection,
            "insert into ops.report_schedules (schedule_id, owner, report, recipient, language_code, format, filters,"
            " weekdays, month_day, hour, timezone, skips_empty, active_from) values (%(id)s, %(owner)s, %(report)s,"
            " %(recipient)s, %(language)s, %(format)s, %(filters)s, %(weekdays)s, %(month_day)s, %(hour)s,"
            " %(timezone)s, %(skips)s, %(now)s) on conflict (schedule_id) do nothing returning version",
            given,
        )
    return str(given["id"])


def check_recipient(address: str) -> None:
    """Raises ConfigError where reports may not leave for its domain."""
    domains = [each.strip().lower() for each in get_settings().report_domains.split(",") if each.strip()]
    if domains and address.rpartition("@")[2].lower() not in domains:
        raise ConfigError(
            f"reports go to addresses of {', '.join(domains)} alone, and {address} is none",
            "name another recipient, or add its domain to CARTERA_REPORT_DOMAINS",
        )


def owner_of(owner: str) -> Actor:
    """As they stand today. Who signs in has an address; other names are of people here. Raises ConfigError."""
    if "@" not in owner:
        return Actor.local(owner)
    user = users.find(owner)
    if user is None:
        raise ConfigError(f"{owner} may not sign in any more", "let somebody else schedule it, or `cartera users add`")
    return Actor(user.email, user.role, user.companies)


def schedules(owner: str | None = None, report: str | None = None) -> list[Schedule]:
    """Those that have not ended: of one owner or all, of one report or all."""
    with transaction(Role.campaign) as connection:
        found = rows(
            connection,
            "select * from ops.report_schedules where ended_at is null"
            " and (%(owner)s::text is null or owner = %(owner)s)"
            " and (%(report)s::text is null or report = %(report)s) order by active_from, schedule_id",
            {"owner": owner, "report": report},
        )
    return [of_row(row) for row in found]


def end(owner: str, schedule_id: str) -> None:
    """Nothing is sent of it any more. Raises ConfigError when it is not the owner's."""
    with transaction(Role.campaign) as connection:
        ended = rows(
            connection,
            "update ops.report_schedules set ended_at = coalesce(ended_at, %(now)s), version = version + 1"
            " where schedule_id = %(id)s::uuid and owner = %(owner)s returning version",
            {"id": checked_id(schedule_id), "owner": owner, "now": utc_now()},
        )
    if not ended:
        raise ConfigError(f"{owner} has no schedule {schedule_id}", "a schedule is ended by its owner alone")


def of_row(row: Row) -> Schedule:
    when = When(tuple(row["weekdays"] or ()), row["month_day"], row["hour"], row["timezone"])
    filters: tuple[Filter, ...] = ()
    broken = None
    try:
        filters = parse_filters(row["filters"])
    except ConfigError as error:
        broken = error.problem
    return Schedule(
        str(row["schedule_id"]),
        row["owner"],
        row["report"],
        row["recipient"],
        row["language_code"],
        row["format"],
        filters,
        when,
        row["skips_empty"],
        row["active_from"],
        row["version"],
        broken,
    )


def _check(when: When, language: str, format: str) -> None:
    """Raises ConfigError."""
    if bool(when.weekdays) == (when.month_day is not None):
        raise ConfigError("a schedule is by days of the week or by a day of the month", "say one of both")
    if not set(when.weekdays) <= set(range(1, 8)) or when.month_day not in (None, *range(1, 29), LAST_DAY):
        raise ConfigError("there is no such day", "days of the week are 1 to 7, of the month 1 to 28, or 31: its last")
    if not 0 <= when.hour <= 23:
        raise ConfigError(f"there is no hour {when.hour}", "write 0 to 23")
    if zone_named(when.timezone) is None:
        raise ConfigError(f"{when.timezone!r} is no time zone", "write it as in the IANA database, e.g. America/Lima")
    if language not in LOCALES or format not in FORMATS:
        raise ConfigError(
            f"{language!r} or {format!r} is not possible", f"{', '.join(LOCALES)} and {', '.join(FORMATS)} are"
        )
