"""Measures and segments against a plain model of them, at random dates and moments; and the memberships kept."""

from __future__ import annotations

import calendar
import datetime as dt
import operator
import random
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ledger_history import DELIVERIES, KNOWN_AT, RunDbt, Version, known_by, random_history, write_raw
from payers import FIRST_ISSUE, payers, world
from psycopg2.extras import RealDictCursor
from support.segment_model import classify

from cartera.connectors import segments
from cartera.db import Role, transaction
from cartera.landing import land_all

SHIPPED = Path(__file__).resolve().parents[2] / "dbt_project" / "segments.yaml"
OWN = """
schemes:
  - name: payer_behaviour
    segments:
      - {name: andean and late, when: {paid_late_pct: {at_least: 50}, country_code: {values: [PE, co]}}}
      - {name: "late", when: {weighted_days_late: {at_least: 10}}}
      - {name: better, when: {days_late_trend: {below: 0}}}
    otherwise: rest
  - name: north
    measure: country_code
    segments:
      - {name: "yes", values: [no]}
  - name: late_payments
    measure: late_payments
    segments:
      - {name: up to one, below: 2}
      - {name: more, at_least: 2}
"""
FIRST_RULES_AT, OWN_RULES_AT = DELIVERIES[1], DELIVERIES[5]
SEEDS = range(12)
NO_TESTS = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
LARGEST_ERROR = Fraction(1, 1_000_000)


def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    with transaction(Role.transformer) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]


def _land_rules(home: Path, recorded_at: dt.datetime) -> None:
    settings: Any = SimpleNamespace(home=home, dbt_dir=SHIPPED.parent)
    with transaction(Role.loader) as connection:
        land_all(connection, segments.SOURCE, [segments.delivery(settings)], recorded_at)


