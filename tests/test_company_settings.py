"""companies.yaml on the whole way: due dates on closed days, and what was known before a setting changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera import doctor, pipeline
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.landing_steps import land_settings, land_source
from cartera.settings import get_settings
from cartera.warehouse import build_plan, read

AS_OF = dt.date(2026, 6, 30)
"""A Tuesday. In Colombia Monday 29 June 2026 is a holiday (San Pedro y San Pablo)."""

INVOICES = """\
company,invoice,customer,issued,due,currency,total
acme,A-SAT,C-1,2026-05-27,2026-06-27,USD,100.00
acme,A-FRI,C-1,2026-05-26,2026-06-26,COP,50.00
beta,B-SUN,C-2,2026-05-28,2026-06-28,COP,70.00
gamma,G-SAT,C-3,2026-05-27,2026-06-27,COP,20.00
"""

SETTINGS = """\
companies:
  acme: {name: Acme S.A.S., currency: COP, calendar: CO, due_date_rule: next_business_day}
  beta: {calendar: CO, due_date_rule: previous_business_day}
"""

AS_STATED = {"A-SAT": "2026-06-27", "A-FRI": "2026-06-26", "B-SUN": "2026-06-28", "G-SAT": "2026-06-27"}
MOVED = AS_STATED | {"A-SAT": "2026-06-30", "B-SUN": "2026-06-26"}


@pytest.fixture
def companies_yaml(home: Path) -> Iterator[Path]:
    path = home / "companies.yaml"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def export(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An invoice list that is connected; returns the file."""
    export, folder = tmp_path / "erp.csv", tmp_path / "sources"
    export.write_text(INVOICES, encoding="utf-8")
    names = "company_id=company invoice_id=invoice customer_id=customer issue_date=issued due_date=due"
    columns = dict(pair.split("=") for pair in f"{names} currency_code=currency total_amount=total".split())
    document = {"system": "files", "entities": {"invoices": {"files": str(export), "columns": columns}}}
    folder.mkdir()
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    return export


def _rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _open(known_at: dt.datetime) -> dict[str, tuple[str, int]]:
    """Due date and days past due of each open invoice."""
    rows = _rows("select document_number, due_date::text, days_past_due from serve.open_items(%s, %s)", AS_OF, known_at)
    return {number: (due, days) for number, due, days in rows}


def _invoiced(known_at: dt.datetime) -> tuple[Any, ...]:
    """What acme invoiced, in its own currency, and what has no rate to it."""
    return _rows(
        "select sum(document_company_amount), sum(unrated_amount) from serve.fct_daily_flows"
        " where company_id = 'acme' and entry_type = 'invoiced' and recorded_at <= %s",
        known_at,
    )[0]


def _answer(due_dates: dict[str, str]) -> dict[str, tuple[str, int]]:
    return {number: (due, (AS_OF - dt.date.fromisoformat(due)).days) for number, due in due_dates.items()}


def _known_at() -> dt.datetime:
    with transaction(Role.reader) as connection:
        return read.publication(connection).known_at


def test_due_dates_follow_the_settings_and_what_was_known_before_stays(export: Path, companies_yaml: Path) -> None:
    assert pipeline.run(AS_OF).status == "published"
    before = _known_at()
    assert _open(before) == _answer(AS_STATED)

    companies_yaml.write_text(SETTINGS, encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    set_at = _known_at()
    assert _open(set_at) == _answer(MOVED)
    assert _open(before) == _answer(AS_STATED)
    assert pipeline.run(AS_OF).status == "unchanged"
    stated = _rows("select distinct document_number, stated_due_date::text from serve.dim_items")
    assert dict(stated) == AS_STATED
    valued = _rows(
        "select document_number, company_currency_code, document_fx_rate from serve.dim_items"
        " where recorded_to = '9999-12-31 00:00:00+00' order by 1"
    )
    assert valued == [("A-FRI", "COP", 1), ("A-SAT", "COP", None), ("B-SUN", None, None), ("G-SAT", None, None)]
    assert (_invoiced(before), _invoiced(set_at)) == ((0, 150), (50, 100))
    companies = "select company_id, name, company_currency_code, calendar_id, due_date_rule from serve.dim_companies"
    assert set(_rows(f"{companies} where recorded_from <= %s and recorded_to > %s", set_at, set_at)) == {
        ("acme", "Acme S.A.S.", "COP", "CO", "next_business_day"),
        ("beta", "beta", None, "CO", "previous_business_day"),
        ("gamma", "gamma", None, None, "as_stated"),
    }
    assert {row[1:] for row in _rows(f"{companies} where recorded_to = %s", set_at)} == {
        ("acme", None, None, "as_stated"),
        ("beta", None, None, "as_stated"),
    }

    # a build of what is new only moves due dates too
    export.write_text(INVOICES + "acme,A-NEW,C-1,2026-05-28,2026-06-28,USD,1.00\n", encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    assert _open(_known_at()) == _answer(MOVED | {"A-NEW": "2026-06-30"})

    companies_yaml.unlink()
    assert pipeline.run(AS_OF).status == "published"
    assert _open(_known_at()) == _answer(AS_STATED | {"A-NEW": "2026-06-28"})
    assert _open(set_at) == _answer(MOVED)
    assert _open(before) == _answer(AS_STATED)


def test_the_slot_is_built_whole_only_when_settings_changed(export: Path, companies_yaml: Path) -> None:
    pipeline.run(AS_OF)
    assert not build_plan.choose(AS_OF, _known_at()).full_refresh
    companies_yaml.write_text(SETTINGS, encoding="utf-8")
    run_id = pipeline.start_run(AS_OF, "test")
    land_settings(run_id, AS_OF)
    assert pipeline.plan_build(AS_OF).full_refresh
    assert [report.message for report in land_settings(run_id, AS_OF)] == ["nothing new"]


def test_settings_alone_are_nothing_to_build(database: str, companies_yaml: Path) -> None:
    companies_yaml.write_text(SETTINGS, encoding="utf-8")
    assert land_settings(pipeline.start_run(AS_OF, "test"), AS_OF) == []


def test_a_mistake_in_the_settings_stops_the_run_with_its_line(export: Path, companies_yaml: Path) -> None:
    companies_yaml.write_text("companies:\n  acme:\n    calender: CO\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="companies.yaml:3: companies.acme.calender: .*did you mean calendar"):
        pipeline.run(AS_OF)
    with pytest.raises(ConfigError, match="companies.yaml:3: companies.acme.calender: .*did you mean calendar"):
        doctor.CHECKS["companies"]()


def test_the_doctor_names_the_companies(companies_yaml: Path) -> None:
    assert "as stated" in doctor.CHECKS["companies"]()
    companies_yaml.write_text(SETTINGS, encoding="utf-8")
    assert doctor.CHECKS["companies"]() == "acme, beta"


def test_years_once_landed_stay_when_a_run_is_for_an_older_date(export: Path, companies_yaml: Path) -> None:
    land_source(pipeline.start_run(AS_OF, "test"), "erp")
    companies_yaml.write_text(SETTINGS, encoding="utf-8")
    land_settings(pipeline.start_run(AS_OF, "test"), AS_OF)
    older = AS_OF.replace(year=2024)
    total, *_ = land_settings(pipeline.start_run(older, "test"), older)
    years = "select min(extract(year from closed_date))::int, max(extract(year from closed_date))::int from raw_files"
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute(f"{years}.closed_days where recorded_to = '9999-12-31 00:00:00+00' and not is_deleted")
        assert cursor.fetchone() == (2019, 2029)
    assert "deleted" not in total.message
