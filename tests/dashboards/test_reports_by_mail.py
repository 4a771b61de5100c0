"""The e-mails that a report lists are its own, however many there are of others."""

from __future__ import annotations

import datetime as dt

from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import publish_items, sample_items

from cartera.db import Role, transaction
from cartera.reports import schedule, store
from cartera.reports.document import Document, Part
from dashboards.components.report_kept import LISTED

MONDAY = dt.date(2026, 1, 5)


def _delivered(report: str, recipient: str, *days: dt.date) -> None:
    schedule_id = schedule.add("local", report, recipient, schedule.When((1,)))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.report_deliveries (schedule_id, due_on, due_at, message_id, status)"
            " select %(id)s::uuid, day, day, %(id)s || day, 'sent' from unnest(%(days)s::date[]) as day",
            {"id": schedule_id, "days": list(days)},
        )


def _listed(app: AppTest) -> list[str]:
    assert not app.exception and not app.error, said(app)
    return [name for each in app.dataframe if "recipient" in each.value for name in each.value["recipient"]]


def test_a_report_of_a_month_lists_its_own_beside_one_of_every_day(open_page: OpenPage) -> None:
    publish_items(sample_items())
    document = Document(parts=(Part(mart="aging", dimensions=("bucket",), measures=("open_amount",)),))
    monthly = store.save("local", "Monthly", document).report_id
    _delivered(monthly, "board@example.com", MONDAY)
    later = [MONDAY + dt.timedelta(days=day) for day in range(1, LISTED + 5)]
    _delivered("auditor_aging", "auditor@example.com", *later)
    assert _listed(open_page("reports", report=monthly)) == ["board@example.com"]
    assert _listed(open_page("reports", report="auditor_aging")) == ["auditor@example.com"] * LISTED
