"""What a promise or dispute of the desk is about is the same before the next run and after it, wherever it is read."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera import desk, pipeline
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor
from cartera.reminders import portfolio
from cartera.reports.build import Clocks, table
from cartera.reports.document import Part
from cartera.settings import get_settings
from cartera.warehouse import customers, disputes, headline, late, promises, read
from cartera.warehouse.read import Row, rows

BOSS = Actor("boss@acme.pe", "manager")
INVOICES = (
    "invoice_id", "company_id", "customer_id", "issue_date", "due_date", "currency_code", "total_amount", "paid_date",
    "paid_amount",
)  # fmt: skip
INSTALMENTS = ("instalment_id", "invoice_id", "due_date", "amount")
PAYMENTS = ("payment_id", "company_id", "customer_id", "received_date", "currency_code", "amount")
ALLOCATIONS = ("allocation_id", "payment_id", "instalment_id", "amount", "allocated_date")
CHARGEBACKS = ("chargeback_id", "company_id", "customer_id", "chargeback_date", "currency_code", "amount")


def today(days: int = 0) -> dt.date:
    return utc_now().date() + dt.timedelta(days=days)


@pytest.fixture
def published(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    owed = (today(-60), today(-30))
    given: dict[str, tuple[Sequence[str], list[tuple[object, ...]]]] = {
        "invoices": (INVOICES, [
            ("F-1", "main", "C-1", *owed, "PEN", "1000.00", today(-15), "30.00"),
            ("F-2", "main", "C-1", *owed, "USD", "70.00", "", ""),
            ("F-3", "norte", "C-1", *owed, "PEN", "500.00", "", ""),
            ("F-4", "main", "C-2", *owed, "PEN", "300.00", "", ""),
            ("F-5", "main", "C-2", *owed, "PEN", "40.00", "", ""),
        ]),
        "instalments": (INSTALMENTS, [("I-1", "F-4", today(-30), "100.00"), ("I-2", "F-4", today(-20), "200.00")]),
        "payments": (PAYMENTS, [("P-1", "main", "C-2", today(-15), "PEN", "120.00")]),
        "allocations": (ALLOCATIONS, [("A-1", "P-1", "I-2", "120.00", today(-15))]),
        "chargebacks": (CHARGEBACKS, [
            ("K-1", "main", "C-2", today(-9), "PEN", "90.00"), ("K-2", "main", "C-2", today(-9), "PEN", "60.00"),
        ]),
    }  # fmt: skip
    entities = {}
    for entity, (columns, records) in given.items():
        export = tmp_path / f"{entity}.csv"
        export.write_text("\n".join(",".join(map(str, line)) for line in (columns, *records)) + "\n", encoding="utf-8")
        entities[entity] = {
            "files": str(export), "delivery": "full", "format": "csv", "columns": {name: name for name in columns},
        }  # fmt: skip
    (folder / "erp.yaml").write_text(yaml.safe_dump({"system": "files", "entities": entities}), encoding="utf-8")
    run()


def run() -> None:
    assert pipeline.run(today()).status == "published"


def query(statement: str, **bound: Any) -> list[Row]:
    with transaction(Role.admin) as connection:
        return rows(connection, statement, bound)


def new_id() -> str:
    return str(uuid.uuid4())


def promise(customer: str, place: str, amount: str, days: int = 9, **rest: Any) -> desk.Promise:
    company, code = place.split("/")
    return desk.promise(BOSS, new_id(), f"erp:{customer}", company, code, Decimal(amount), today(days), **rest)


def dispute(customer: str, place: str, reason: str, **rest: Any) -> desk.Dispute:
    company, code = place.split("/")
    return desk.dispute(BOSS, new_id(), f"erp:{customer}", company, code, reason=reason, **rest)


def move_back(promise_id: str) -> None:
    """As if its day, and the days of grace, had passed."""
    query(
        "update ops.desk_promises set made_date = %(made)s, promised_date = %(due)s"
        " where promise_id = %(id)s::uuid returning 1",
        id=promise_id,
        made=today(-20),
        due=today(-10),
    )


def covered() -> tuple[set[str], set[str]]:
    """The items promised for a later day, and those disputed, as reminders are planned: what is published with what was
    recorded since."""
    with transaction(Role.campaign) as connection:
        found = portfolio.items_by_customer(connection, read.publication(connection), today())
    items = [item for companies in found.values() for items in companies.values() for item in items]
    return (
        {item.item_id.removeprefix("erp:") for item in items if item.promised_date and item.promised_date > today()},
        {item.item_id.removeprefix("erp:") for item in items if item.is_disputed},
    )


def published_reach() -> tuple[set[str], set[str]]:
    """The same, as published alone."""
    found = query("select item_id, promised_date, is_disputed from serve.fct_open_items where open_amount > 0")
    return (
        {row["item_id"].removeprefix("erp:") for row in found if row["promised_date"]},
        {row["item_id"].removeprefix("erp:") for row in found if row["is_disputed"]},
    )


def report(mart: str, dimension: str, measure: str) -> dict[str | None, Decimal]:
    with transaction(Role.reader) as connection:
        clocks = Clocks(today(), read.publication(connection).known_at)
        found = table(connection, Part(mart=mart, dimensions=(dimension,), measures=(measure,)), clocks, 99).rows
    return {row[dimension]: row[measure] for row in found}


def kpi(name: str, company: str) -> Row:
    (found,) = query(
        "select numerator, denominator from serve.fct_kpis"
        " where kpi = %(kpi)s and company_id = %(company)s and currency_code = 'PEN'",
        kpi=name,
        company=company,
    )
    return found


def test_a_promise_of_all_that_is_owed_is_of_its_company_and_currency(published: None) -> None:
    promise("C-1", "main/USD", "5")
    assert covered() == ({"F-2:1"}, set())
    run()
    assert covered() == published_reach() == ({"F-2:1"}, set())
    promised = query(
        "select company_id, currency_code, promised_amount from serve.fct_aging where customer_id = 'erp:C-1'"
        " and promised_amount > 0"
    )
    assert promised == [{"company_id": "main", "currency_code": "USD", "promised_amount": 70}]
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        asked = late.late(
            connection, today(), known_at, currency_code="PEN", shares=[], after_that=Decimal(1), limit=99
        )
    assert {row["company_id"] for row in asked if row["customer_id"] == "erp:C-1" and not row["why"]} == {
        "main", "norte",
    }  # fmt: skip
    # a plan is of one place too
    desk.plan(BOSS, new_id(), "erp:C-1", "norte", "PEN", [(today(9), Decimal(5)), (today(40), Decimal(5))])
    assert covered()[0] == {"F-2:1", "F-3:1"}
    run()
    assert covered() == published_reach() == ({"F-2:1", "F-3:1"}, set())


def test_money_to_another_company_keeps_no_promise(published: None) -> None:
    """30 was paid to main since both were made; the customer is main's own."""
    for company in ("main", "norte"):
        move_back(promise("C-1", f"{company}/PEN", "30", 1).promise_id)
    run()
    assert kpi("promise_kept_pct_90d", "main") == {"numerator": 1, "denominator": 1}
    assert kpi("promise_kept_pct_90d", "norte") == {"numerator": 0, "denominator": 1}
    assert report("promises", "company_id", "promised_amount") == {"main": 30, "norte": 30}
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        asked = promises.Asked(today(), known_at, 90)
        assert {(row["company_id"], row["state"]) for row in promises.totals(connection, asked)} == {
            ("main", "kept"), ("norte", "broken"),
        }  # fmt: skip
        broken = promises.broken(connection, today(), known_at, ["erp:C-1"])
        assert broken == {("erp:C-1", "norte", "PEN"): today(-10)}
        assert promises.open_of_broken(connection, asked) == ["erp:F-3:1"]


