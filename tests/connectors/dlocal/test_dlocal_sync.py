"""dLocal, as its reports and its stub behave: what is read, what later reports change, and what the payers owe."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.dlocal_stub import LOGIN, SECRET_KEY, TRANS_KEY, Dlocal
from support.stub_server import Reply, json_reply

from cartera.connectors.api.secrets import access
from cartera.connectors.dlocal import SYSTEM
from cartera.errors import SourceError
from cartera.landing import LoadReport
from cartera.settings import get_settings


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Dlocal]:
    folder = tmp_path / "reports"
    folder.mkdir()
    with Dlocal(folder) as made:
        yield made


@pytest.fixture
def gateway(stub: Dlocal, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "login": LOGIN, "folder": str(stub.folder)}
    secrets = {"trans_key": TRANS_KEY, "secret_key": SECRET_KEY}
    with connected(tmp_path, "dlocal", connection, secrets, "dl", company_id="acme") as made:
        made.now = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def on_account(gateway: Connected, known_at: dt.datetime) -> dict[str, Decimal]:
    """customer_id -> what was open as it was known then."""
    statement = (
        "select customer_id, sum(open_amount) from serve.open_items('2026-06-30', %s)"
        " group by 1 having sum(open_amount) <> 0"
    )
    return dict(gateway.rows(statement, [known_at]))


def documents(gateway: Connected, known_at: dt.datetime) -> list[str]:
    statement = "select document_number from serve.open_items('2026-06-30', %s) where open_amount <> 0 order by 1"
    return [number for (number,) in gateway.rows(statement, [known_at])]


def test_the_first_reading_is_whole_and_the_next_brings_new_reports(stub: Dlocal, gateway: Connected) -> None:
    for number in range(30):
        stub.pay(f"P{number:02}", "100.10", f"INV-{number}")
    stub.deliver("acme_report_2026-03-02.csv")
    (stub.folder / "notes.txt").write_text("no report")
    assert counts(gateway.sync()["transactions"]) == (30, 0, 0, 0)
    found = gateway.current("transactions", "net_amount_local", "fee", "payer_document", "invoice", "creation_date")
    assert found["Payment:P07"] == (Decimal("100.10"), Decimal("0.03"), "530-ana", "INV-7", dt.date(2026, 3, 2))
    stub.tick(days=3)
    stub.pay("P30", "5.00", "INV-30")
    stub.line("Payment", "P07", "100.10", "Cancelled", mail="ana@example.com")
    del stub.payments["P07"]
    stub.deliver("acme_report_2026-03-05.csv")
    asked = len(stub.requests)
    # the last report is read again with the new one, and only the new payment is asked for; the one that changed is
    # not known to the API any more
    assert counts(gateway.sync()["transactions"]) == (1, 1, 0, 0)
    assert [request.path for request in stub.requests[asked:]] == ["/payments/P30"]
    assert gateway.current("transactions", "status", "payer_document")["Payment:P07"] == ("Cancelled", "530-ana")
    assert {report.load_id for report in gateway.sync().values()} == {None}


def test_a_folder_without_reports_or_with_a_link_out_of_it_is_told(stub: Dlocal, gateway: Connected) -> None:
    with SYSTEM.open(access(gateway.source, get_settings())) as session:
        with pytest.raises(SourceError, match=r"holds no report \(\.csv\)"):
            SYSTEM.check(session)
        stub.pay("P0", "10.00", "INV-0")
        stub.deliver("acme_report_2026-03-02.csv")
        assert SYSTEM.check(session).endswith(f"1 report in {stub.folder}")
        outside = (stub.folder / "acme_report_2026-03-02.csv").rename(stub.folder.parent / "outside.csv")
        (stub.folder / "link.csv").symlink_to(outside)
        with pytest.raises(SourceError, match=r"link\.csv is a link that leads out of"):
            SYSTEM.check(session)


def test_a_status_that_nobody_knows_is_no_money(stub: Dlocal, gateway: Connected) -> None:
    """One goes to quarantine, with what it was; where all have it, something changed there and the source stops."""
    stub.pay("P0", "10.00", "INV-0", status="In process")
    stub.deliver("acme_report_2026-03-02.csv")
    gateway.sync()
    stub.tick(days=1)
    stub.line("Payment", "P0", "10.00", "On hold", mail="ana@example.com")
    stub.line("Refund", "R0", "1.00", "on hold", of="P0")
    stub.deliver("acme_report_2026-03-03.csv")
    assert counts(gateway.sync()["transactions"]) == (0, 0, 0, 2)
    assert gateway.current("transactions", "status") == {"Payment:P0": ("In process",)}
    (reasons,) = gateway.rows("select array_agg(distinct reason_code) from quarantine.records")
    assert reasons == (["unknown_choice"],)
    stub.tick(days=1)
    for number in range(30):
        stub.pay(f"Q{number}", "1.00", f"INV-{number}", status="On hold")
    stub.deliver("acme_report_2026-03-04.csv")
    with pytest.raises(SourceError, match="status 'On hold' of a Payment is none of"):
        gateway.sync()


def test_a_report_that_arrives_late_with_an_old_date_is_read(stub: Dlocal, gateway: Connected) -> None:
    stub.pay("P1", "1.00", "INV-1", status="In process")
    stub.deliver("late.csv")
    late = stub.folder / "late.csv"
    body, old = late.read_bytes(), late.stat().st_mtime
    late.unlink()
    stub.tick(days=5)
    stub.pay("P1", "1.00", "INV-1")
    stub.deliver("new.csv")
    gateway.sync()
    stub.lines = [stub_line.replace("P1", "P0") for stub_line in body.decode().splitlines()[1:]]
    late.write_text("\n".join([body.decode().rstrip(), *stub.lines, ""]))
    os.utime(late, (old, old))
    stub.lines = []
    assert counts(gateway.sync()["transactions"]) == (1, 0, 0, 0)
    # the later report still says the last word of what both name
    assert gateway.current("transactions", "status")["Payment:P1"] == ("Cleared",)


def test_blank_lines_and_odd_references_stop_nothing(stub: Dlocal, gateway: Connected) -> None:
    stub.pay("P1", "1.00", "INV-1")
    stub.line("Payment", "../refunds/7?x=1#", "2.00", "Cleared", mail="ana@example.com")
    stub.line("Payment", "", "3.00", "Cleared", mail="ana@example.com")
    stub.deliver("a.csv")
    with (stub.folder / "a.csv").open("a") as report:
        report.write("\n\n")
    found = gateway.sync()["transactions"]
    assert counts(found) == (2, 0, 0, 1)
    assert {request.path.rpartition("/")[0] for request in stub.requests} == {"/payments"}


def test_a_settlement_with_two_heads_is_told_and_lands_nothing(stub: Dlocal, gateway: Connected) -> None:
    line = "ADJUSTMENT,805113614,,,,,,,,,-2.38,"
    stub.settle("s.csv", line)
    path = stub.folder / "s.csv"
    head, header, rest = path.read_text().split("\n", 2)
    path.write_text("\n".join([head, header, header, rest]))
    with pytest.raises(SourceError, match=r"s\.csv: has 2 transfers instead of one"):
        gateway.sync()


def test_a_settlement_is_two_tables_in_one_file(stub: Dlocal, gateway: Connected) -> None:
    stub.settle(
        "Acme_Settlement_Reports_20260302.csv",
        "ADJUSTMENT,805113614,,,,,,,,,-2.38,",
        "CREDIT,T-648-x17i8,INV-1,2026-03-01 04:52:13,2026-03-01 04:52:14,70.00,MXN,18.557,3.772251,-0.075445,3.696806,"
        "d@example.org",
    )
    stub.pay("P1", "1.00", "INV-1")
    stub.deliver("acme_report.csv")
    found = gateway.sync()
    assert counts(found["settlements"]) == (2, 0, 0, 0) and counts(found["transactions"]) == (1, 0, 0, 0)
    lines = gateway.current("settlements", "net_amount", "transfer_id", "transfer_date", "transaction_id")
    moment = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    assert lines["Acme_Settlement_Reports_20260302.csv:2"] == (Decimal("3.696806"), "642926", moment, "INV-1")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<html>gone</html>", "has no column 'reference'"),
        ("Type,Reference,Status\nPayment,P1\n", "line 2 has 2 fields instead of 3"),
        ('Type,Reference,Status\nPayment,"P1,Cleared\n', "line 2"),
        ("Type,Reference,Status\nPayment,P1\udcff,Cleared\n", "not in UTF-8"),
    ],
)
def test_a_broken_report_lands_nothing(stub: Dlocal, gateway: Connected, content: str, problem: str) -> None:
    stub.pay("P1", "1.00", "INV-1")
    stub.deliver("a.csv")
    (stub.folder / "b.csv").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SourceError, match=problem):
        gateway.sync()
    assert gateway.current("transactions") == {}


def test_errors_of_the_api_and_of_the_folder_are_told_without_a_secret(stub: Dlocal, gateway: Connected) -> None:
    stub.pay("P1", "1.00", "INV-1")
    stub.deliver("a.csv")
    stub.fail(json_reply({"code": 5000, "message": f"Error with {TRANS_KEY}"}))
    with pytest.raises(SourceError) as caught:
        gateway.sync()
    assert "Error with *** (5000)" in str(caught.value)
    stub.fail(Reply(429, headers={"Retry-After": "0"}), json_reply({"code": 3001, "message": "Invalid"}, 403))
    with pytest.raises(SourceError, match="may not read this"):
        gateway.sync()
    with SYSTEM.open(access(gateway.source, get_settings(), None)) as session:
        assert SYSTEM.check(session) == f"logged in as {LOGIN}; 1 report in {stub.folder}"
    gateway.source.connection["folder"] = str(stub.folder / "missing")
    with pytest.raises(SourceError, match="No such file or directory"):
        gateway.sync()


def test_what_the_payers_have_on_account_follows_refunds_and_chargebacks(stub: Dlocal, gateway: Connected) -> None:
    stub.pay("P1", "100.00", "INV-1")
    stub.pay("P2", "50.00", "INV-2", "luz")
    stub.pay("P3", "30.00", "INV-3", status="In process")
    stub.line("Refund", "R1", "10.00", "Completed", of="P1")
    stub.line("Refund", "R2", "5.00", "Waiting Details", of="P1")
    stub.line("Chargebacks", "C1", "-50.00", "Settled", of="P2")
    stub.line("Chargeback processing fee", "F1", "-3.00", "Settled", of="P2")
    stub.deliver("acme_report_2026-03-02.csv")
    gateway.sync()
    first = gateway.now
    # later: the pending ones come through, the chargeback is won
    stub.tick(days=2)
    stub.pay("P3", "30.00", "INV-3")
    stub.line("Refund", "R2", "5.00", "Completed", of="P1")
    stub.line("Chargeback", "C1", "-50.00", "Reimbursed", of="P2")
    stub.line("Chargeback Reversal", "X1", "50.00", "Settled", of="P2")
    stub.deliver("acme_report_2026-03-04.csv")
    gateway.sync()
    gateway.publish(dt.date(2026, 6, 30))
    assert on_account(gateway, first) == {"dl:ana@example.com": Decimal(-90)}
    assert documents(gateway, first) == ["C1", "INV-1", "INV-2"]
    assert gateway.open_balances() == {"dl:ana@example.com": Decimal(-115), "dl:luz@example.com": Decimal(-50)}
    found = gateway.rows(
        "select customer_id, name, tax_id, email from serve.dim_customers"
        " where recorded_to = '9999-12-31 00:00:00+00' order by 1"
    )
    assert found == [
        ("dl:ana@example.com", "Ana Silva", "530-ana", "ana@example.com"),
        ("dl:luz@example.com", "Luz Silva", "530-luz", "luz@example.com"),
    ]
