"""Transactions that a real company had, through the API's shape: all land, and each payment settles what it says."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from support.connected import connected
from support.quickbooks_stub import QuickBooksStub


def test_transactions_of_a_real_company_land(shared_data: Path, database: str, tmp_path: Path) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        path = shared_data / "fivetran-seeds" / "quickbooks" / f"{name}_data.csv"
        with path.open(encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row.get("_fivetran_deleted") != "TRUE"]

    lines = defaultdict(list)
    for line in rows("payment_line"):
        kind = "Invoice" if line["invoice_id"] else "CreditMemo" if line["credit_memo_id"] else "JournalEntry"
        txn = line["invoice_id"] or line["credit_memo_id"] or line["journal_entry_id"]
        lines[line["payment_id"]].append(
            {"Amount": Decimal(line["amount"]), "LinkedTxn": [{"TxnId": txn, "TxnType": kind}]}
        )
    with QuickBooksStub() as stub:
        for row in rows("payment"):
            stub.save(
                "Payment", row["id"], CustomerRef={"value": row["customer_id"]}, TxnDate=row["transaction_date"],
                TotalAmt=Decimal(row["total_amount"]), UnappliedAmt=Decimal(row["unapplied_amount"]),
                Line=lines[row["id"]], **currency(row),
            )  # fmt: skip
        for entity, name in (("Invoice", "invoice"), ("CreditMemo", "credit_memo")):
            for row in rows(name):
                stub.save(
                    entity, row["id"], CustomerRef={"value": row["customer_id"]}, TxnDate=row["transaction_date"],
                    TotalAmt=Decimal(row["total_amount"]), Balance=Decimal(row["balance"]), DocNumber=row["doc_number"],
                    **currency(row),
                )  # fmt: skip
        settings = {"url": stub.url, "token_url": f"{stub.url}/tokens", "realm_id": "9130", "client_id": "client"}
        secret = {"client_secret": "s3cr3t-of-client", "refresh_token": "refresh-0"}
        with connected(tmp_path, "quickbooks", settings, secret, name="seeds") as books:
            found = books.sync()
            for table, entity in (("payment", "Payment"), ("invoice", "Invoice"), ("credit_memo", "CreditMemo")):
                assert found[table].rows_new == len(stub.tables[entity]) > 0, table
                assert found[table].rows_quarantined == 0, table
            settled = books.current("payment", "SettledAmt")
    for key, linked in lines.items():
        if key in settled and all(one["LinkedTxn"][0]["TxnType"] == "Invoice" for one in linked):
            applied = sum((one["Amount"] for one in linked), Decimal(0))
            assert settled[key][0] == applied + stub.tables["Payment"][key]["UnappliedAmt"]


def currency(row: dict[str, str]) -> dict[str, object]:
    rate = {"ExchangeRate": Decimal(row["exchange_rate"])} if row["exchange_rate"] else {}
    return {"CurrencyRef": {"value": row["currency_id"]}, **rate}
