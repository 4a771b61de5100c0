"""What was recorded at the desk is in the figures after the next run, in versions; a broken plan ends by itself."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera import desk, pipeline
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.desk.model import Shortfall
from cartera.settings import get_settings
from cartera.warehouse.read import rows

BOSS = Actor("boss@acme.pe", "manager")
COLUMNS = {
    "invoice_id": "invoice", "number": "invoice", "customer_id": "customer", "customer_name": "name",
    "issue_date": "issued", "due_date": "due", "currency_code": "currency", "total_amount": "total",
    "paid_date": "paid on", "paid_amount": "paid",
}  # fmt: skip


def today(days: int = 0) -> dt.date:
    return utc_now().date() + dt.timedelta(days=days)


@pytest.fixture
def published(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    export = tmp_path / "erp.csv"
    lines = [
        ",".join(COLUMNS.values()).replace("invoice,invoice", "invoice"),
        f"F-1,C-1,Andina SAC,{today(-60)},{today(-30)},PEN,100.00,,",
        f"F-2,C-1,Andina SAC,{today(-60)},{today(-30)},PEN,50.10,,",
        f"F-3,C-2,Bolívar Ltda,{today(-90)},{today(-60)},USD,70.00,{today(-15)},30.00",
    ]
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    entity = {"files": str(export), "delivery": "full", "format": "csv", "columns": COLUMNS}
    document = {"system": "files", "company_id": "acme", "entities": {"invoices": entity}}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert pipeline.run(today()).status == "published"


def query(statement: str, **bound: Any) -> list[dict[str, Any]]:
    with transaction(Role.admin) as connection:
        return rows(connection, statement, bound)


def items() -> dict[str, tuple[bool, dt.date | None]]:
    found = query("select invoice_id, is_disputed, promised_date from serve.fct_open_items where open_amount > 0")
    return {row["invoice_id"]: (row["is_disputed"], row["promised_date"]) for row in found}


def new_id() -> str:
    return str(uuid.uuid4())


def promises() -> list[tuple[str, Decimal]]:
    found = query(
        "select invoice_id, promised_amount from serve.fct_promises where recorded_to > '9999-01-01'"
        " and source = 'desk' order by promised_date, invoice_id, promised_amount desc"
    )
    return [(row["invoice_id"], row["promised_amount"]) for row in found]


def kept() -> list[dict[str, Any]]:
    return query(
        "select currency_code, value, numerator, denominator from serve.fct_kpis"
        " where kpi like 'promise%%kept%%' and currency_code = 'USD' and denominator > 0 order by kpi"
    )


def test_promises_and_disputes_are_in_the_figures_after_the_next_run(published: None) -> None:
    assert query("select 1 from ops.loads where source = 'desk'") == []
    of_item = {row["invoice_id"]: row["item_id"] for row in query("select * from serve.fct_open_items")}
    both = desk.promise(
        BOSS,
        new_id(),
        "erp:C-1",
        "acme",
        "PEN",
        Decimal(120),
        today(9),
        item_ids=[of_item["erp:F-1"], of_item["erp:F-2"]],
    )
    contested = desk.dispute(BOSS, new_id(), "erp:C-1", "acme", "PEN", item_ids=[of_item["erp:F-2"]], reason="broken")
    past = desk.promise(BOSS, new_id(), "erp:C-2", "acme", "USD", Decimal(30), today(1))
    _move_back(past.promise_id, made=-20, due=-10)
    assert pipeline.run(today()).status == "published"
    assert items() == {
        "erp:F-1": (False, today(9)), "erp:F-2": (True, today(9)), "erp:F-3": (False, None),
    }  # fmt: skip
    assert promises() == [(None, 30), ("erp:F-1", 100), ("erp:F-2", 20)]
    assert all((row["numerator"], row["denominator"]) in ((30, 30), (1, 1)) for row in kept()) and kept()
    known_at = query("select known_at from serve.publication")[0]["known_at"]

    desk.cancel_promise(BOSS, new_id(), "erp:C-1", both.promise_id, seen=1)
    desk.close_dispute(BOSS, new_id(), "erp:C-1", contested.dispute_id, seen=1, resolution="it was not")
    assert pipeline.run(today()).status == "published"
    assert set(items().values()) == {(False, None)} and promises() == [(None, 30)]
    # law 4: as known before, it was promised
    then = query("select invoice_id, promised_date from serve.open_items(%(day)s, %(at)s)", day=today(), at=known_at)
    assert {row["promised_date"] for row in then if row["invoice_id"] == "erp:F-1"} == {today(9)}
    assert pipeline.run(today()).status == "unchanged"


def test_a_plan_that_was_not_kept_ends_by_itself_and_one_that_was_goes_on(published: None) -> None:
    broken, going = (
        desk.plan(
            BOSS,
            new_id(),
            customer,
            "acme",
            code,
            [(today(1), Decimal(part)), (today(30), Decimal(part))],
            note="by mail",
        )
        for customer, code, part in (("erp:C-1", "PEN", 25), ("erp:C-2", "USD", 20))
    )
    for each in (broken, going):
        _move_back(each.parts[0].promise_id, made=-20, due=-10)
        query("update ops.desk_plans set made_date = %(day)s returning 1", day=today(-20))
    assert pipeline.run(today()).status == "published"
    with transaction(Role.desk) as connection:
        (ended,) = desk.file_of(connection, "erp:C-1").plans
        assert desk.file_of(connection, "erp:C-2").plans[0].is_cancelled is False
    assert (ended.is_cancelled, ended.version, ended.by) == (True, 2, "cartera")
    assert ended.shortfall == Shortfall(Decimal(0), Decimal(25), today(-10)) and ended.note == "by mail"
    assert pipeline.run(today()).status == "published"  # judged after the publication, it is in the figures of the next
    assert items() == {"erp:F-1": (False, None), "erp:F-2": (False, None), "erp:F-3": (False, today(30))}
    assert promises() == [(None, 25), (None, 20), (None, 20)]  # the one that was broken, and both of the other


def _move_back(promise_id: str, *, made: int, due: int) -> None:
    """As if it had been recorded so many days ago."""
    query(
        "update ops.desk_promises set made_date = %(made)s, promised_date = %(due)s"
        " where promise_id = %(id)s::uuid returning 1",
        id=promise_id,
        made=today(made),
        due=today(due),
    )