def _segments(slot: str, as_of: dt.date, known_at: dt.datetime) -> dict[tuple[str, str, str], str]:
    rows = _rows(f"select * from marts_{slot}.customer_segments(%s, %s)", as_of, known_at)
    found = {(row["company_id"], row["customer_id"], row["scheme"]): row["segment"] for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def versions() -> list[Version]:
    found = [version for seed in SEEDS for version in payers(seed)]
    return found + [version for seed in range(200, 210) for version in random_history(seed)]


@pytest.fixture(scope="module")
def built(run_dbt: RunDbt, versions: list[Version], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Slot b in two builds, the second after the rules have changed; slot a at once. What b said before the change."""
    home = tmp_path_factory.mktemp("home")

    def build(*arguments: str, **given: Any) -> None:
        results = run_dbt(*arguments, **given)
        assert [f"{r.node.name}: {r.message}" for r in results if r.status not in ("success", "pass", "warn")] == []

    def write(known: list[Version]) -> None:
        with transaction(Role.admin) as connection:
            write_raw(connection, known)

    first_build_at = DELIVERIES[4]
    write(known_by(versions, first_build_at))
    _land_rules(home, FIRST_RULES_AT)
    build(*NO_TESTS, "--full-refresh", slot="b", known_at=first_build_at.isoformat())
    before = {clocks: _segments("b", *clocks) for clocks in _clocks(4, DELIVERIES[1:4])}
    write(versions)
    (home / "segments.yaml").write_text(OWN)
    _land_rules(home, OWN_RULES_AT)
    build(*NO_TESTS, slot="b", changed_since=first_build_at.isoformat())
    once = _memberships("b")
    build("run", "--select", "fct_segment_memberships", slot="b", changed_since=first_build_at.isoformat())
    build("build", "--exclude", "test_type:unit", "--full-refresh", slot="a")
    return {"before": before, "once": once}


def _clocks(count: int, deliveries: list[dt.datetime]) -> list[tuple[dt.date, dt.datetime]]:
    dice = random.Random(count)
    moments = [moment + dt.timedelta(seconds=seconds) for moment in deliveries for seconds in (0, 3600)]
    return [(FIRST_ISSUE + dt.timedelta(days=dice.randrange(60, 520)), dice.choice(moments)) for _ in range(count)]


CLOCKS = _clocks(12, DELIVERIES)


@pytest.mark.parametrize(("as_of", "known_at"), CLOCKS)
def test_measures_are_those_of_the_model(
    built: dict[str, Any], versions: list[Version], as_of: dt.date, known_at: dt.datetime
) -> None:
    rows = _rows("select * from marts_a.customer_measures(%s, %s) where company_id like 'payers %%'", as_of, known_at)
    asked = {(r["company_id"], r["customer_id"], r["measure"]): r for r in rows}
    some = sorted({r["customer_id"] for r in rows})[:5]
    of_some = _rows("select * from marts_a.customer_measures_of(%s, %s, %s)", as_of, known_at, some)
    place = operator.itemgetter("company_id", "customer_id", "measure")
    whole = [r for r in rows if r["customer_id"] in some]
    assert sorted(of_some, key=place) == sorted(whole, key=place), "asked of these alone"
    expected = {
        (f"payers {seed}", f"p{seed}:{customer}", measure): value
        for seed in SEEDS
        for customer, measures in world(versions, seed, known_at).measures(as_of).items()
        for measure, value in measures.items()
    }
    assert asked.keys() == expected.keys()
    for key, value in expected.items():
        row = asked[key]
        if isinstance(value, Fraction):
            assert row["value"] is not None and abs(Fraction(row["value"]) - value) <= LARGEST_ERROR, key
        else:
            assert (row["value"], row["text_value"]) == (None, value), key


def _schemes(known_at: dt.datetime) -> list[dict[str, Any]]:
    """The rules that held at a moment, as they were written."""
    if known_at < FIRST_RULES_AT:
        return []
    text = OWN if known_at >= OWN_RULES_AT else SHIPPED.read_text()
    return list(yaml.load(text, yaml.BaseLoader)["schemes"])


def _expected(versions: list[Version], as_of: dt.date, known_at: dt.datetime) -> dict[tuple[str, str, str], str]:
    return {
        (f"payers {seed}", f"p{seed}:{customer}", scheme["name"]): classify(scheme, measures)
        for seed in SEEDS
        for customer, measures in world(versions, seed, known_at).measures(as_of).items()
        for scheme in _schemes(known_at)
    }


@pytest.mark.parametrize(("as_of", "known_at"), CLOCKS)
def test_segments_are_those_of_the_rules_that_held_then(
    built: dict[str, Any], versions: list[Version], as_of: dt.date, known_at: dt.datetime
) -> None:
    found = _segments("a", as_of, known_at)
    assert {key: s for key, s in found.items() if key[0].startswith("payers")} == _expected(versions, as_of, known_at)
    # whatever else is in the ledger: everybody in each scheme, once
    names = {scheme["name"] for scheme in _schemes(known_at)}
    customers = {(company, customer) for company, customer, _scheme in found}
    assert {(*customer, name) for customer in customers for name in names} == found.keys()


def test_the_dates_reach_every_segment_and_every_doubt(built: dict[str, Any], versions: list[Version]) -> None:
    """Else the comparisons above would prove little."""
    reached = {(k[2], s) for clocks in CLOCKS for k, s in _expected(versions, *clocks).items()}
    written = {
        (scheme["name"], name)
        for moment in (FIRST_RULES_AT, OWN_RULES_AT)
        for scheme in _schemes(moment)
        for name in [*(s["name"] for s in scheme.get("segments", [])), scheme.get("otherwise")]
        if name
    }
    assert written - reached <= {("amount_owed", "large")}
    assert ("amount_owed", "unclassified") in reached


def test_a_figure_known_before_the_rules_changed_stays(built: dict[str, Any]) -> None:
    """Law 4, after more records, other rules, and a full build."""
    for clocks, segments_before in built["before"].items():
        assert segments_before
        assert _segments("a", *clocks) == _segments("b", *clocks) == segments_before


def test_the_table_is_the_function_at_the_dates_of_the_run(built: dict[str, Any]) -> None:
    rows = _rows("select * from marts_a.fct_customer_segments")
    found = {(row["company_id"], row["customer_id"], row["scheme"]): row["segment"] for row in rows}
    assert found == _segments("a", dt.date(2026, 3, 31), KNOWN_AT)


def _memberships(slot: str) -> set[tuple[Any, ...]]:
    columns = "company_id, customer_id, scheme, segment, valid_from, valid_to"
    rows = _rows(f"select {columns} from marts_{slot}.fct_segment_memberships")
    return {tuple(row.values()) for row in rows}


def test_memberships_are_what_was_said_when_each_month_ended(built: dict[str, Any], versions: list[Version]) -> None:
    months = [dt.date(2026, month, calendar.monthrange(2026, month)[1]) for month in (2, 3, 4, 5)]
    kept = _memberships("a")
    for day in months:
        moment = dt.datetime.combine(day, dt.time.max, tzinfo=dt.UTC)
        then = {row[:3]: row[3] for row in kept if row[4] <= day < row[5]}
        assert then == _segments("a", day, moment)
        assert {key: s for key, s in then.items() if key[0].startswith("payers")} == _expected(versions, day, moment)
    assert {row[4] for row in kept} == set(months)
    assert {row[5] for row in kept} == {*months[1:], dt.date(9999, 12, 31)}
    # a scheme that went, a stretch that lasted
    assert all(row[5] == months[1] for row in kept if row[2] == "sector")
    assert any(
        (row[5] - row[4]).days > 60 for row in kept if row[2] == "late_payments" and row[5] < dt.date(2027, 1, 1)
    )


def test_memberships_do_not_depend_on_how_they_were_built(built: dict[str, Any]) -> None:
    """At once, in two builds, or again after a build that was killed."""
    assert _memberships("a") == _memberships("b") == built["once"]
