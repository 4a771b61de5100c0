"""Invoice files of each format in a folder: what of them is owed, each once, and nothing that a file should not do."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.connected import Connected, connected
from support.invoice_files import cfdi, cii, complement, paid, pdf, peppol, sunat

from cartera.connectors.documents import one_file
from cartera.connectors.documents.folder import Folder, check
from cartera.connectors.documents.one_file import parse
from cartera.connectors.documents.parts import BadDocument, identity
from cartera.errors import SourceError
from cartera.landing import LoadReport

ISSUERS = "20100066603, DE123456789, EKU9003173C9, FR 11 999999998"
ONE, TWO, THREE = (f"5803EB8D-81CD-4557-8719-26632D2FA{number}" for number in (101, 202, 303))


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def files(inbox: Path, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"folder": str(inbox), "issuers": ISSUERS}
    with connected(
        tmp_path, "documents", connection, {}, name="files_in", companies={"20100066603": "acme_pe"}
    ) as made:
        yield made


def put(folder: Path, **files: bytes) -> None:
    for name, body in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_bytes(body)


def reader(folder: Path) -> Folder:
    return Folder("files_in", folder, {identity(one): one.strip() for one in ISSUERS.split(",")})


def only(folder: Path, body: bytes, name: str = "one.xml") -> dict[str, Any]:
    (folder / name).write_bytes(body)
    (document,) = reader(folder).read(name).documents
    return document


def rows(document: dict[str, Any]) -> list[tuple[str, Decimal]]:
    return [(one["due_date"], one["amount"]) for one in document["instalments"]]


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def test_what_is_open_is_what_the_documents_leave(inbox: Path, files: Connected) -> None:
    cuotas = [("2026-04-01", "50.00"), ("2026-05-01", "50.00")]
    put(inbox, f1_xml=sunat("F001-00000001", "100.00", cuotas=cuotas), f2_xml=sunat("F001-2", "70.00", is_cash=True))
    put(inbox, c1_xml=sunat("F001-1", "30.00", type_="07", corrects="F001-1"))
    put(inbox, d1_xml=sunat("F001-1", "5.00", type_="08", corrects="F001-1"))
    put(inbox, p1_xml=peppol("INV-7", "90.00"), p2_xml=peppol("CN-1", "15.00", type_="381", corrects="INV-7"))
    put(inbox, x1_pdf=pdf(cii("FX-1", "60.00")))
    put(inbox, m1_xml=cfdi(ONE, "1000.00"), m2_xml=cfdi(TWO, "200.00", currency="USD", rate="17.50"))
    put(inbox, m3_xml=cfdi(THREE, "40.00", method="PUE"))
    # in part, and too much; pesos for a debt in dollars
    put(inbox, m4_xml=complement(TWO[:-3] + "404", ("350.00", "MXN", [paid(ONE.lower(), "300.00")])))
    put(inbox, m5_xml=complement(TWO[:-3] + "505", ("1750.00", "MXN", [paid(TWO, "100.00", "USD", "0.0571428571")])))
    put(inbox, m6_xml=cfdi(TWO[:-3] + "606", "50.00", type_="E", corrects=[ONE]))
    files.sync()
    files.publish(dt.date(2026, 6, 30))
    assert files.open_balances() == {
        "files_in:20100066603:20512345678": Decimal("75.00"),
        "files_in:DE123456789:FR12345678901": Decimal("75.00"),
        "files_in:FR 11 999999998:12345678200010": Decimal("60.00"),
        # 1,000 - 300 - 50 credited - 50 on account, and 100 dollars
        "files_in:EKU9003173C9:URE180429TM6": Decimal("700.00"),
    }
    owed = files.rows(
        "select company_id, currency_code, sum(open_amount) from serve.fct_open_items where company_id = 'EKU9003173C9'"
        " group by 1, 2"
    )
    assert sorted(owed) == [("EKU9003173C9", "MXN", Decimal(600)), ("EKU9003173C9", "USD", Decimal(100))]
    due = files.rows(
        "select due_date, sum(open_amount) from serve.fct_open_items where company_id = 'acme_pe'"
        " and open_amount > 0 group by 1 order by 1"
    )
    # a debit note without a day is due at once; a credit note lowers what is due first
    assert due == [
        (dt.date(2026, 3, 1), Decimal(5)),
        (dt.date(2026, 4, 1), Decimal(20)),
        (dt.date(2026, 5, 1), Decimal(50)),
    ]


def test_a_document_that_comes_twice_lands_once_and_one_that_is_taken_out_goes(inbox: Path, files: Connected) -> None:
    put(inbox, a_xml=cii("FX-1", "60.00"), b_pdf=pdf(cii("FX-1", "60.00")))
    put(inbox, c_xml=sunat("F001-00000012", "10.00"), d_xml=sunat("F001-12", "10.00"))
    assert counts(files.sync()["document"]) == (2, 0, 0, 0)
    assert files.sync()["document"].is_unchanged
    (inbox / "2026").mkdir()
    (inbox / "c.xml").rename(inbox / "2026" / "c.xml")
    (inbox / "d.xml").unlink()
    found = files.sync()
    assert counts(found["document"])[2] == 0 and len(files.current("document")) == 2
    files.source.max_shrink_pct = files.source.max_fall_pct = Decimal(100)
    (inbox / "2026" / "c.xml").unlink()
    assert counts(files.sync()["document"])[2] == 1


def test_a_file_that_breaks_after_it_was_read_keeps_its_document(inbox: Path, files: Connected) -> None:
    """As while it is copied once more: a debt must not be gone until the next reading."""
    put(inbox, a_xml=sunat("F001-1", "10.00"), b_xml=peppol("INV-1", "20.00"))
    files.sync()
    put(inbox, a_xml=sunat("F001-1", "10.00")[:900])
    found = files.sync()
    assert counts(found["document"]) == (0, 0, 0, 1) and counts(found["customer"])[2] == 0
    assert len(files.current("document")) == 2 and len(files.current("customer")) == 2
    put(inbox, a_xml=sunat("F001-1", "12.00"))
    assert counts(files.sync()["document"]) == (0, 1, 0, 0)
    # taken out it goes, broken or not
    put(inbox, a_xml=b"<")
    files.sync()
    (inbox / "a.xml").unlink()
    assert counts(files.sync()["document"])[2] == 1


def test_what_others_issued_is_left_out_and_counted(inbox: Path, files: Connected) -> None:
    put(inbox, ours_xml=sunat("F001-1", "10.00"), theirs_xml=sunat("F001-1", "99.00", issuer="20999999999"))
    put(inbox, answer_xml=b"<ApplicationResponse/>", plain_pdf=pdf(None), draft_xml=cfdi(ONE, "5.00", stamped=False))
    found = files.sync()
    assert counts(found["document"]) == (1, 0, 0, 1)
    outcomes = {name: outcome for name, (outcome,) in files.current("file", "outcome").items()}
    assert outcomes == {"ours.xml": "issued", "theirs.xml": "received", "answer.xml": "other", "plain.pdf": "other",
                        "draft.xml": "broken"}  # fmt: skip
    (problem,) = files.rows("select message from quarantine.records")
    assert "was not stamped" in problem[0]


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">'
        b'<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><x>&d;&d;&d;&d;&d;&d;&d;&d;</x>',
        b'<!DOCTYPE x [<!ENTITY a "haha">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + depth, b"&%c;" % (97 + depth) * 10) for depth in range(9))
        + b']><x y="&j;"/>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/never.dtd"><x/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'.encode(
            "utf-16"
        ),
    ],
    ids=["billion_laughs", "billion_laughs_in_an_attribute", "external_entity", "external_dtd", "utf_16"],
)
def test_a_file_that_declares_entities_is_refused(body: bytes) -> None:
    with pytest.raises(BadDocument, match="document type|entity amplification"):
        parse(body)


def test_a_file_that_is_cut_short_or_no_pdf_is_broken(inbox: Path) -> None:
    for name, body in {"a.xml": sunat("F001-1", "10.00")[:900], "b.pdf": b"%PDF-1.7\nnothing", "c.xml": b""}.items():
        (inbox / name).write_bytes(body)
        read = reader(inbox).read(name)
        assert read.file["outcome"] == "broken" and len(read.documents) == 1


def test_instalments_of_peru_and_what_a_detraction_leaves(inbox: Path) -> None:
    cuotas = [("2026-04-01", "45.00"), ("2026-05-01", "43.00")]
    document = only(inbox, sunat("F001-1", "100.00", cuotas=cuotas, detraction="12.00"))
    assert rows(document) == [
        ("2026-04-01", Decimal("45.00")), ("2026-05-01", Decimal("43.00")), ("2026-05-01", Decimal("12.00"))
    ]  # fmt: skip
    assert document["due_date"] == "2026-05-01" and not document["is_paid_at_once"]
    assert only(inbox, sunat("F001-1", "100.00", is_cash=True))["is_paid_at_once"]


def test_instalments_of_factur_x(inbox: Path) -> None:
    parts = [("20260331", "40.00"), ("20260430", "20.00")]
    document = only(inbox, pdf(cii("FX-1", "60.00", parts=parts)), "one.pdf")
    assert rows(document) == [("2026-03-31", Decimal("40.00")), ("2026-04-30", Decimal("20.00"))]
    credit = only(inbox, cii("FX-2", "-10.00", type_="381", corrects="FX-1"))
    assert (credit["kind"], credit["total_amount"]) == ("credit_note", Decimal("10.00"))
    assert credit["corrected_key"] == "FR 11 999999998:invoice:FX-1"


def test_a_381_among_the_invoices_is_a_credit_note_and_several_corrected_say_nothing(inbox: Path) -> None:
    body = peppol("CN-9", "5.00").replace(b">380<", b">381<")
    assert only(inbox, body)["kind"] == "credit_note"
    egreso = cfdi(THREE, "50.00", type_="E", corrects=[ONE, TWO])
    assert only(inbox, egreso)["corrected_key"] is None
    assert only(inbox, cfdi(THREE, "50.00", type_="E", corrects=[ONE], relation="02"))["corrected_key"] is None


def test_cfdi_terms_and_types(inbox: Path) -> None:
    assert only(inbox, cfdi(ONE, "10.00", terms="Crédito a 45 días"))["due_date"] == "2026-04-15"
    assert only(inbox, cfdi(ONE, "10.00", terms="contra entrega"))["instalments"] == []
    (inbox / "t.xml").write_bytes(cfdi(ONE, "0", type_="T"))
    assert reader(inbox).read("t.xml").documents == []


@pytest.mark.parametrize("rfc", ["XAXX010101000", "XEXX010101000"])
def test_customers_that_share_the_tax_id_for_those_without_one_stay_apart(inbox: Path, rfc: str) -> None:
    body = cfdi(ONE, "10.00").replace(b"URE180429TM6", rfc.encode())
    one, other = only(inbox, body), only(inbox, body.replace("UNIVERSIDAD ROBOTICA ESPAÑOLA".encode(), b"ACME LLC"))
    assert one["customer_key"] != other["customer_key"] and one["customer_tax_id"] is None
    registered = body.replace(b'Nombre="UNIV', b'NumRegIdTrib="12-345" ResidenciaFiscal="USA" Nombre="UNIV')
    if rfc.startswith("XE"):
        assert only(inbox, registered)["customer_key"] == "EKU9003173C9:12345"


def test_an_invoice_below_nothing_is_no_debt(inbox: Path, files: Connected) -> None:
    """More was paid before than it is for: it goes to quarantine instead of becoming a debt of as much."""
    put(inbox, a_xml=cii("FX-1", "-60.00"), b_xml=peppol("INV-1", "-60.00"))
    assert counts(files.sync()["document"]) == (0, 0, 0, 2)


def test_what_is_no_file_is_left_alone(inbox: Path) -> None:
    os.mkfifo(inbox / "pipe.xml")
    (inbox / "a.xml").write_bytes(sunat("F001-1", "10.00"))
    assert reader(inbox).names() == ["a.xml"]
    # a link that leads nowhere any more would take its document with it
    (inbox / "b.xml").symlink_to(inbox / "missing")
    with pytest.raises(SourceError, match=r"b\.xml: No such file"):
        reader(inbox).read(reader(inbox).names()[1])


def test_a_substitution_takes_the_place_of_what_it_replaces_whichever_comes_first(
    inbox: Path, files: Connected
) -> None:
    """TipoRelacion 04: A was replaced by B, that by C; a complement by another, which pays C instead of A."""
    fourth, fifth, sixth = (TWO[:-3] + number for number in ("404", "505", "606"))
    by_b = cfdi(TWO, "1100.00", corrects=[ONE.lower()], relation="04")
    by_c = cfdi(THREE, "1200.00", corrects=[TWO], relation="04")
    put(inbox, c_xml=by_c, c2_xml=by_c, b_xml=by_b)
    files.sync()
    put(inbox, a_xml=cfdi(ONE, "1000.00"), p_xml=complement(fourth, ("300.00", "MXN", [paid(ONE, "300.00")])))
    put(inbox, e_xml=cfdi(sixth, "50.00", type_="E", corrects=[ONE]))
    found = files.sync()
    assert counts(found["document"]) == (3, 0, 0, 0)
    customer = "files_in:EKU9003173C9:URE180429TM6"
    files.publish(dt.date(2026, 6, 30))
    # what was paid and credited on A is on account until the papers are replaced too
    assert files.open_balances() == {customer: Decimal("850.00")}
    replacing = complement(fifth, ("300.00", "MXN", [paid(THREE, "300.00")]), corrects=[fourth], relation="04")
    put(inbox, p2_xml=replacing)
    assert counts(files.sync()["document"]) == (1, 1, 0, 0)
    files.publish(dt.date(2026, 7, 1))
    assert files.open_balances() == {customer: Decimal("850.00")}
    assert files.rows("select sum(open_amount) from serve.fct_open_items where open_amount > 0") == [(Decimal(900),)]
    # while the replacement can't be read, what it replaced stays so
    put(inbox, p2_xml=replacing[:900])
    assert counts(files.sync()["document"]) == (0, 0, 0, 1)
    # taken out, the first one holds again
    (inbox / "p2.xml").unlink()
    assert counts(files.sync()["document"]) == (0, 1, 1, 0)


def test_a_chain_of_substitutions_holds_when_a_file_in_its_middle_is_put_away(inbox: Path, files: Connected) -> None:
    """A, replaced by B, by C, by D; then B and C are taken out of the folder, and at last D."""
    fourth = TWO[:-3] + "404"
    put(inbox, a_xml=cfdi(ONE, "1000.00"), b_xml=cfdi(TWO, "1100.00", corrects=[ONE], relation="04"))
    put(inbox, c_xml=cfdi(THREE, "1200.00", corrects=[TWO], relation="04"))
    put(inbox, d_xml=cfdi(fourth, "1300.00", corrects=[THREE], relation="04"))
    files.source = files.source.model_copy(update={"max_shrink_pct": Decimal(100), "max_fall_pct": Decimal(100)})
    files.sync()
    for name in ("b.xml", "c.xml"):
        (inbox / name).unlink()
    report = files.sync()["document"]
    keys = [f"EKU9003173C9:{uuid}" for uuid in (ONE, TWO, fourth)]
    assert files.current("document", "replaced_by") == {keys[0]: (keys[1],), keys[2]: (None,)}
    assert counts(report) == (0, 0, 2, 0)
    # nothing stands for it any more
    (inbox / "d.xml").unlink()
    files.sync()
    assert files.current("document", "replaced_by") == {keys[0]: (None,)}


def test_a_link_that_leads_out_of_the_folder_is_refused(inbox: Path, tmp_path: Path) -> None:
    """Whoever may put files there must not make us read others."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.xml").write_bytes(sunat("F001-1", "10.00"))
    (inbox / "a.xml").write_bytes(sunat("F001-2", "10.00"))
    (inbox / "within.xml").symlink_to(inbox / "a.xml")
    assert reader(inbox).names() == ["a.xml", "within.xml"]
    for link, target in (("file.xml", "x.xml"), ("folder", "")):
        (inbox / link).symlink_to(tmp_path / "outside" / target)
        with pytest.raises(SourceError, match=rf"{link} is a link that leads out of"):
            reader(inbox).names()
        (inbox / link).unlink()


