"""The whole way, on the embedded server: files in, figures out."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.adapters.postgres.connections import PostgresConnectionManager
from typer.testing import CliRunner

from cartera import pipeline
from cartera.db import Role, transaction
from cartera.errors import BuildFailed, GateFailed
from cartera.settings import get_settings
from cartera.warehouse import balances, invoices, read, read_runs, slots
from cartera.warehouse.dbt_connections import KeptConnections
from dashboards.i18n import Words, log

AS_OF = dt.date(2026, 6, 30)

INVOICES = """\
invoice,customer,name,issued,due,currency,total,paid on,paid
F-1,C-1,Andina SAC,2026-05-01,2026-05-31,PEN,100.00,,
F-2,C-1,Andina SAC,2026-06-01,2026-06-30,PEN,50.10,,
F-3,C-2,Bolívar Ltda,2026-01-10,2026-02-09,USD,70.00,2026-06-15,30.00
F-4,C-2,Bolívar Ltda,2026-01-10,2026-02-09,USD,20.00,2026-02-01,20.00
"""

COLUMNS = {
    "invoice_id": "invoice", "number": "invoice", "customer_id": "customer", "customer_name": "name",
    "issue_date": "issued", "due_date": "due", "currency_code": "currency", "total_amount": "total",
    "paid_date": "paid on", "paid_amount": "paid",
}  # fmt: skip


@pytest.fixture
def sources(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of mappings of its own."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
    get_settings.cache_clear()
    return folder


def connect_source(sources: Path, text: str, name: str = "erp", **more: Any) -> Path:
    """Write an export and its mapping; returns the export."""
    export = sources.parent / f"{name}.csv"
    export.write_text(text, encoding="utf-8")
    entity = {"files": str(export), "delivery": "full", "format": "csv", "columns": COLUMNS, **more}
    document = {"system": "files", "company_id": "acme", "entities": {"invoices": entity}}
    (sources / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return export


def aging(as_of: dt.date = AS_OF, known_at: dt.datetime | None = None) -> dict[tuple[str, str], Decimal]:
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        rows = read.aging(connection, as_of, known_at or publication.known_at, "bucket")
    return {(row["currency_code"], row["bucket"]): row["open_amount"] for row in rows}


def failed_checks(run_id: str) -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection:
        return [check for check in read_runs.check_results(connection, run_id) if not check["passed"]]


def test_from_a_file_to_figures_and_back_to_the_file(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    open_one = PostgresConnectionManager.open.__func__

    def opening(manager: Any, connection: Any) -> Any:
        opened.append(connection.name)
        return open_one(manager, connection)

    monkeypatch.setattr(PostgresConnectionManager, "open", classmethod(opening))
    links = ["link", "", "", "https://erp.example.com/F-3", ""]
    text = "\n".join(f"{line},{link}" for line, link in zip(INVOICES.splitlines(), links, strict=True))
    connect_source(sources, text, columns=COLUMNS | {"document_url": "link"})
    report = pipeline.run(AS_OF)
    assert report.status == "published"
    with transaction(Role.reader) as connection:
        steps = read_runs.run_steps(connection, report.run_id)
    spanish = {step["step"]: log.message(Words("ES"), step["message"]) for step in steps}
    assert None not in spanish.values(), "what a good run writes is told in the reader's language"
    assert spanish["land erp"] == "4 nuevas" and spanish["publish"].startswith("al 30 jun 2026")
    # dbt's four threads and the one that waits for them, in three steps; not one for each of 180 nodes
    assert 0 < len(opened) < 20
    assert not KeptConnections.idle
    assert aging() == {("PEN", "not_due"): Decimal("50.10"), ("PEN", "1-30"): 100, ("USD", "120+"): 40}
    # the payment of 15 June is not there on 14 June
    assert aging(dt.date(2026, 6, 14))["USD", "120+"] == 70
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        found = invoices.document(connection, known_at, "erp:F-3")
        assert found is not None
        assert (found["source"], found["record_key"], found["file_row"]) == ("erp", "F-3", 4)
        assert found["document_url"] == "https://erp.example.com/F-3"
        (path,) = invoices.delivered_files(connection, "erp", found["recorded_from"], "invoices")
        assert path.endswith("/erp.csv")
        (instalment,) = invoices.instalments(connection, AS_OF, known_at, "erp:F-3")
        moved = invoices.movements(connection, AS_OF, known_at, "invoice:erp:F-3")
        assert sum(each["amount"] for each in moved) == instalment["open_amount"] == 40
        paid = next(each for each in moved if each["settlement_id"])
        payment = invoices.settlement(connection, known_at, paid["settlement_id"])
        assert payment is not None and (payment["item_amount"], payment["source"]) == (30, "erp")
        # all of it is applied
        assert not sum(each["amount"] for each in invoices.movements(connection, AS_OF, known_at, payment["item_id"]))
        assert balances.first_day(connection, known_at) == dt.date(2026, 1, 10)


def views_of_slot_a() -> dict[str, int]:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select relname, c.oid from pg_class as c join pg_namespace as n on n.oid = relnamespace"
            " where relkind = 'v' and nspname in ('staging_a', 'intermediate_a', 'marts_a')"
        )
        return dict(cursor.fetchall())


def test_a_second_run_does_nothing_and_a_corrected_file_makes_versions(sources: Path) -> None:
    export = connect_source(sources, INVOICES)
    pipeline.run(AS_OF)
    with transaction(Role.reader) as connection:
        first = read.publication(connection)
    assert pipeline.run(AS_OF).status == "unchanged"
    views = views_of_slot_a()
    # the slot that was never built has a copy of what serves; where that was interrupted, the next build makes it
    plan = pipeline.plan_build(AS_OF)
    assert (plan.slot, plan.copy_from, plan.full_refresh, plan.changed_since) == ("b", None, False, first.known_at)
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.slots set built_known_at = null where slot = 'b'")
    plan = pipeline.plan_build(AS_OF)
    assert (plan.slot, plan.copy_from, plan.full_refresh, plan.changed_since) == ("b", "a", False, first.known_at)

    export.write_text(INVOICES.replace("100.00,,", "80.00,,").replace("F-2,", "F-2b,"), encoding="utf-8")
    assert pipeline.run(AS_OF).status == "published"
    assert aging()["PEN", "1-30"] == 80
    # law 4: as known at the first publication the first answer stands
    assert aging(known_at=first.known_at)["PEN", "1-30"] == 100
    export.write_text(INVOICES, encoding="utf-8")
    pipeline.run(AS_OF)
    assert aging()["PEN", "1-30"] == 100
    assert aging(known_at=first.known_at)["PEN", "1-30"] == 100
    # of the third run, in the first one's slot: views with clocks, or over tables made anew, were made anew, others not
    again = views_of_slot_a()
    assert again.keys() == views.keys()
    stood = {name for name in views if again[name] == views[name]}
    assert {"stg_files__invoices", "int_sources__invoices_united"} <= stood
    assert not stood & {"fct_invoices", "int_ledger__balances_accumulated"}


def test_the_marts_that_are_copied_are_the_incremental_models() -> None:
    models = get_settings().dbt_dir / "models"
    incremental = {path.stem for path in models.rglob("*.sql") if "materialized='incremental'" in path.read_text()}
    assert incremental == set(slots.PARTIALLY_BUILT)


def test_a_source_that_cannot_be_read_stops_alone(sources: Path) -> None:
    connect_source(sources, INVOICES)
    connect_source(sources, INVOICES.replace("total", "sum"), name="other")
    report = pipeline.run(AS_OF)
    assert report.status == "published"
    assert list(report.source_errors) == ["other"]
    assert "total" in str(report.source_errors["other"])
    assert aging()["PEN", "1-30"] == 100


def published_state() -> tuple[int, Decimal, Decimal, Decimal]:
    """What one reader's transaction sees of the publication: its number, and PEN by three ways."""
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        publication = read.publication(connection)
        amounts = []
        for query in (
            "select sum(open_amount) from serve.fct_aging where currency_code = 'PEN'",
            "select sum(open_amount) from serve.fct_open_items where currency_code = 'PEN'",
            "select sum(open_amount) from serve.open_items(%(as_of)s, %(known_at)s) where currency_code = 'PEN'",
        ):
            cursor.execute(query, {"as_of": publication.as_of_date, "known_at": publication.known_at})
            amounts.append(cursor.fetchall()[0][0])
    return (publication.publication_id, *amounts)