def test_an_instalment_and_a_chargeback_are_promised_and_disputed_alone(published: None) -> None:
    promise("C-2", "main/PEN", "80", item_ids=["erp:I-2"])
    promise("C-2", "main/PEN", "90", item_ids=["chargeback:erp:K-1"])
    dispute("C-2", "main/PEN", "price", item_ids=["erp:I-1"])
    dispute("C-2", "main/PEN", "fraud", item_ids=["chargeback:erp:K-2"])
    reach = ({"I-2", "chargeback:erp:K-1"}, {"I-1", "chargeback:erp:K-2"})
    assert covered() == reach
    run()
    assert covered() == published_reach() == reach
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        asked = disputes.Asked(today(), known_at, "PEN", "main")
        told = {row["reason"]: (row["invoices"], row["open_amount"]) for row in disputes.by_reason(connection, asked)}
        assert told == {"price": (1, 100), "fraud": (1, 60)}
        listed = disputes.disputes(connection, asked, reason=None, age=None, limit=9)
        assert [(row["invoice_id"], row["document_number"], row["open_amount"]) for row in listed] == [
            ("erp:F-4", "F-4", 100), (None, listed[1]["document_number"], 60),
        ]  # fmt: skip
        of = headline.Asked(today(), known_at, "PEN", "main")
        assert headline.new_disputes(connection, of, today(-1)) == ["chargeback:erp:K-2", "erp:I-1"]
        claims = customers.claims(connection, today(), known_at, "erp:C-2")
        assert sorted((row["kind"], row["document_number"]) for row in claims) == [
            ("dispute", "F-4"), ("dispute", listed[1]["document_number"]),
            ("promise", "F-4"), ("promise", listed[1]["document_number"].replace("K-2", "K-1")),
        ]  # fmt: skip
    assert report("disputes", "reason", "open_amount") == {"price": 100, "fraud": 60}
    assert kpi("days_deductions_outstanding_90d", "main")["denominator"] == 160
    assert kpi("disputed_pct", "main")["numerator"] == 160

    # of all that is owed: every invoice, and what names none
    dispute("C-2", "main/PEN", "all of it")
    everything = {"I-1", "I-2", "F-5:1", "chargeback:erp:K-1", "chargeback:erp:K-2"}
    assert covered()[1] == everything
    run()
    assert covered()[1] == published_reach()[1] == everything
    with transaction(Role.reader) as connection:
        asked = disputes.Asked(today(), read.publication(connection).known_at, "PEN", "main")
        told = {row["reason"]: row["open_amount"] for row in disputes.by_reason(connection, asked)}
    assert sum(told.values()) == 370
    assert kpi("days_deductions_outstanding_90d", "main")["denominator"] == 490


