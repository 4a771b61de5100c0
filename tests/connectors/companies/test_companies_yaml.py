"""companies.yaml: what it means, on which days a calendar is closed, and what is said of mistakes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from cartera.connectors.companies import load_companies
from cartera.connectors.companies.calendars import Calendar
from cartera.connectors.companies.delivery import closed_day_records, company_records
from cartera.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "companies.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


FULL = """\
companies:
  acme:
    name: Acme S.A.S.
    currency: COP
    calendar: CO
    due_date_rule: next_business_day
  norge:
    calendar: NO
  own:
    weekend: [friday]
    closed: [2026-12-24]
    due_date_rule: previous_business_day
  shop:
    calendar: CO
    open: [2026-07-20]
  plain:
    name:
"""


def test_what_is_written_lands_as_companies(tmp_path: Path) -> None:
    records = company_records(load_companies(written(tmp_path, FULL)))
    assert {record["company_id"]: tuple(record.values())[1:] for record in records} == {
        "acme": ("Acme S.A.S.", "COP", "CO", "next_business_day"),
        "norge": (None, None, "NO", "as_stated"),
        "own": (None, None, "own:own", "previous_business_day"),
        "shop": (None, None, "CO:shop", "as_stated"),
        "plain": (None, None, None, "as_stated"),
    }


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert load_companies(tmp_path / "companies.yaml") == {}


def test_a_calendar_lands_once_for_all_its_companies_and_own_days_apart(tmp_path: Path) -> None:
    text = FULL + "  twin:\n    calendar: CO\n"
    path = written(tmp_path, text)
    records = closed_day_records(path, load_companies(path), 2026, 2026)
    assert {record["calendar_id"] for record in records} == {"CO", "NO", "own:own", "CO:shop"}
    assert len({record["closed_day_id"] for record in records}) == len(records)
    own = [record["closed_date"] for record in records if record["calendar_id"] == "own:own"]
    fridays = [day("2026-01-02") + dt.timedelta(weeks=week) for week in range(52)]
    assert own == sorted([*fridays, day("2026-12-24")])
    independence = day("2026-07-20")
    closed = {record["calendar_id"] for record in records if record["closed_date"] == independence}
    assert closed == {"CO"}


@pytest.mark.parametrize(
    ("calendar", "closed", "following", "preceding"),
    [
        # New Year on a Thursday, and Friday is open; 1 January is the first day of what is asked for
        (Calendar("CO"), "2026-01-01", "2026-01-02", "2025-12-31"),
        # Epiphany moves to Monday 12 January: a weekend of three days
        (Calendar("CO"), "2026-01-10", "2026-01-13", "2026-01-09"),
        (Calendar("CO"), "2026-01-12", "2026-01-13", "2026-01-09"),
        # Friday and Saturday are the weekend of Saudi Arabia
        (Calendar("SA"), "2026-06-05", "2026-06-07", "2026-06-04"),
        # Thanksgiving; the day after is closed in California alone
        (Calendar("US"), "2026-11-26", "2026-11-27", "2026-11-25"),
        (Calendar("US-CA"), "2026-11-26", "2026-11-30", "2026-11-25"),
        # the last day asked for: the next open one lies in the year after
        (
            Calendar(None, frozenset({3, 4, 5}), frozenset({day("2026-12-30")})),
            "2026-12-31",
            "2027-01-03",
            "2026-12-29",
        ),
        (Calendar("CO", opened=frozenset({day("2026-01-12")})), "2026-01-10", "2026-01-12", "2026-01-09"),
    ],
)
def test_the_open_days_around_a_closed_one(calendar: Calendar, closed: str, following: str, preceding: str) -> None:
    found = {found.closed_date: found for found in calendar.closed_days(2026, 2026)}[day(closed)]
    assert (found.next_business_date, found.previous_business_date) == (day(following), day(preceding))


def test_open_days_are_not_listed() -> None:
    closed = {found.closed_date for found in Calendar("CO").closed_days(2026, 2026)}
    assert day("2026-01-02") not in closed
    assert day("2026-01-13") not in closed
    assert {day("2026-01-03"), day("2026-01-04")} <= closed


def test_names_do_not_depend_on_the_machine() -> None:
    code = (
        "from cartera.connectors.companies.calendars import Calendar;"
        "print(ascii([found.name for found in Calendar('CO').closed_days(2026, 2026)]))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"LANG": lang, "LANGUAGE": lang},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for lang in ("en_US.UTF-8", "es_CO.UTF-8", "C")
    }
    assert len(said) == 1
    assert "A\\xf1o Nuevo" in said.pop()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("companies:\n  a:\n    calender: CO\n", r"companies.yaml:3: companies.a.calender: .*did you mean calendar\?"),
        ("companies:\n  a:\n    calendar: Colombia\n", r":3: companies.a.calendar: there is no calendar of 'Colombia'"),
        ("companies:\n  a:\n    calendar: US-CAL\n", r":3: companies.a.calendar: US has no calendar .*did you mean CA"),
        ("companies:\n  a:\n    currency: pesos\n", r":3: companies.a.currency: 'pesos' is no ISO 4217"),
        (
            "companies:\n  a:\n    calendar: CO\n    due_date_rule: next\n",
            r":4: companies.a.due_date_rule: 'next' is not possible; .*next_business_day",
        ),
        ("companies:\n  a:\n    weekend: [sunnday]\n", r":3: .*did you mean sunday\?"),
        ("companies:\n  a:\n    closed: [24/12/2026]\n", r":3: companies.a.closed.0: .*date"),
        ("companies:\n  a:\n    due_date_rule: next_business_day\n", r":2: companies.a: .*needs to know when"),
        (
            "companies:\n  a:\n    closed: [2026-12-24]\n    open: [2026-12-24]\n",
            r":2: companies.a: 2026-12-24 is written under closed and under open",
        ),
        ("companies:\n  a: {}\n  a: {}\n", r":3: 'a' is written twice"),
        ("company:\n  a: {}\n", r":1: company: .*did you mean companies\?"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_companies(written(tmp_path, text))


def test_a_company_that_never_opens_is_refused(tmp_path: Path) -> None:
    closed = ", ".join(str(day("2025-12-01") + dt.timedelta(days=n)) for n in range(500))
    path = written(tmp_path, f"companies:\n  a:\n    closed: [{closed}]\n")
    with pytest.raises(ConfigError, match=r"companies.a: no open day within a year of 2026-01-01"):
        closed_day_records(path, load_companies(path), 2026, 2026)