@contextmanager
def polled() -> Iterator[set[tuple[int, Decimal, Decimal, Decimal]]]:
    """What readers at 10 Hz see until the block ends; a reader's error fails the test."""
    seen: set[tuple[int, Decimal, Decimal, Decimal]] = set()
    errors: list[BaseException] = []
    ended = threading.Event()

    def poll() -> None:
        try:
            while not ended.is_set():
                seen.add(published_state())
                ended.wait(0.1)
            # the last publication may be younger than the last look
            seen.add(published_state())
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            errors.append(error)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        yield seen
    finally:
        ended.set()
        reader.join()
    assert errors == []


def test_readers_see_whole_publications_during_good_and_failing_builds(sources: Path, own_suites: Path) -> None:
    export = connect_source(sources, INVOICES)
    pipeline.run(AS_OF)
    first = published_state()
    assert first[1:] == (Decimal("150.10"),) * 3
    with polled() as seen:
        # critical expectation, then a dbt model that can't be built: nothing is published
        (own_suites / "marts_zz_test.yaml").write_text(yaml.safe_dump(NOTHING_EXPECTED), encoding="utf-8")
        export.write_text(INVOICES.replace("100.00,,", "80.00,,"), encoding="utf-8")
        with pytest.raises(GateFailed, match="there should be nothing"):
            pipeline.run(AS_OF)
        with transaction(Role.reader) as connection:
            assert read_runs.runs(connection, 1)[0]["status"] == "stopped"
        (own_suites / "marts_zz_test.yaml").unlink()
        with broken_model(), pytest.raises(BuildFailed, match="fct_aging"):
            pipeline.run(AS_OF)
        assert published_state() == first
        pipeline.run(AS_OF)
        second = published_state()
    assert second[1:] == (Decimal("130.10"),) * 3
    assert seen == {first, second}


