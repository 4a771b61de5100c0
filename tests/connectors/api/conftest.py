from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.erpnext_stub import ErpNext


@pytest.fixture
def stub() -> Iterator[ErpNext]:
    with ErpNext() as made:
        made.customer("ANA")
        made.tick()
        for number in range(30):
            made.invoice(f"I{number:02}", "ANA", "10.10")
        made.tick()
        yield made


@pytest.fixture
def erp(stub: ErpNext, database: str, tmp_path: Path) -> Iterator[Connected]:
    """ERPNext with 30 invoices, not read yet: the smallest system stands for all."""
    secrets = {"api_secret": "s3cr3t-of-erpnext"}
    with connected(
        tmp_path, "erpnext", {"url": stub.url, "api_key": "key"}, secrets, companies={"Acme S.A.": "acme"},
        company_id="acme", page_size="10", sweep_hours="0",
    ) as made:  # fmt: skip
        yield made
