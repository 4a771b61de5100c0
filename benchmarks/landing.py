"""Landing against plain COPY, in one run, from the CSV file to committed versions.

    python benchmarks/landing.py [--rows 1000000] [--keep]

Makes a wide invoice list (16 columns) as an ERP exports it and a state folder of its own, then measures

- plain COPY of the same rows, typed and with all columns of the raw table, into an equal table
  (same columns, same primary key): the yardstick;
- the whole path of a first delivery: detect, read, judge and type (files connector), hash, stage, check keys,
  insert versions, account for every row and cent, commit;
- the same file again (nothing to do), a second full delivery in which 5,000 rows changed, and an unchanged one
  whose bytes differ, so that every record has to be compared.

Claim: the first delivery is at least a third as fast as plain COPY; resident memory stays below 1.5 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

CHANGES = 5_000
CLAIM = 3.0
AT_ONCE = 250_000

MAPPING = """\
system: files
entities:
  invoices:
    files: {file}
    delivery: full
    columns:
      invoice_id: InvoiceNo
      customer_id: CustomerNo
      customer_name: CustomerName
      customer_email: CustomerEmail
      number: Number
      issue_date: IssueDate
      due_date: DueDate
      paid_date: PaidDate
      currency_code: Currency
      total_amount: Total
      paid_amount: Paid
      open_amount: Open
      document_fx_rate: Rate
      payment_reference: Reference
      status: Status
      is_disputed: Disputed
    dates: '%Y-%m-%d'
    values:
      is_disputed: {{'Yes': true, 'No': false}}
"""


def write_invoices(path: Path, rows: int, changed: int = 0, note: str = "") -> None:
    """A wide invoice list of `rows` lines; in the first `changed` the reference differs."""
    import pyarrow as pa
    from pyarrow import csv

    with path.open("wb") as file:
        for start in range(0, rows, AT_ONCE):
            table = _invoices(np.arange(start, min(start + AT_ONCE, rows)), changed)
            csv.write_csv(table, file, csv.WriteOptions(include_header=start == 0, quoting_style="none"))
        file.write(note.encode())
    assert pa.__version__


def _invoices(numbers: np.ndarray, changed: int) -> object:
    import pyarrow as pa
    import pyarrow.compute as pc

    def text(prefix: str, values: np.ndarray) -> pa.Array:
        return pc.binary_join_element_wise(prefix, pa.array(values).cast(pa.string()), "")

    def money(cents: np.ndarray) -> pa.Array:
        return pc.binary_join_element_wise(
            pa.array(cents // 100).cast(pa.string()), pa.array(np.char.zfill((cents % 100).astype(str), 2)), "."
        )

    def day(numbers: np.ndarray) -> pa.Array:
        return pa.array((18_500 + numbers).astype("int32")).cast(pa.date32()).cast(pa.string())

    scattered = (numbers * 7919) % 1_000_003
    cents = scattered + 100
    is_paid = scattered % 3 > 0
    reference = np.where(numbers < changed, scattered + 1, scattered)
    return pa.table(
        {
            "InvoiceNo": text("F001-", numbers + 10_000_000),
            "CustomerNo": text("C", scattered % 30_000 + 100_000),
            "CustomerName": text("Comercial Andina S.A.C. ", scattered % 30_000),
            "CustomerEmail": text("pagos@cliente", scattered % 30_000),
            "Number": text("", numbers + 1),
            "IssueDate": day(scattered % 700),
            "DueDate": day(scattered % 700 + 30),
            "PaidDate": pc.if_else(pa.array(is_paid), day(scattered % 700 + 41), ""),
            "Currency": pa.array(np.array(["USD", "PEN", "COP"])[scattered % 3]),
            "Total": money(cents),
            "Paid": money(np.where(is_paid, cents, 0)),
            "Open": money(np.where(is_paid, 0, cents)),
            "Rate": pa.array(np.array(["1", "3.7425", "4105.118"])[scattered % 3]),
            "Reference": text("REF", reference),
            "Status": pa.array(np.where(is_paid, "paid", "open")),
            "Disputed": pa.array(np.where(scattered % 50 == 0, "Yes", "No")),
        }
    )


@contextlib.contextmanager
def scratch(keep: bool) -> Iterator[Path]:
    """A state folder with a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="cartera-benchmark-"))
    os.environ["CARTERA_HOME"] = str(folder / "home")
    os.environ["CARTERA_SOURCES_DIR"] = str(folder / "sources")
    os.environ.pop("CARTERA_DATABASE_URL", None)
    (folder / "sources").mkdir()
    from cartera import db

    try:
        db.ensure_ready()
        yield folder
    finally:
        db.stop()
        if not keep:
            shutil.rmtree(folder)