NOTHING_EXPECTED = {
    "subject": "fct_aging",
    "query": "select * from marts_slot.fct_aging",
    "expectations": [
        {
            "type": "expect_table_row_count_to_equal",
            "kwargs": {"value": 0},
            "severity": "critical",
            "meta": {"message": "there should be nothing"},
        }
    ],
}


@pytest.fixture
def own_suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's suites that a test may add to."""
    folder = tmp_path / "expectations"
    shutil.copytree(get_settings().expectations_dir, folder)
    monkeypatch.setattr(type(get_settings()), "expectations_dir", property(lambda self: folder))
    return folder


@contextmanager
def broken_model() -> Iterator[None]:
    """The transformer can't make tables in the marts of the slots: dbt fails half-way, after staging."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create function ops.refuse() returns event_trigger language plpgsql as"
            " $$ begin if current_query() ~ 'marts_.\"\\.\"fct_aging' then raise 'no'; end if; end $$"
        )
        cursor.execute("create event trigger refuse on ddl_command_start execute function ops.refuse()")
    try:
        yield
    finally:
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute("drop event trigger refuse")
            cursor.execute("drop function ops.refuse()")


def test_a_source_whose_own_total_does_not_tie_is_not_published(sources: Path) -> None:
    header, first, *rest = INVOICES.splitlines()
    reported = "\n".join([header + ",open", first + ",90.00", *(row + "," for row in rest), ""])
    connect_source(sources, reported, columns={**COLUMNS, "open_amount": "open"})
    with pytest.raises(GateFailed, match="source reports 90"):
        pipeline.run(AS_OF)


def test_data_docs_are_written_without_secrets(sources: Path) -> None:
    connect_source(sources, INVOICES)
    pipeline.run(AS_OF)
    docs = get_settings().home / "data_docs"
    assert (docs / "index.html").is_file()
    credentials = json.loads((get_settings().home / "credentials.json").read_text())
    secrets = [word.encode() for word in _texts(credentials) if len(word) >= 16]
    assert secrets
    for folder in (docs, get_settings().log_dir, get_settings().home / "dbt"):
        for path in folder.rglob("*"):
            if path.is_file():
                assert not any(secret in path.read_bytes() for secret in secrets), path


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for child in value.values() for text in _texts(child)]
    return [str(value)]


IBM = "ibm-late-payment/WA_Fn-UseC_-Accounts-Receivable.csv"


def test_ibm_invoices_age_as_computed_from_the_csv(sources: Path, shared_data: Path) -> None:
    """2,466 real invoices: `cartera connect files`, `cartera run`, `cartera aging` on dates all over."""
    cartera("connect", "files", str(shared_data / IBM), "--name", "ibm", "--currency", "USD", "--yes")
    cartera("run", "--as-of", "2013-12-31")
    assert cartera_json("quarantine", "list")["rows"] == []
    dates = [dt.date(2012, 1, 3) + dt.timedelta(days=days) for days in range(0, 740, 61)]
    for as_of in [*dates, dt.date(2014, 1, 9), dt.date(2014, 1, 8)]:
        document = cartera_json("aging", "--as-of", as_of.isoformat())
        got = {row["bucket"]: (row["open_items"], Decimal(row["open_amount"])) for row in document["rows"]}
        assert got == _aging_of_the_csv(shared_data / IBM, as_of), as_of
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*), sum(total_amount), count(distinct customer_id) from raw_files.invoices")
        assert cursor.fetchone() == (2466, Decimal("147703.18"), 100)


def _aging_of_the_csv(path: Path, as_of: dt.date) -> dict[str, tuple[int, Decimal]]:
    """The same aging by a plain reading of the file."""
    found: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for row in csv.DictReader(path.open(encoding="utf-8-sig")):
        issued, due, settled = (_us_date(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
        if issued <= as_of < settled:
            days = (as_of - due).days
            bucket = next(
                (
                    name
                    for edge, name in ((0, "not_due"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120"))
                    if days <= edge
                ),
                "120+",
            )
            items, amount = found[bucket]
            found[bucket] = (items + 1, amount + Decimal(row["InvoiceAmount"]))
    return dict(found)


def _us_date(text: str) -> dt.date:
    month, day, year = map(int, text.split("/"))
    return dt.date(year, month, day)


def test_xero_invoices_tie_and_the_row_that_does_not_reconcile_is_reported(sources: Path, shared_data: Path) -> None:
    xero = shared_data / "fivetran-seeds/xero"
    cartera(
        "connect",
        "files",
        str(xero / "xero_invoice_data.csv"),
        str(xero / "xero_contact_data.csv"),
        "--name",
        "xero",
        "--yes",
    )
    cartera("run", "--as-of", "2021-03-31")
    document = cartera_json("aging", "--as-of", "2021-03-31", "--by", "currency")
    assert {row["currency_code"]: Decimal(row["open_amount"]) for row in document["rows"]} == _xero_open(xero)
    with transaction(Role.reader) as connection:
        run_id = read_runs.runs(connection, 1)[0]["run_id"]
        assert all(
            line["is_tied"] and line["source_control_amount"] is not None
            for line in read_runs.certificate(connection, run_id)
        )
    (check,) = [check for check in failed_checks(run_id) if check["check_name"] == "invoice_row_reconciles"]
    assert "INV-0005" in check["message"]


def _xero_open(xero: Path) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in csv.DictReader((xero / "xero_invoice_data.csv").open(encoding="utf-8")):
        if row["type"] == "ACCREC" and row["status"] not in ("VOIDED", "DELETED"):
            found[row["currency_code"]] += Decimal(row["amount_due"])
    return dict(found)


def cartera(*arguments: str) -> str:
    """Run a command in this process; its standard output."""
    from cartera import cli

    outcome = CliRunner().invoke(cli.commands(), list(arguments), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def cartera_json(*arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(cartera(*arguments, "--format", "json"))
    return document
