"""From a system's answers to landed versions, against a plain loop of GET, json.loads and COPY, in one run.

    python benchmarks/connectors.py [--big] [--keep]

A stub in a process of its own answers at once; it gives invoices in the shape of ERPNext (about 40 fields and a child
table that is asked for with each page) and in that of a small REST system (12 fields, pages by number). For each
system and size - 10,000 and 100,000 records, with --big 1,000,000 - it measures, each in a process of its own,

- the whole path of a first reading: GET, parse with exact decimals, spool, type, judge, hash, stage, insert versions,
  account for every row and cent, commit with the cursors;
- the yardstick: httpx GET, json.loads, and COPY of the same columns into a plain table, page by page.

Claim: at least 5,000 records a second, and peak memory that does not grow with the number of records.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from landing import checkpoint, scratch

PAGE = 1_000
CLAIM = 5_000
SETTLED = 1.25
"""So much more memory for ten times the records is flat."""

SMALL = (
    '{"id":"INV-%09d","number":"F001-%d","company":"acme","customer":"C%06d","issued":"2026-03-01","due":"2026-04-01",'
    '"currency":"PEN","total":%d.%02d,"status":"open","updated":"2026-03-01T10:00:00Z","note":"Pedido %d","lines":3}'
)

ERPNEXT_FIELDS = {
    "docstatus": 1, "is_return": 0, "update_outstanding_for_self": 1, "company": "Acme S.A.", "status": "Unpaid",
    "posting_date": "2026-03-01", "due_date": "2026-04-01", "currency": "PEN", "party_account_currency": "PEN",
    "conversion_rate": 1.0, "rounded_total": 0.0, "base_rounded_total": 0.0, "return_against": None,
    "contact_email": "pagos@example.com", "naming_series": "ACC-SINV-.YYYY.-", "title": "Ana S.A.",
    "territory": "Peru", "selling_price_list": "Standard", "price_list_currency": "PEN", "letter_head": None,
    "debit_to": "1310 - Debtors - A", "is_opening": "No", "remarks": "No Remarks", "language": "es",
    "customer_group": "Commercial", "sales_team": None, "set_warehouse": None, "tc_name": None, "po_no": "",
    "total_qty": 3.0, "net_total": 100.0, "taxes_and_charges": None, "cost_center": "Main - A",
}  # fmt: skip
ERPNEXT = (
    '{"name":"ACC-SINV-%09d","owner":"x","idx":0,"modified":"2026-03-01 10:%02d:%02d.%06d","customer":"C%06d",'
    '"customer_name":"Comercial Andina S.A.C. %d","grand_total":%d.%02d,"base_grand_total":%d.%02d,'
    '"outstanding_amount":%d.%02d,' + json.dumps(ERPNEXT_FIELDS).replace("%", "%%")[1:]
)
CHILD = (
    '{"name":"%s-1","parent":"%s","parenttype":"Sales Invoice","parentfield":"payment_schedule","idx":1,'
    '"due_date":"2026-04-01","payment_amount":100.0,"base_payment_amount":100.0}'
)


def _small(number: int) -> str:
    return SMALL % (number, number, number % 30_000, number % 9_000 + 1, number % 100, number)


def _invoice(number: int) -> str:
    seconds, cents = divmod(number, 1_000_000)
    amount = (number % 9_000 + 1, number % 100)
    # each in a moment of its own, as they are saved one after the other
    return ERPNEXT % (
        number, seconds // 60, seconds % 60, cents, number % 30_000, number % 30_000, *amount, *amount, *amount
    )  # fmt: skip


class Stub(BaseHTTPRequestHandler):
    """Pages are made of a template: the server must not be what is measured."""

    protocol_version = "HTTP/1.1"
    records = 0

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self._answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, path: str, params: dict[str, str]) -> str:
        if path.endswith("/invoices"):
            start = (int(params["page"]) - 1) * PAGE
            numbers = range(start, min(start + PAGE, self.records))
            return '{"items":[' + ",".join(map(_small, numbers)) + "]}"
        filters = json.loads(params.get("filters", "[]"))
        if path.endswith("Payment%20Schedule"):
            (names,) = [value for name, _is, value in filters if name == "parent"]
            return '{"data":[' + ",".join(CHILD % (name, name) for name in names) + "]}"
        if not path.endswith("Sales%20Invoice"):
            return '{"data":[]}'
        return '{"data":[' + ",".join(map(_invoice, self._after(filters, int(params["limit_page_length"])))) + "]}"

    def _after(self, filters: list[list[str]], size: int) -> range:
        """The records that come after (modified, name)."""
        start = 0
        for name, operator, value in filters:
            if name == "modified":
                minutes, seconds, micros = int(value[14:16]), int(value[17:19]), int(value[20:26])
                start = (minutes * 60 + seconds) * 1_000_000 + micros + (operator == ">")
                if operator == "=":
                    return range(0)  # no two share a moment
        return range(start, min(start + size, self.records))

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(records: int, port: Any) -> None:
    Stub.records = records
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    port.send(server.server_address[1])
    server.serve_forever()


def small_system() -> Any:
    from cartera.connectors.api import Resource, System, amount, date, raw_entity, text, texts, timestamp
    from cartera.connectors.api.http import Http
    from cartera.connectors.api.paging import PageNumber

    invoices = raw_entity(
        "invoices", "id", timestamp("updated", required=True), *texts("number", "customer", "status", required=True),
        text("company", required=True), date("issued"), date("due"), text("currency"), amount("total", required=True),
        amount="total", changed_at="updated",
    )  # fmt: skip
    return System(
        name="small", title="A small REST system", kind="erp", settings=(),
        resources=(Resource(invoices, path="invoices", paging=PageNumber(), records="items", company="company"),),
        open=lambda access: Http(access["url"], access), check=lambda http: "",
    )  # fmt: skip


def source_of(system: str, url: str, name: str) -> Any:
    from dataclasses import replace
    from pathlib import Path

    from cartera.connectors.api import Setting, systems
    from cartera.connectors.api.spec import ApiSource

    if system == "small":
        made = replace(small_system(), settings=(Setting("url", ""),))
        known = systems.get
        systems.get = lambda asked: made if asked == "small" else known(asked)
    connection = {"url": url} | ({"api_key": "key"} if system == "erpnext" else {})
    source = ApiSource(system=system, connection=connection, page_size=PAGE, company_id="acme", sweep_hours=100_000)
    source._path = Path(f"{name}.yaml")
    return source


def read_whole(system: str, url: str, name: str) -> int:
    """The path that is claimed."""
    from cartera.connectors.api.deliver import deliver

    reports, _notes = deliver(source_of(system, url, name), {"api_secret": "s"})
    return sum(report.rows_new for report in reports)


def read_plainly(system: str, url: str, name: str) -> int:
    """The yardstick: what one would write without caring for anything."""
    import csv
    import io

    import httpx

    from cartera.db import Role, transaction

    columns = (
        ("id", "updated", "number", "customer", "status", "company", "issued", "due", "currency", "total")
        if system == "small"
        else ("name", "modified", "docstatus", "company", "posting_date", "customer", "currency", "grand_total",
              "base_grand_total", "outstanding_amount", "customer_name", "contact_email", "due_date",
              "payment_schedule")
    )  # fmt: skip
    with httpx.Client(base_url=url) as http, transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table public.{name} ({', '.join(f'{column} text' for column in columns)})")
        read, last = 0, ""
        while records := _page(system, http, read, last):
            text = io.StringIO()
            csv.writer(text).writerows([record[column] for column in columns] for record in records)
            text.seek(0)
            cursor.copy_expert(f"copy public.{name} from stdin with (format csv)", text)
            read, last = read + len(records), records[-1].get("modified", "")
    return read


def _page(system: str, http: Any, read: int, last: str) -> list[dict[str, Any]]:
    if system == "small":
        found = json.loads(http.get("/invoices", params={"page": read // PAGE + 1, "per_page": PAGE}).content)
        return list(found["items"])
    filters = json.dumps([["modified", ">", last]] if last else [])
    asked = {"filters": filters, "limit_page_length": PAGE}
    records = json.loads(http.get("/api/resource/Sales Invoice", params=asked).content)["data"]
    if not records:
        return []
    wanted = json.dumps([["parent", "in", [record["name"] for record in records]]])
    children = json.loads(http.get("/api/resource/Payment Schedule", params={"filters": wanted}).content)["data"]
    rows = {row["parent"]: row for row in children}
    return [{**record, "payment_schedule": json.dumps([rows[record["name"]]])} for record in records]


def in_process(work: Callable[..., int], *given: str) -> tuple[int, float, float]:
    """(records, seconds, peak megabytes) of a process that does nothing else."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_timed, args=(theirs, work, given))
    process.start()
    theirs.close()  # else a process that failed would be waited for
    found: tuple[int, float, float] = ours.recv()
    process.join()
    return found


