"""Every figure of what a source delivered last leads to its rows, which add up to it; who looked is on record."""

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
from support.quarantined import EXPORT, write_mapping
from support.serve_fixture import publish_items, record_run, sample_items
from support.signed_in import require_sign_in, sign_in_as

from cartera import users, viewed
from cartera.clock import utc_now
from cartera.connectors.files import deliveries, load_source
from cartera.db import Role, transaction
from cartera.landing import land_all
from cartera.settings import get_settings
from cartera.warehouse.read import rows
from dashboards.components.load_rows import COLUMNS
from dashboards.i18n import Words
from dashboards.queries import loads

BEFORE = "Recibo;Cliente;Fecha;Importe;Glosa\n" + "".join(
    f"{key};C1;2026-05-01;{amount};x\n"
    for key, amount in (("0001", "9.50"), ("0005", "5"), ("0006", "6"), ("0007", "7.77"))
)
AFTER = EXPORT + "0005;C1;2026-05-01;5;x\n0006;C1;2026-05-01;6;x\n"
"""One row changed, two as they were, one gone, three that can't be read."""
STATED = {"rows_in": 6, "rows_loaded": 3, "rows_quarantined": 3, "rows_changed": 1, "rows_unchanged": 2,
          "rows_deleted": 1}  # fmt: skip


@pytest.fixture
def landed(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    publish_items(sample_items())
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path))
    get_settings.cache_clear()
    (tmp_path / "export.csv").write_text(BEFORE)
    write_mapping(tmp_path, "'%Y-%m-%d'")
    land(tmp_path)
    record_run(started_at=utc_now() - dt.timedelta(milliseconds=1))
    (tmp_path / "export.csv").write_bytes(AFTER.encode("latin-1"))
    land(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


def land(folder: Path) -> None:
    source = load_source(folder / "erp.yaml")
    with transaction(Role.loader) as connection:
        land_all(connection, source.name, deliveries(source, connection), utc_now())


def frames(app: AppTest, column: str) -> list[Any]:
    return [each for each in app.dataframe if column in each.value]


def click(app: AppTest, frame: Any, row: int, column: str) -> AppTest:
    selection = {"selection": {"rows": [], "columns": [], "cells": [(row, column)]}}
    app.session_state[frame.proto.id.split("-", 2)[2]] = selection
    return app.run()


def looks() -> list[tuple[str, int]]:
    return [(row["subject"], row["row_count"]) for row in viewed.listed() if row["kind"] == "load"]


def test_every_figure_of_a_load_leads_to_rows_that_add_up_to_it(landed: Path, open_page: OpenPage) -> None:
    app = open_page("data_health", details="loads")
    assert not app.exception and not looks(), "figures are no look at anybody's data"
    (table,) = frames(app, "rows_loaded")
    figures = table.value.iloc[0]
    assert {column: figures[column] for column in COLUMNS if figures.get(column)} == STATED
    for column, count in STATED.items():
        app = click(app, frames(app, "rows_loaded")[0], 0, column)
        assert not app.exception and not app.error
        (listed,) = frames(app, "change_text")
        assert len(listed.value) == count, column
        assert f"{Words().number(count)} row" in said(app)
        assert app.query_params["load"] == f"erp/payments/{column.removeprefix('rows_')}"
    assert len(looks()) == len(STATED)
    # in cents: what the load says of itself is what its rows hold
    app = open_page("data_health", details="loads", load="erp/payments/loaded")
    rows_of = frames(app, "change_text")[0].value
    assert list(zip(rows_of["record_key"], rows_of["change_text"], rows_of["amount_text"], strict=True)) == [
        ("0001", "changed", "PEN 10.50"), ("0005", "unchanged", "PEN 5.00"), ("0006", "unchanged", "PEN 6.00"),
    ]  # fmt: skip
    assert "3 rows add up to the figures: **Loaded 3 · PEN 21.50**" in said(app).replace("\\", "")
    assert [value.isoformat() for value in rows_of["document_date"]] == ["2026-05-01"] * 3


def test_what_is_in_quarantine_is_led_to(landed: Path, open_page: OpenPage) -> None:
    app = open_page("data_health", details="loads", load="erp/payments/in")
    assert list(frames(app, "change_text")[0].value["change_text"]).count("in quarantine") == 3
    labels = [link.proto.label for link in app.get("page_link")]
    assert "2 of them wait in quarantine: No readable date" in labels
    link = next(link.proto for link in app.get("page_link") if "No readable date" in link.proto.label)
    assert "quarantine=erp%2Fpayments%2Funreadable_date" in link.query_string
    app = open_page("data_health", details="loads", load="erp/payments/loaded")
    assert not [link for link in app.get("page_link") if "quarantine" in link.proto.label]


def test_a_step_of_a_run_leads_to_the_rows_of_its_load(landed: Path, open_page: OpenPage) -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, rows_in, rows_out,"
            " rows_quarantined, amounts)"
            " select run_id, n, step, 'ok', now(), 1, 6, 2, 3, '{}' from (select run_id from ops.runs"
            " order by started_at desc limit 1) as newest,"
            " (values (90, 'land erp'), (91, '  erp.payments')) as steps (n, step)"
        )
    app = open_page("data_health")
    steps = frames(app, "seconds")[0]
    of_table, of_source = list(steps.value["step"]).index("  erp.payments"), None
    app = click(app, steps, of_table, "rows_out")
    assert list(frames(app, "change_text")[0].value["change_text"]) == ["deleted", "changed"]
    assert "2 rows add up to the figures: **Rows out 2**" in said(app)
    app = click(app, frames(app, "seconds")[0], of_table, "rows_quarantined")
    assert len(frames(app, "change_text")[0].value) == 3
    of_source = next(n for n, step in enumerate(steps.value["step"]) if n != of_table)
    app = click(app, frames(app, "seconds")[0], of_source, "rows_in")
    assert not frames(app, "change_text") and not app.exception


