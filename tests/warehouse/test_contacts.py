"""Contacts reach the warehouse: each run publishes what is new, and what was known of them once stays known."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera import pipeline
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk import Actor, record_call
from cartera.desk.calls import BECOMES
from cartera.desk.model import CallOutcome
from cartera.landing.contacts import land_contacts
from cartera.reminders import ledger
from cartera.reminders.model import Status
from cartera.settings import get_settings
from cartera.warehouse import contact_kpis, metrics, read
from cartera.warehouse.read import rows

AS_OF = dt.date(2026, 6, 30)
EXPORT = """\
invoice_id,customer_id,customer_name,issue_date,due_date,currency_code,total_amount,paid_date,paid_amount
F-1,ana,Ana,2026-05-01,2026-05-31,PEN,100.00,,
F-2,bea,Bea,2026-05-01,2026-05-31,PEN,50.00,2026-06-15,40.00
F-3,cid,Cid,2026-05-01,2026-05-31,USD,70.00,2026-06-15,20.00
"""
Clocks = tuple[dt.date, dt.datetime]


@pytest.fixture
def company(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A company with three customers, published before anybody was contacted."""
    folder = tmp_path / "sources"
    folder.mkdir()
    export = tmp_path / "invoices.csv"
    export.write_text(EXPORT, encoding="utf-8")
    columns = {name: name for name in EXPORT.partition("\n")[0].split(",")}
    entity = {"files": str(export), "delivery": "full", "format": "csv", "columns": columns}
    document = {"system": "files", "company_id": "acme", "entities": {"invoices": entity}}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    assert pipeline.run(AS_OF).status == "published"


def contacted(
    customer_id: str, channel: str, outcome: CallOutcome | None = None, cost: str | None = None, currency: str = "PEN"
) -> str:
    """A contact of 20 June that went out; its id. `outcome`: the class of a call's answer."""
    contact_id = str(uuid.uuid4())
    bound = {"id": contact_id, "customer": customer_id, "channel": channel, "cost": cost and Decimal(cost)}
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        plan = rows(
            connection,
            "insert into ops.contact_plans (policy_name, policy, as_of_date, known_at, publication_id, planned_by)"
            " values ('standard', '{}', '2026-06-20', now(), 1, 'test') returning plan_id",
        )[0]
        cursor.execute(
            "insert into ops.contacts (contact_id, plan_id, channel, is_automatic, policy_name, step_name,"
            " offset_days, template, cycle, company_id, customer_id, recipient, language_code, planned_date, status,"
            " message_id, cost_amount, cost_currency_code) values (%(id)s, %(plan_id)s, %(channel)s,"
            " %(channel)s <> 'call', 'standard', 'first', 20, 't', %(id)s, 'acme', %(customer)s, 'secret@example.com',"
            " 'es', '2026-06-20', 'planned', %(id)s, %(cost)s, case when %(cost)s is not null then 'PEN' end)",
            bound | plan,
        )
        cursor.execute(
            "insert into ops.contact_items (contact_id, item_id, due_date, offset_days, currency_code, planned_amount)"
            " values (%s, 'i', '2026-05-31', 20, %s, 1)",
            (contact_id, currency),
        )
        ledger.events(connection, [(None, ledger.Move(contact_id, Status.planned, detail={"said": "secret"}))], "test")
        ledger.move(connection, contact_id, [Status.planned], Status.sent, "test")
        if outcome is not None:
            came_of(contact_id, outcome, connection)
    return contact_id


def came_of(contact_id: str, outcome: CallOutcome, connection: Any) -> None:
    """As the desk records what came of a call."""
    detail = {"answer_class": outcome, "is_right_party": outcome.startswith("right_party"), "note": "secret"}
    ledger.move(connection, contact_id, [Status.sent], BECOMES.get(outcome, Status.answered), "local", detail=detail)


def published() -> Clocks:
    with transaction(Role.reader) as connection:
        found = read.publication(connection)
    return found.as_of_date, found.known_at


def figures(clocks: Clocks, by: metrics.By = "company") -> dict[tuple[str, ...], tuple[Any, ...]]:
    """(value, numerator, denominator, reason) of each figure of contacts."""
    with transaction(Role.reader) as connection:
        found = metrics.kpis(connection, *clocks, by)
    keys = ("currency_code", *metrics.group(by), "kpi")
    return {
        tuple(row[key] or "" for key in keys): (row["value"], row["numerator"], row["denominator"], row["reason"])
        for row in found
        if row["kpi"].startswith(("contact_rate", "right_party", "cost_"))
    }


def by_channel(clocks: Clocks) -> dict[tuple[str, ...], Any]:
    with transaction(Role.reader) as connection:
        found = contact_kpis.kpis(connection, *clocks, "channel")
    assert all((row["value"] is None) == (row["reason"] is not None) for row in found)
    return {(row["channel"], row["currency_code"], row["kpi"]): row["value"] for row in found}


def landed() -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection:
        return rows(connection, "select * from serve.fct_contacts order by contact_id, recorded_from")


