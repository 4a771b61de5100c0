"""Data health: how fresh each source is, what waits in quarantine and replaying it, by the rights of who clicks."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.quarantined import BOTH_WAYS, land_bad_rows, write_mapping
from support.serve_fixture import publish_items, record_run, sample_items
from support.signed_in import require_sign_in, sign_in_as

from cartera import quarantine, users, viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.errors import Busy, NotAllowed
from cartera.landing import inspect
from cartera.quarantine import Group
from cartera.settings import get_settings
from cartera.warehouse import gate, read_runs
from cartera.warehouse.read import rows
from dashboards.i18n import Words
from dashboards.queries import quarantine as asked

PLACE = "erp/payments/unreadable_date"
BAD_DATES = Group("erp", "payments", "unreadable_date")


@pytest.fixture
def landed(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A source of which three rows could not be read, beside what is published; the folder of its mapping."""
    publish_items(sample_items())
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path))
    get_settings.cache_clear()
    # within a run, as a landing is
    record_run(started_at=utc_now() - dt.timedelta(seconds=1))
    land_bad_rows(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


def frame(app: AppTest, column: str) -> Any:
    return next(each.value for each in app.dataframe if column in each.value)


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def cards(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in app.metric}


def open_records() -> set[str]:
    with transaction(Role.admin) as connection:
        found = rows(connection, "select record_key from quarantine.records where status = 'open'")
    return {row["record_key"] for row in found}


def refused_pct() -> Decimal:
    """What gate 1 sees of the source: the share of its last delivery that waits in quarantine."""
    (suite,) = [suite for suite in gate.load_suites("landed") if suite.subject == "ops.loads"]
    with transaction(Role.transformer) as connection:
        (found,) = rows(connection, suite.query)
    return Decimal(found["quarantined_pct"])


def seen() -> list[tuple[str, str, int]]:
    return [(row["kind"], row["subject"], row["row_count"]) for row in viewed.listed()]


def test_groups_lead_to_their_rows_and_these_to_a_safe_file_and_to_the_log(landed: Path, open_page: OpenPage) -> None:
    app = open_page("data_health")
    assert not app.exception and "3 rows could not be read" in said(app)
    groups = frame(app, "records")
    assert list(zip(groups["reason"], groups["records"], groups["amounts"], strict=True)) == [
        ("A value is missing", 1, "PEN 7.25"),
        ("No readable date", 2, "PEN 50.25"),
    ]
    assert list(frame(app, "state")["waiting"]) == [3] and groups["age"].iloc[0].endswith(" ago")
    assert cards(app)["Rows in quarantine"] == ("3", f"oldest: {groups['age'].iloc[0]}")
    assert not seen(), "counts are no look at anybody's data"

    app = open_page("data_health", quarantine=PLACE)
    records = frame(app, "delivered")
    assert list(records["record_key"]) == ["0002", "0003"]
    assert records["delivered"].iloc[0] == "Recibo: 0002; Cliente: C1; Fecha: 01/05/2026; Importe: 20.25; Glosa: señor"
    assert records["place"].iloc[0] == "export.csv:3" and "'01/05/2026' is no date" in records["message"].iloc[0]
    assert records["run_at"].notna().all()
    assert not app.run().exception
    assert seen() == [("quarantine", PLACE, 2)], "a visit is written down once"

    app = app.selectbox(key="quarantine_EN").set_value("").run()
    app = app.selectbox(key="quarantine_EN").set_value(PLACE).run()
    assert seen() == [("quarantine", PLACE, 2)] * 2 and not app.exception, "the next visit is another line"

    file = asked.records_csv(Words(), BAD_DATES)
    first, second, total = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert file.rows == 2 and total["source"] == "TOTAL: 2"
    assert (first["source"], first["amount"], second["record_key"]) == ("erp", "20.25", "0003")
    app = open_page("data_health", quarantine=PLACE, lang="ES")
    assert "Fecha ilegible" in said(app) and not app.exception
    assert set(frame(app, "records")["entity"]) == {"Pagos"} and "erp · Pagos · Fecha ilegible" in said(app)
    loads = frame(open_page("data_health", details="loads", lang="PT"), "rows_loaded")
    assert "Pagamentos" in set(loads["entity"])


def test_a_click_replays_and_says_what_became_of_it(landed: Path, open_page: OpenPage) -> None:
    app = open_page("data_health", quarantine=PLACE)
    replayed_from = utc_now()
    app = button(app, "Replay 2 rows").click().run()
    (told,) = [each.value for each in app.warning]
    assert "2 rows failed again and stay" in told and "2 × No readable date" in told
    assert open_records() == {"0002", "0003", "0004"} and refused_pct() == 75
    # the mapping learns one of the two ways in which dates are written
    write_mapping(landed, BOTH_WAYS)
    assert cards(app)["Rows in quarantine"][0] == "3"
    app = button(app, "Replay 2 rows").click().run()
    (told,) = [each.value for each in app.warning]
    assert cards(app)["Rows in quarantine"][0] == "2", "the card is of what is left"
    assert "1 row came in" in told and "1 row failed again" in told and "with the next run" in told
    assert open_records() == {"0003", "0004"}
    assert refused_pct() == 50, "the gate sees that one of the three is in"
    with transaction(Role.viewer) as connection:
        (source,) = read_runs.sources_read(connection)
    assert source["read_at"] < replayed_from, "a replay is no delivery: the source is as fresh as before"
    assert [each[:2] for each in seen() if each[0] == "replay"] == [("replay", PLACE)] * 2
    # of a source that is not connected any more nothing is replayed
    (landed / "erp.yaml").unlink()
    app = button(app, "Replay all of erp").click().run()
    assert "Nothing was replayed" in app.error[0].value and "not connected any more" in app.error[0].value
    assert not app.run().error, "it is said once"
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("update quarantine.records set status = 'superseded' where status = 'open'")
    app = button(app, "Replay 1 row").click().run()
    assert "Nothing was open any more" in said(app)
    assert "Nothing: every row that was delivered is in" in said(app)


def test_who_may_not_is_refused_by_the_function_too(
    landed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in (Actor("a", "collector"), Actor("b", "administrator", frozenset({"main"}))):
        for forbidden in (
            lambda who=who: quarantine.groups(who),
            lambda who=who: quarantine.records(who, BAD_DATES, 1),
            lambda who=who: quarantine.replay(who, BAD_DATES),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
    with pytest.raises(NotAllowed):
        quarantine.replay(Actor("c", "analyst"), BAD_DATES)
    require_sign_in(monkeypatch)
    users.add("ana@example.com", "analyst", [], "test")
    sign_in_as(monkeypatch, "ana@example.com")
    app = open_page("data_health", quarantine=PLACE)
    assert len(frame(app, "delivered")) == 2 and "may replay" in said(app)
    assert not [each for each in app.button if each.label.startswith("Replay")]
    assert open_records() == {"0002", "0003", "0004"} and not [each for each in seen() if each[0] == "replay"]


def test_a_refused_replay_is_told_in_the_language_chosen_meanwhile(
    landed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("deliveries are landing", "try again later")

    monkeypatch.setattr(asked, "replay", busy)
    app = open_page("data_health", quarantine=PLACE)
    app.sidebar.segmented_control(key="lang").set_value("ES")
    app = button(app, "Replay all of erp").click().run()
    (told,) = [each.value for each in app.error]
    assert told.startswith("No se reprocesó nada: en este momento se están recibiendo entregas")


def test_a_replay_does_not_wait_for_long_and_may_be_of_one_row(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "PATIENCE", "100ms")
    with transaction(Role.loader) as landing, landing.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('cartera.landing'))")
        with pytest.raises(Busy):
            quarantine.replay(Actor.local(), BAD_DATES)
    assert quarantine.replay(Actor.local(), BAD_DATES).landed == 0
    # one row alone, and not the others of its group
    write_mapping(landed, BOTH_WAYS)
    first = quarantine.records(Actor.local(), BAD_DATES, 1)[0]
    assert quarantine.replay(Actor.local(), BAD_DATES, first.quarantine_id) == quarantine.Replayed(1, 0, ())
    assert open_records() == {"0003", "0004"} and seen()[0] == ("replay", f"{PLACE}/{first.quarantine_id}", 1)


def put_into_quarantine(count: int) -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into quarantine.records (load_id, source, entity, file_name, row_number, reason_code, message,"
            " raw_bytes, raw_format, quarantined_at)"
            " select 1, 'erp', 'payments', 'f.csv', n, 'unreadable_date', 'm', 'a;b', 'csv', now()"
            " from generate_series(1, %s) as rows (n)",
            (count,),
        )


def test_of_many_rows_the_newest_are_listed_and_the_page_says_so(landed: Path, open_page: OpenPage) -> None:
    put_into_quarantine(300)
    app = open_page("data_health", quarantine=PLACE)
    assert "The newest 200 of 302 rows are listed" in said(app) and len(frame(app, "delivered")) == asked.LISTED
    assert asked.records_csv(Words(), BAD_DATES).rows == 302


def test_other_rows_are_another_look_however_many_they_are(landed: Path, open_page: OpenPage) -> None:
    put_into_quarantine(300)
    app = open_page("data_health", quarantine=PLACE)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update quarantine.records set status = 'superseded' where record_key = '0002'")
    assert not app.run().exception
    assert seen() == [("quarantine", PLACE, asked.LISTED)] * 2


@pytest.mark.parametrize("part", ["groups", "records"])
def test_quarantine_that_can_not_be_read_leaves_the_rest_of_the_page(
    landed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(f"cartera.quarantine.{part}", lambda *_: 1 / 0)
    app = open_page("data_health", quarantine=PLACE)
    assert len(app.error) == 1 and "could not be read" in app.error[0].value and not app.exception
    assert len(frame(app, "step")) and len(frame(app, "triggered_by")) and not seen()
    assert list(frame(app, "state")["state"]) == ["✓ fresh"]
    assert (cards(app)["Rows in quarantine"][0] == "3") == (part == "records")
    assert ("waiting" in frame(app, "state")) == (part == "records"), "no figure that is not known"


def test_the_newest_rows_of_a_large_group_are_read_alone(landed: Path) -> None:
    put_into_quarantine(20_000)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("analyze quarantine.records")
        before = _rows_read(cursor)
        found = inspect.search(
            connection, source="erp", entity="payments", reason_code="unreadable_date", limit=asked.LISTED
        )
        assert len(found) == asked.LISTED and _rows_read(cursor) - before < 2 * asked.LISTED


def _rows_read(cursor: Any) -> int:
    cursor.execute(
        "select pg_stat_get_xact_tuples_fetched(oid) + pg_stat_get_xact_tuples_returned(oid)"
        " from pg_class where oid = 'quarantine.records'::regclass"
    )
    return int(cursor.fetchone()[0])


def test_a_source_that_stands_still_says_since_when_and_what_held_it(landed: Path, open_page: OpenPage) -> None:
    now = utc_now()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.cursors values ('old', 'invoices', '{}', %s), ('settings', 'companies', '{}', %s)",
            [now - dt.timedelta(days=3)] * 2,
        )
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, message)"
            " values (%s, 90, 'land never', 'failed', %s, 1, %s)",
            [
                record_run(started_at=now),
                now,
                "never, invoices: 9 of 30 records are missing from a full delivery",
            ],
        )
    app = open_page("data_health", lang="ES")
    assert "Sin datos nuevos: 2 de 3 fuentes" in said(app)
    assert cards(app)["Fuentes al día"] == ("✗ 1 / 3", "más antigua: hace 3 días")
    sources = frame(app, "state").set_index("source")
    assert list(sources["state"]) == ["✓ al día", "✗ detenida", "⚠ atrasada"]
    assert sources.loc["never", "held_by"] == "Protección: muchos menos registros que antes"
    assert sources.loc["old", "age"] == "hace 3 días"
    # the step of the test's source was recorded in English, and is told in Spanish
    steps = frame(app, "seconds")
    assert "recibir never" in list(steps["step"]) and "Los textos en inglés" in said(app)


def test_a_run_that_was_clicked_is_not_the_next_one_in_its_place(landed: Path, open_page: OpenPage) -> None:
    """It is selected by its place, where the run before it stands once another has begun."""
    record_run(status="stopped", started_at=utc_now() + dt.timedelta(minutes=5))
    app = open_page("data_health")
    (listed,) = [each for each in app.dataframe if "triggered_by" in each.value]
    key = listed.proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [(1, "status")]}}
    shown = Words("EN")("health.steps", moment="").strip()
    (before,) = [each.value for each in app.run().subheader if each.value.startswith(shown)]
    record_run(started_at=utc_now() + dt.timedelta(minutes=9))
    (after,) = [each.value for each in app.run().subheader if each.value.startswith(shown)]
    (newest,) = [each.value for each in open_page("data_health").subheader if each.value.startswith(shown)]
    assert before != after == newest


def test_what_is_asked_first_stands_first_and_details_are_chosen(landed: Path, open_page: OpenPage) -> None:
    """The certificate is of what is published, also when a later run was stopped and its own is shown below."""
    app = open_page("data_health")
    assert [metric.label for metric in app.metric] == ["Lines that tie out", "Fresh sources", "Rows in quarantine"]
    assert cards(app)["Lines that tie out"][0].startswith("✓ ") and cards(app)["Fresh sources"][0] == "✓ 1 / 1"
    headings = [each.value for each in app.subheader]
    assert headings[:4] == [
        "Tie-out certificate", "How fresh is each source?", "What waits in quarantine?", "Last runs",
    ]  # fmt: skip
    before = frame(app, "is_tied")
    record_run(status="stopped", started_at=utc_now() + dt.timedelta(seconds=5))
    app = open_page("data_health")
    assert frame(app, "is_tied").equals(before) and "got no certificate" in said(app)
    app = open_page("data_health", details="loads")
    assert list(frame(app, "rows_quarantined")["rows_quarantined"]) == [3]
    assert not any("triggered_by" in each.value for each in app.dataframe)
