"""Sales invoices that a real organisation had, through the API's shape: all land, and what is due on them stays."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

from support.connected import connected
from support.xero_stub import XeroStub, day


def test_invoices_of_a_real_organisation_land(shared_data: Path, database: str, tmp_path: Path) -> None:
    path = shared_data / "fivetran-seeds" / "xero" / "xero_invoice_data.csv"
    with path.open(encoding="utf-8") as file:
        sales = [row for row in csv.DictReader(file) if row["type"] == "ACCREC"]
    assert len(sales) == 117
    with XeroStub() as stub:
        for row in sorted(sales, key=lambda one: one["updated_date_utc"]):
            stub.now = dt.datetime.fromisoformat(row["updated_date_utc"].replace(" UTC", "+00:00"))
            stub.invoice(
                row["invoice_id"], row["contact_id"], row["total"], Status=row["status"], Date=day(row["date"]),
                DueDate=day(row["due_date"]), CurrencyCode=row["currency_code"],
                CurrencyRate=Decimal(row["currency_rate"]), AmountDue=Decimal(row["amount_due"]),
            )  # fmt: skip
        settings = {"url": stub.url, "identity_url": stub.url, "client_id": "client"}
        secret = {"client_secret": "s3cr3t-of-client"}
        with connected(tmp_path, "xero", settings, secret, name="books", page_size="10") as books:
            found = books.sync()["invoices"]
            assert (found.rows_new, found.rows_quarantined) == (117, 0)
            landed = books.current("invoices", "AmountDue", "Date", "UpdatedDateUTC", "CurrencyCode", "CurrencyRate")
    for row in sales:
        due, issued, changed, currency, rate = landed[row["invoice_id"]]
        assert (due, issued.isoformat(), currency) == (Decimal(row["amount_due"]), row["date"], row["currency_code"])
        assert changed.isoformat(sep=" ", timespec="milliseconds")[:23] == row["updated_date_utc"].removesuffix(" UTC")
        # one Canadian dollar is so many pounds, or so many dollars of the USA
        assert Decimal("0.5") < rate < Decimal("0.9")