def measured(what: str, rows: int, work: Callable[[], str]) -> float:
    """Run, print and return rows per second."""
    started = time.perf_counter()
    said = work()
    seconds = time.perf_counter() - started
    print(f"{what:<44} {seconds:8.2f} s {rows / seconds:12,.0f} rows/s   {said}", flush=True)
    return rows / seconds


def land_file(folder: Path) -> str:
    from cartera.clock import utc_now
    from cartera.connectors.files import deliveries, load_source
    from cartera.db import Role, transaction
    from cartera.landing import land_all

    source = load_source(folder / "sources" / "erp.yaml")
    with transaction(Role.loader) as connection:
        (report,) = land_all(connection, source.name, deliveries(source, connection), utc_now())
    if report.is_unchanged:
        return "the same delivery"
    return (
        f"{report.rows_new:,} new, {report.rows_changed:,} changed, {report.rows_unchanged:,} unchanged,"
        f" {report.rows_deleted:,} deleted, {report.rows_quarantined:,} in quarantine"
    )


def export_landed(path: Path) -> None:
    """What landed, as CSV with every column of the raw table: the same rows for plain COPY."""
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor, path.open("wb") as file:
        cursor.copy_expert("copy raw_files.invoices to stdout with (format csv)", file)


def make_plain_table() -> None:
    """An empty table with the columns and the key of raw_files.invoices.

    In a transaction of its own: a table filled by the transaction that made it needs no log, and raw does.
    """
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("create table public.plain (like raw_files.invoices including all)")


def copy_plain(path: Path) -> str:
    """The yardstick: one COPY into `plain`, and commit."""
    from cartera.db import Role, transaction

    with transaction(Role.admin) as connection, connection.cursor() as cursor, path.open("rb") as file:
        cursor.copy_expert("copy public.plain from stdin with (format csv)", file, size=1 << 20)
    return "into an equal table"


def checkpoint() -> None:
    """Write out what earlier measurements left, so that each pays for itself alone."""
    from cartera.db import Role, connect

    connection = connect(Role.admin, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("checkpoint")
    connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="leave the state folder")
    arguments = parser.parse_args()
    rows = arguments.rows
    with scratch(arguments.keep) as folder:
        file = folder / "invoices.csv"
        (folder / "sources" / "erp.yaml").write_text(MAPPING.format(file=file))
        write_invoices(file, rows)
        print(f"{rows:,} invoices, {file.stat().st_size / 1e6:,.0f} MB of CSV, {os.cpu_count()} cores")
        checkpoint()
        landing = measured("first delivery, file to committed versions", rows, lambda: land_file(folder))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        export_landed(folder / "plain.csv")
        make_plain_table()
        checkpoint()
        plain = measured("plain COPY", rows, lambda: copy_plain(folder / "plain.csv"))
        ratio = landing / plain
        print(f"landing is {ratio:.2f} of plain COPY (claim: {1 / CLAIM:.2f}); peak resident memory {peak:.2f} GB")
        measured("the same file again", rows, lambda: land_file(folder))
        write_invoices(file, rows, changed=CHANGES)
        checkpoint()
        measured(f"a full delivery with {CHANGES:,} changes", rows, lambda: land_file(folder))
        write_invoices(file, rows, changed=CHANGES, note="\n")
        checkpoint()
        measured("unchanged records in other bytes", rows, lambda: land_file(folder))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"peak resident memory in all {peak:.2f} GB")
    return 0 if ratio >= 1 / CLAIM else 1


if __name__ == "__main__":
    sys.exit(main())