def _timed(answer: Any, work: Callable[..., int], given: tuple[str, ...]) -> None:
    import cartera.connectors.api.deliver  # noqa: F401 - loading it is no part of a reading

    started = time.perf_counter()
    records = work(*given)
    seconds = time.perf_counter() - started
    answer.send((records, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--big", action="store_true", help="1,000,000 records too")
    parser.add_argument("--keep", action="store_true", help="leave the state folder")
    arguments = parser.parse_args()
    sizes = [10_000, 100_000, *([1_000_000] if arguments.big else [])]
    is_kept = True
    print(f"{os.cpu_count()} cores; records a second from answer to landed, peak memory of the reading process")
    with scratch(arguments.keep):
        for system in ("small", "erpnext"):
            peaks = []
            for size in sizes:
                ours, theirs = multiprocessing.get_context("spawn").Pipe()
                server = multiprocessing.get_context("spawn").Process(target=serve, args=(size, theirs), daemon=True)
                server.start()
                url, name = f"http://127.0.0.1:{ours.recv()}", f"{system}_{size}"
                checkpoint()
                landed, seconds, peak = in_process(read_whole, system, url, name)
                checkpoint()
                copied, plain_seconds, plain_peak = in_process(read_plainly, system, url, name)
                server.terminate()
                assert landed == copied == size, (landed, copied, size)
                speed, plain = size / seconds, size / plain_seconds
                peaks.append(peak)
                is_kept = is_kept and speed >= CLAIM
                print(
                    f"{system:<8} {size:>9,} records {seconds:7.2f} s {speed:9,.0f}/s {peak:6,.0f} MB"
                    f"   plain loop {plain:9,.0f}/s {plain_peak:6,.0f} MB   ratio {speed / plain:.2f}",
                    flush=True,
                )
            # from the second size on: the first is too small to fill what is read ahead
            is_kept = is_kept and all(peak <= SETTLED * peaks[1] for peak in peaks[1:])
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