def test_a_promise_of_an_instalment_is_kept_by_its_own_money(published: None) -> None:
    """120 was paid on the second of the two since they were made: a plan of the first is broken. The invoice is
    promised whole where all that is open of it was named."""
    for amount, item_ids in (("50", ["erp:I-2"]), ("60", ["erp:I-1"]), ("180", ["erp:I-1", "erp:I-2"])):
        move_back(promise("C-2", "main/PEN", amount, 1, item_ids=item_ids).promise_id)
    parts = [(today(1), Decimal(25)), (today(30), Decimal(26))]
    plan = desk.plan(BOSS, new_id(), "erp:C-2", "main", "PEN", parts, item_ids=["erp:I-1"])
    move_back(plan.parts[0].promise_id)
    query("update ops.desk_plans set made_date = %(day)s returning 1", day=today(-20))
    run()
    landed = query("select invoice_id, item_id, promised_amount from serve.fct_promises order by promised_amount")
    assert [(row["invoice_id"], row["item_id"], row["promised_amount"]) for row in landed] == [
        ("erp:F-4", "erp:I-1", 25), ("erp:F-4", "erp:I-1", 26), ("erp:F-4", "erp:I-2", 50), ("erp:F-4", "erp:I-1", 60),
        ("erp:F-4", None, 180),
    ]  # fmt: skip
    with transaction(Role.reader) as connection:
        asked = promises.Asked(today(), read.publication(connection).known_at, 90)
        found = promises.promises(connection, asked, limit=9)
        assert {row["promised_amount"]: row["state"] for row in found} == {
            25: "broken", 26: "open", 50: "kept", 60: "broken", 180: "broken",
        }  # fmt: skip
        assert {(row["company_id"], row["document_number"]) for row in found} == {("main", "F-4")}
    assert kpi("promise_kept_pct_90d", "main") == {"numerator": 1, "denominator": 4}
    with transaction(Role.desk) as connection:
        assert desk.file_of(connection, "erp:C-2").plans[0].is_cancelled, "nothing was paid on its instalment"