def test_of_many_rows_some_are_listed_and_all_are_in_the_file(
    landed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loads, "LISTED", 2)
    app = open_page("data_health", details="loads", load="erp/payments/in")
    assert len(frames(app, "change_text")[0].value) == 2 and "first 2 of 6 rows" in said(app)
    assert "6 rows add up" in said(app), "the totals are of all"
    with transaction(Role.admin) as connection:
        (newest,) = rows(connection, "select max(load_id) as load_id from ops.loads")
    of = loads.load(newest["load_id"])
    assert of is not None
    file = loads.rows_csv(Words(), of, "in")
    *each, total = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))
    assert file.rows == len(each) == 6 and total["load_id"] == "TOTAL: 6"
    assert sum(Decimal(row["amount"] or 0) for row in each) == Decimal(of.amounts["PEN"]["in"])


def test_figures_that_do_not_add_up_are_told(landed: Path, open_page: OpenPage) -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("delete from raw_files.payments where record_key = '0006'")
    app = open_page("data_health", details="loads", load="erp/payments/loaded")
    assert "Loaded 2" in app.error[0].value and "Loaded 3" in app.error[0].value


def test_who_sees_some_companies_is_shown_nothing(
    landed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_sign_in(monkeypatch)
    users.add("eva@example.com", "administrator", ["main"], "test")
    sign_in_as(monkeypatch, "eva@example.com")
    with pytest.raises(ValueError, match="data_health"):
        open_page("data_health", details="loads", load="erp/payments/in")
    users.add("ana@example.com", "analyst", [], "test")
    sign_in_as(monkeypatch, "ana@example.com")
    app = open_page("data_health", details="loads", load="erp/payments/in")
    assert len(frames(app, "change_text")[0].value) == 6
    assert [row["viewed_by"] for row in viewed.listed() if row["kind"] == "load"] == ["ana@example.com"]


@pytest.mark.parametrize("lang", ["ES", "PT"])
def test_a_link_to_what_is_not_there_is_told_and_languages_hold(landed: Path, open_page: OpenPage, lang: str) -> None:
    app = open_page("data_health", details="loads", load="erp/payments/new", lang=lang)
    assert not app.exception and not frames(app, "change_text") and "load" not in app.query_params
    app = open_page("data_health", details="loads", load="erp/payments/deleted", lang=lang)
    assert len(frames(app, "change_text")[0].value) == 1 and not app.exception


def test_without_loads_there_is_nothing_to_click(database: str, open_page: OpenPage) -> None:
    publish_items(sample_items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("delete from ops.loads")
    app = open_page("data_health", details="loads", load="erp/payments/in")
    assert not app.exception and not frames(app, "rows_loaded") and not looks()