def test_a_folder_without_invoices_of_ours_is_told_when_it_is_connected(inbox: Path) -> None:
    with pytest.raises(SourceError, match="holds no XML or PDF file"):
        check(reader(inbox))
    (inbox / "a.xml").write_bytes(sunat("F001-1", "99.00", issuer="20999999999"))
    with pytest.raises(SourceError, match="of 1 file in .* none was issued by 20100066603"):
        check(reader(inbox))
    (inbox / "b.xml").write_bytes(sunat("F001-1", "99.00"))
    assert check(reader(inbox)).endswith("1 issued, 1 received")


def test_a_file_is_parsed_once_in_a_reading(inbox: Path, files: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes | None] = []
    monkeypatch.setattr(one_file, "parse", lambda body: parsed.append(body) or parse(body))
    put(inbox, a_xml=sunat("F001-1", "10.00"), b_xml=peppol("INV-1", "20.00"))
    files.sync()
    assert len(parsed) == 2


def test_a_payment_complement_with_several_payments_and_documents(inbox: Path) -> None:
    documents = [paid(ONE, "60.00"), paid(TWO, "5.71", "USD", "0.0571")]
    body = complement(THREE, ("160.00", "MXN", documents), ("10.00", "MXN", []))
    (inbox / "p.xml").write_bytes(body)
    first, second = reader(inbox).read("p.xml").documents
    assert first["document_key"] == f"EKU9003173C9:{THREE}:1" and first["issue_date"] == "2026-03-20"
    assert [(one["document_key"], one["currency"], one["amount"]) for one in first["settled"]] == [
        (f"EKU9003173C9:{ONE}", "MXN", Decimal("60.00")), (f"EKU9003173C9:{TWO}", "USD", Decimal("5.71"))
    ]  # fmt: skip
    # 5.71 dollars are 100 pesos at that rate
    assert (first["rest_amount"], second["rest_amount"]) == (Decimal(0), Decimal("10.00"))
