"""Customers that a real company had in NetSuite, in the columns of its own tables: all land."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from support.connected import connected
from support.netsuite_stub import ON_ONE_LINE, NetSuite


def test_customers_of_a_real_company_land(shared_data: Path, database: str, tmp_path: Path) -> None:
    path = shared_data / "fivetran-seeds" / "netsuite" / "netsuite2_customer_data.csv"
    with path.open(encoding="utf-8") as file:
        customers = [row for row in csv.DictReader(file) if row["_fivetran_active"] == "TRUE"]
    with NetSuite() as stub:
        asked = [name for _place, name, *_more in stub.database.execute("pragma table_info(customer)")]
        for row in customers:
            # each column that we ask for is one of theirs
            values = {name: row[name] or None for name in asked}
            changed = dt.datetime.strptime(row["lastmodifieddate"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
            stub._insert("customer", **values | {"lastmodifieddate": f"{changed:%Y-%m-%d %H:%M:%S}"})
        settings = {"url": stub.url, "account": "123_SB1", "client_id": "app", "certificate_id": "cert"}
        with connected(tmp_path, "netsuite", settings, {"private_key": ON_ONE_LINE}, company_id="acme") as erp:
            report = erp.sync()["customer"]
            assert (report.rows_new, report.rows_quarantined) == (len(customers), 0) == (5, 0)
            landed = erp.current("customer", "entityid", "altname", "email", "language", "isperson", "currency")
    for row in customers:
        named = tuple(row[name] for name in ("entityid", "altname", "email", "language", "isperson"))
        assert landed[row["id"]] == (*named, "USD")
