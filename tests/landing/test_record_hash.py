"""The hash says whether a record changed, and nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from payments import PAYMENTS, Payment, table

from cartera.landing.encode import arrow_type, record_hashes, schema
from cartera.landing.entities import ENTITIES, Column


def hashes(*payments: Payment) -> list[str]:
    return record_hashes(PAYMENTS, table(list(enumerate(payments))))


def test_the_hash_of_a_record_never_changes() -> None:
    """When this fails, every record of every customer gets a new version: change the code, not the test."""
    assert hashes(Payment("A"), Payment("Ñ", Decimal("0.000001"), "PEN", "x")) == [
        "953a0a0811bd3425007fa4e2ee1e9e79",
        "0fc8f14bb357f3c919ff1a3c294a6e78",
    ]
    invoice = {
        "row_number": 1, "invoice_id": "F1", "company_id": "main", "customer_id": "C",
        "issue_date": dt.date(2026, 1, 2),
        "currency_code": "USD", "total_amount": Decimal("1234.5"), "document_fx_rate": Decimal("0.000000000001"),
        "is_disputed": False,
    }  # fmt: skip
    invoices = ENTITIES["invoices"]
    assert record_hashes(invoices, pa.Table.from_pylist([invoice], schema(invoices))) == [
        "b24f1d4948a0344baa46aeb3150238b5"
    ]


def test_the_hash_does_not_depend_on_row_or_batch() -> None:
    alone = hashes(Payment("B"))
    assert hashes(Payment("A", reference="x"), Payment("B"))[1:] == alone
    assert record_hashes(PAYMENTS, table([(99, Payment("B"))])) == alone


def test_a_column_added_at_the_end_changes_no_hash() -> None:
    wider = replace(PAYMENTS, columns=(*PAYMENTS.columns, Column("method_detail"), Column("settled", "date")))
    rows = table([(1, Payment("A")), (2, Payment("B", reference="x")), (3, Payment("C", reference=""))])
    added = [pa.nulls(3, arrow_type("text")), pa.nulls(3, arrow_type("date"))]
    extended = rows.append_column("method_detail", added[0]).append_column("settled", added[1])
    assert record_hashes(wider, extended) == record_hashes(PAYMENTS, rows)


ALPHABET = 'a,"\n\x1e\x1f\xfe\xffñ'
texts = st.none() | st.text(ALPHABET, max_size=3)
records = st.fixed_dictionaries(
    {"payment_id": st.text(ALPHABET, min_size=1, max_size=3), "method": texts, "reference": texts, "status": texts}
)


@given(st.lists(records, min_size=2, max_size=6))
def test_two_records_have_one_hash_only_if_they_are_equal(values: list[dict[str, Any]]) -> None:
    full = [Payment("x").values() | {"row_number": 1} | value for value in values]
    found = record_hashes(PAYMENTS, pa.Table.from_pylist(full, schema(PAYMENTS)))
    for one, one_hash in zip(full, found, strict=True):
        for other, other_hash in zip(full, found, strict=True):
            assert (one == other) == (one_hash == other_hash)
