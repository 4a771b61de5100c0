"""The settings as deliveries of two entities: companies, and the days on which their calendars are closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.connectors.companies.calendars import Calendar
from cartera.connectors.companies.spec import SOURCE, CompanySettings, load_companies, settings_path
from cartera.errors import ConfigError
from cartera.landing.delivery import Delivery
from cartera.landing.entities import ENTITIES, Column, Entity
from cartera.landing.whole import whole
from cartera.settings import Settings
from cartera.yaml_config import guess, line_of

YEARS_BACK, YEARS_AHEAD = 5, 3
MOST_YEARS_BACK = 30
"""An issue date before that is a mistake, and no reason to land a century of Sundays."""

Record = dict[str, Any]

PAYMENT_BOOKS = Entity(
    "payment_books",
    (
        Column("book_id", required=True),
        Column("company_id", required=True),
        Column("counted_source", required=True),
    ),
)
"""The sources whose payments count, of companies that say so."""

INVOICE_BOOKS = Entity(
    "invoice_books",
    (
        Column("book_id", required=True),
        Column("company_id", required=True),
        Column("kept_source", required=True),
        Column("position", "integer", required=True),
    ),
)
"""The sources in the order in which an invoice of theirs is kept, of companies that say so."""


def deliveries(settings: Settings, connection: Connection, as_of: dt.date) -> Iterator[Delivery]:
    """All entities, complete; none as long as there are no settings and never were. Raises ConfigError.

    A file that was taken away lands as an empty one: from then on nothing is set.
    """
    path = settings_path(settings)
    companies = load_companies(path)
    if not companies and not _ever_landed(connection):
        return
    _check_sources(settings, path, companies)
    yield whole(SOURCE, ENTITIES["companies"], company_records(companies), path.name)
    years = _years(connection, as_of) if companies else (as_of.year, as_of.year)
    yield whole(SOURCE, ENTITIES["closed_days"], closed_day_records(path, companies, *years), path.name)
    yield whole(SOURCE, PAYMENT_BOOKS, payment_book_records(companies), path.name)
    yield whole(SOURCE, INVOICE_BOOKS, invoice_book_records(companies), path.name)


def _check_sources(settings: Settings, path: Path, companies: Mapping[str, CompanySettings]) -> None:
    from cartera.connectors.sources import all_sources

    known = [source.name for source in all_sources(settings)]
    for company_id, company in companies.items():
        for key, named in (("payments_from", company.payments_from), ("invoices_from", company.invoices_from)):
            for number, name in enumerate(named or []):
                if name not in known:
                    line = line_of(path, ("companies", company_id, key, number))
                    raise ConfigError(
                        f"{path}:{line}: companies.{company_id}.{key}: there is no source {name!r};"
                        f" {guess(name, known)}",
                        "name connected sources",
                    )


def payment_book_records(companies: Mapping[str, CompanySettings]) -> list[Record]:
    """Records of the entity `payment_books`."""
    return [
        {"book_id": f"{company_id}|{name}", "company_id": company_id, "counted_source": name}
        for company_id, company in companies.items()
        for name in company.payments_from or []
    ]


def invoice_book_records(companies: Mapping[str, CompanySettings]) -> list[Record]:
    """Records of the entity `invoice_books`."""
    return [
        {"book_id": f"{company_id}|{name}", "company_id": company_id, "kept_source": name, "position": position}
        for company_id, company in companies.items()
        for position, name in enumerate(company.invoices_from or [], 1)
    ]


def company_records(companies: Mapping[str, CompanySettings]) -> list[Record]:
    """One record of the entity `companies` each."""
    return [
        {
            "company_id": company_id,
            "name": company.name,
            "currency_code": company.currency,
            "calendar_id": company.calendar_id(company_id),
            "due_date_rule": company.due_date_rule,
        }
        for company_id, company in companies.items()
    ]


def closed_day_records(
    path: Path, companies: Mapping[str, CompanySettings], first_year: int, last_year: int
) -> list[Record]:
    """Records of the entity `closed_days`: each calendar once, however many companies share it."""
    calendars: dict[str, tuple[str, Calendar]] = {}
    for company_id, company in companies.items():
        calendar_id = company.calendar_id(company_id)
        if calendar_id is not None:
            days = frozenset(company.closed), frozenset(company.open)
            calendars.setdefault(calendar_id, (company_id, Calendar(company.calendar, company.weekend_days, *days)))
    return [
        record
        for calendar_id, (company_id, calendar) in calendars.items()
        for record in _records(path, company_id, calendar_id, calendar, first_year, last_year)
    ]


def _records(
    path: Path, company_id: str, calendar_id: str, calendar: Calendar, first_year: int, last_year: int
) -> Iterator[Record]:
    try:
        for day in calendar.closed_days(first_year, last_year):
            yield {"closed_day_id": f"{calendar_id}|{day.closed_date}", "calendar_id": calendar_id, **vars(day)}
    except ValueError as error:
        raise ConfigError(f"{path}: companies.{company_id}: {error}", "take days out of `closed`") from None


def _ever_landed(connection: Connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from ops.loads where source = %s and entity = 'companies')", [SOURCE])
        return cursor.fetchone() == (True,)


def _years(connection: Connection, as_of: dt.date) -> tuple[int, int]:
    """From the first invoice, or five years back, to three years ahead; what has landed once stays.

    It only grows: a run for an older date takes no closed day away from a younger one.
    """
    with connection.cursor() as cursor:
        cursor.execute("select min(issue_date) from raw_files.invoices")
        ((first_issue,),) = cursor.fetchall()
        cursor.execute(
            "select min(closed_date), max(closed_date) from raw_files.closed_days where source = %s", [SOURCE]
        )
        ((first_landed, last_landed),) = cursor.fetchall()
    earliest = max(first_issue.year, as_of.year - MOST_YEARS_BACK) if first_issue else as_of.year
    firsts = [earliest, as_of.year - YEARS_BACK, *([first_landed.year] if first_landed else [])]
    lasts = [as_of.year + YEARS_AHEAD, *([last_landed.year] if last_landed else [])]
    return min(firsts), max(lasts)
