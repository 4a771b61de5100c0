"""From files to what is opened of them: a chargeback that is a debt of its own, under an invoice or under none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera import pipeline
from cartera.db import Role, transaction
from cartera.settings import get_settings
from cartera.warehouse import invoices, read

AS_OF = dt.date(2026, 6, 30)
FILES = {
    "invoices": """\
invoice_id,number,customer_id,customer_name,issue_date,due_date,currency_code,total_amount
F-1,F-1,C-1,Andina SAC,2026-05-01,2026-05-31,PEN,500.00
""",
    "instalments": """\
instalment_id,invoice_id,due_date,amount
F-1/1,F-1,2026-05-31,300.00
F-1/2,F-1,2026-06-15,200.00
""",
    "payments": """\
payment_id,customer_id,received_date,currency_code,amount
P-1,C-1,2026-06-01,PEN,500.00
""",
    "allocations": """\
allocation_id,payment_id,instalment_id,amount,allocated_date
A-1,P-1,F-1/1,300.00,2026-06-01
A-2,P-1,F-1/2,200.00,2026-06-01
""",
    "chargebacks": """\
chargeback_id,customer_id,payment_id,invoice_id,chargeback_date,currency_code,amount
CB-1,C-1,P-1,F-1,2026-06-20,PEN,200.00
CB-2,C-1,P-1,,2026-06-25,PEN,30.00
""",
}


@pytest.fixture
def published(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entities: dict[str, Any] = {}
    for name, text in FILES.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        columns = {column: column for column in text.splitlines()[0].split(",")}
        entities[name] = {"files": str(path), "delivery": "full", "format": "csv", "columns": columns}
    folder = tmp_path / "sources"
    folder.mkdir()
    document = {"system": "files", "company_id": "acme", "entities": entities}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    assert pipeline.run(AS_OF).status == "published"


def test_every_debt_adds_up_to_the_entries_that_it_leads_to(published: None) -> None:
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        asked = (connection, AS_OF, known_at)
        debts = {row["item_id"]: row for row in read.open_items(*asked)}
        assert {id: (row["open_amount"], row["invoice_id"]) for id, row in debts.items()} == {
            "chargeback:erp:CB-1": (200, "erp:F-1"), "chargeback:erp:CB-2": (30, None),
        }  # fmt: skip
        for item_id, row in debts.items():
            found = invoices.settlement(connection, known_at, item_id)
            assert found is not None and found["item_type"] == "chargeback"
            own = invoices.movements(*asked, item_id)
            assert [each["entry_type"] for each in own] == ["charged_back"]
            assert sum(each["amount"] for each in own) == invoices.open_of(*asked, item_id) == row["open_amount"]
        parts = invoices.instalments(*asked, "erp:F-1")
        assert [(each["item_type"], each["open_amount"]) for each in parts] == [
            ("instalment", 0), ("instalment", 0), ("chargeback", 200),
        ]  # fmt: skip
        moved = invoices.movements(*asked, "invoice:erp:F-1", parts[-1]["item_id"])
        assert sum(each["amount"] for each in moved) == sum(each["open_amount"] for each in parts)
        before = invoices.instalments(connection, dt.date(2026, 6, 19), known_at, "erp:F-1")
        assert [each["item_type"] for each in before] == ["instalment", "instalment"], "it was not there yet"