def test_what_was_known_stays_and_what_is_new_is_published(company: None) -> None:
    before = published()
    none = figures(before)
    assert {value for value, *_ in none.values()} == {None}
    assert all(reason for *_, reason in none.values())

    contacted("erp:ana", "email", cost="0.02")
    contacted("erp:bea", "call", "right_party_promise", cost="0.38")
    contacted("ghost-shopper:1", "call", "right_party_other", cost="100")
    contacted("erp:cid", "sms", cost="0.50", currency="USD")
    assert pipeline.run(AS_OF).status == "published"
    first = published()
    seen = figures(first)
    assert {key: value[:3] for key, value in seen.items() if key[0] == "PEN"} == {
        ("PEN", "contact_rate_pct_90d"): (50, 1, 2),
        ("PEN", "right_party_contact_pct_90d"): (100, 1, 1),
        ("PEN", "cost_to_collect_90d"): (Decimal("0.01"), Decimal("0.40"), 40),
        ("PEN", "cost_per_payment_90d"): (Decimal("0.40"), Decimal("0.40"), 1),
    }
    # the customer owes dollars, the message cost soles: never divided
    value, _, _, reason = seen["USD", "cost_to_collect_90d"]
    assert value is None and "the contacts cost PEN" in reason
    assert figures(before) == none
    # by channel the costs add up to the whole
    assert {key: value for key, value in by_channel(first).items() if key[1] == "PEN"} == {
        ("call", "PEN", "contact_rate_pct_90d"): 100,
        ("call", "PEN", "right_party_contact_pct_90d"): 100,
        ("call", "PEN", "cost_to_collect_90d"): Decimal("0.0095"),
        ("call", "PEN", "cost_per_payment_90d"): Decimal("0.38"),
        ("email", "PEN", "contact_rate_pct_90d"): 0,
        ("email", "PEN", "right_party_contact_pct_90d"): None,
        ("email", "PEN", "cost_to_collect_90d"): Decimal("0.0005"),
        ("email", "PEN", "cost_per_payment_90d"): Decimal("0.02"),
    }
    assert pipeline.run(AS_OF).status == "unchanged"

    # later events, a customer who is erased, a ghost who is
    contacted("erp:ana", "call", "wrong_party", cost="1.60")
    call = record_call(Actor.local(), str(uuid.uuid4()), "erp:cid", outcome="right_party_other", is_right_party=True)
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        cursor.execute("select ops.erase_customer('erp:bea', 'test'), ops.erase_customer('ghost-shopper:1', 'test')")
    with transaction(Role.campaign) as connection:
        assert rows(connection, "select 1 from ops.contact_events where detail <> '{}'") != []
    assert pipeline.run(AS_OF).status == "published"
    second = published()
    later = figures(second)
    assert later["PEN", "contact_rate_pct_90d"][:3] == (100, 2, 2)
    assert later["PEN", "right_party_contact_pct_90d"][:3] == (50, 1, 2)
    assert later["PEN", "cost_to_collect_90d"][:3] == (Decimal("0.05"), 2, 40)
    assert (figures(before), figures(first)) == (none, seen)
    found = landed()
    assert {row["customer_id"].partition(":")[0] for row in found} == {"erp", "erased"}
    assert "erp:bea" not in {row["customer_id"] for row in found}
    assert "secret" not in str(found)
    (made,) = [row for row in found if row["contact_id"] == call.contact_id]
    assert (made["policy_name"], made["answer_class"], made["is_right_party"]) == ("desk", "right_party_other", True)
    # what the erased customer answered is still counted, and nothing else of it is left
    assert {row["answer_class"] for row in found if row["customer_id"].startswith("erased:")} == {"right_party_promise"}

    # built anew from what landed, on an empty warehouse
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.slots set code_hash = null, built_known_at = null")
    assert pipeline.run(AS_OF).status == "published"
    assert landed() == found
    assert (figures(before), figures(first), figures(second)) == (none, seen, later)


def test_landing_takes_what_is_noted_once(database: str) -> None:
    """What commits after a landing that began later is late, not missed."""
    with transaction(Role.loader) as connection:
        assert land_contacts(connection, utc_now()).is_unchanged
    open_before = contacted("erp:ana", "sms")
    with transaction(Role.campaign) as slow:
        came_of(open_before, "right_party_paid", slow)
        with transaction(Role.loader) as connection:
            report = land_contacts(connection, utc_now())
        assert (report.rows_new, report.rows_changed) == (1, 0)
    with transaction(Role.loader) as connection:
        report = land_contacts(connection, utc_now())
        assert (report.rows_new, report.rows_changed) == (0, 1)
        assert land_contacts(connection, utc_now()).is_unchanged
    with transaction(Role.transformer) as connection:
        lives = rows(connection, "select status, recorded_from, recorded_to from ops.contacts_known order by 2")
    assert [life["status"] for life in lives] == ["sent", "answered"]
    assert lives[0]["recorded_to"] == lives[1]["recorded_from"]


@pytest.mark.parametrize("role", [Role.loader, Role.transformer])
def test_who_builds_the_warehouse_sees_nothing_personal(database: str, role: Role) -> None:
    with transaction(role) as connection:
        seen = rows(
            connection,
            "select table_name, column_name from information_schema.columns as c where table_schema = 'ops' and"
            " table_name like 'contact%%' and column_name in ('recipient', 'detail', 'phone', 'address', 'message_id')"
            " and has_column_privilege(current_user, 'ops.' || table_name, column_name, 'select')",
        )
    assert seen == []
