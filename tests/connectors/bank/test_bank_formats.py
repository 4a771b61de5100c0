"""Each format gives the same movements, and says in one sentence why it can't be read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from support.bank_files import IBAN, MOVED, Moved, bai2, camt, camt_entry, mt940, mt942, norma43, ofx, total

from cartera.connectors.bank.formats import HEAD, reader_of
from cartera.connectors.bank.statement import BadStatement, Entry, Keys, Statement, Sums

SHARED = Path(__file__).parents[4] / "shared" / "data" / "bank-statements"


def read(path: Path) -> list[tuple[Statement, list[Entry]]]:
    """The statements with their entries, sums checked. Raises BadStatement."""
    _name, reader = reader_of(path, None)
    found: list[tuple[Statement, list[Entry]]] = []
    for item in reader(path, path.read_bytes()[:HEAD]):
        if isinstance(item, Statement):
            found.append((item, []))
        else:
            found[-1][1].append(item)
    for statement, entries in found:
        sums = Sums()
        for entry in entries:
            sums.add(entry)
        sums.check(statement)
    return found


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., list[tuple[Statement, list[Entry]]]]:
    def read_text(text: str | bytes) -> list[tuple[Statement, list[Entry]]]:
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return read_text


FORMATS = {
    "camt.053.001.02": camt(),
    "camt.053.001.08": camt(message="camt.053.001.08").replace("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>"),
    "camt.053.001.13": camt(message="camt.053.001.13"),
    "mt940": mt940(),
    "mt940 in SWIFT's envelope": "{1:F01BANKDEFF0000}{2:O940N}{4:\r\n" + mt940().replace("\r\n-\r\n", "\r\n-}{5:}\r\n"),
    "bai2": bai2(),
    "ofx 1": ofx(),
    "ofx 2": ofx(xml=True),
    "norma43": norma43(),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_movements_are_those_of_the_bank(name: str, reading: Callable) -> None:
    ((statement, entries),) = reading(FORMATS[name])
    assert [entry.signed for entry in entries] == [Decimal(one.amount) for one in MOVED]
    assert [entry.booking_date for entry in entries[:1]] == [dt.date(2026, 4, 1)]
    assert statement.closing == Decimal("1080.15") and not statement.is_notice
    assert all(type(entry.amount) is Decimal for entry in entries)
    # who and what for: each format has its own place for it
    assert "Ana Quispe" in f"{entries[0].counterparty_name} {entries[0].text}"
    assert "Invoice 1001" in (entries[0].text or "")
    keys = Keys(statement)
    made = [keys.of(entry) for entry in entries]
    again = Keys(statement)
    assert len(set(made)) == len(MOVED) and made == [again.of(entry) for entry in entries]


@pytest.mark.parametrize("name", [name for name in FORMATS if "ofx" not in name])
def test_a_statement_that_does_not_add_up_is_refused(name: str, reading: Callable) -> None:
    """OFX states no opening balance."""
    made = {"mt940": mt940, "bai2": bai2, "norma43": norma43}.get(name.split()[0], camt)
    with pytest.raises(BadStatement, match=r"does not add up: it opens with 1000\.00.* closes with 1080\.16"):
        reading(made(closing="1080.16"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_short_anywhere_is_refused(name: str, reading: Callable) -> None:
    text = FORMATS[name].rstrip("\r\n -}{:5")
    for share in (10, 30, 50, 70, 90, 99):
        with pytest.raises(BadStatement):
            reading(text[: len(text) * share // 100])


def test_notices_say_so(reading: Callable) -> None:
    assert reading(mt942(MOVED[:1]))[0][0].is_notice
    for message in ("camt.052.001.06", "camt.054.001.04"):
        assert reading(camt(MOVED[:1], message=message))[0][0].is_notice
    assert reading(bai2().replace(",USD,2/\n03", ",USD,3/\n03"))[0][0].is_notice


def test_a_camt_entry_of_several_transactions_becomes_one_for_each(reading: Callable) -> None:
    def detail(amount: str, who: str) -> str:
        return (
            f'<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>'
            f"<RltdPties><Dbtr><Pty><Nm>{who}</Nm></Pty></Dbtr></RltdPties><RmtInf><Strd><CdtrRefInf>"
            f"<Ref>RF18{who}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
        )

    whole = Moved("30.00", reference="B9")
    ((_statement, split),) = reading(
        camt([whole], entries=camt_entry(whole, detail("10.00", "Ana") + detail("20.00", "Luz")))
    )
    assert [(entry.signed, entry.counterparty_name, entry.reference, entry.end_to_end_id) for entry in split] == [
        (Decimal(10), "Ana", "RF18Ana", None),
        (Decimal(20), "Luz", "RF18Luz", None),
    ]
    # a charge was kept: the details say something else than what was booked
    ((_statement, kept),) = reading(
        camt([whole], entries=camt_entry(whole, detail("10.00", "Ana") + detail("20.50", "Luz")))
    )
    assert [entry.signed for entry in kept] == [Decimal(30)]
    # another currency
    other = (detail("10.00", "Ana") + detail("20.00", "Luz")).replace("EUR", "USD")
    ((_statement, kept),) = reading(camt([whole], entries=camt_entry(whole, other)))
    assert [entry.signed for entry in kept] == [Decimal(30)]


def test_reversals_and_what_is_not_booked_yet(reading: Callable) -> None:
    taken_back = Moved("-5.00", more="<RvslInd>true</RvslInd>")
    pending = camt_entry(Moved("99.00")).replace("BOOK", "PDNG")
    ((_statement, entries),) = reading(camt([taken_back], entries=camt_entry(taken_back) + pending))
    assert [(entry.signed, entry.is_reversal, entry.is_booked) for entry in entries] == [
        (Decimal(-5), True, True),
        (Decimal(99), False, False),
    ]
    text = mt940(MOVED[:1], closing="899.90").replace(":61:2604010401C", ":61:2604010401RC")
    ((_statement, (entry,)),) = reading(text)
    assert (entry.signed, entry.is_reversal) == (Decimal("-100.10"), True)


def test_the_year_of_a_booking_is_the_one_nearest_to_the_value_date(reading: Callable) -> None:
    text = mt940(MOVED[:1]).replace(":61:26040104", ":61:26010112").replace("NTRF", "NTRF")
    ((_statement, (entry,)),) = reading(text.replace(":61:26010112" + "01", ":61:2601011231"))
    assert (entry.value_date, entry.booking_date) == (dt.date(2026, 1, 1), dt.date(2025, 12, 31))


def test_entities_are_not_expanded_and_nothing_is_fetched(reading: Callable, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12))
    for doctype in (
        f"<!DOCTYPE d [{laughs}]>",
        f'<!DOCTYPE d [<!ENTITY a11 SYSTEM "{secret.as_uri()}">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    ):
        with pytest.raises(BadStatement, match="document type") as caught:
            reading(camt(before=doctype).replace("Invoice 1001", "&a11;"))
        assert "s3cr3t" not in str(caught.value)
    # also where it hides behind a long comment
    with pytest.raises(BadStatement, match="document type|no whole XML"):
        comment = f"<!-- urn:iso:std:iso:20022:tech:xsd:camt.053.001.02 {' ' * HEAD} -->"
        reading(camt(before=f"{comment}<!DOCTYPE d [{laughs}]>").replace("Invoice 1001", "&a11;"))
    # OFX knows no entities but those of its characters
    ((_statement, entries),) = reading(ofx())
    assert entries[0].text == "Ana Quispe Invoice 1001 & more"
    with pytest.raises(BadStatement, match="document type"):
        reading(ofx(xml=True).replace("<?OFX", "<!DOCTYPE d [<!ENTITY a 'b'>]><?OFX"))


def test_texts_in_the_encoding_of_western_banks(reading: Callable) -> None:
    ((_statement, entries),) = reading(mt940([Moved("1.00", "Núñez")]).encode("latin-1"))
    assert entries[0].counterparty_name == "Núñez"


def test_control_totals_of_bai2_and_norma43_are_checked(reading: Callable) -> None:
    with pytest.raises(BadStatement, match="states a control total"):
        reading(bai2().replace("\n49,", "\n49,1"))
    with pytest.raises(BadStatement, match="states records"):
        reading(bai2().replace("88,Landlord, Rent\n", ""))
    lines = norma43().split("\r\n")
    del lines[2]
    with pytest.raises(BadStatement, match="states 000012 records and holds 11"):
        reading("\r\n".join(lines))


def test_bai2_groups_that_are_no_news_and_entries_without_money(reading: Callable) -> None:
    for status, said in (("2", "taken back"), ("4", "test")):
        with pytest.raises(BadStatement, match=said):
            reading(bai2().replace("02,ACME,BANK,1,", f"02,ACME,BANK,{status},"))
    lines = bai2().replace("\n16,", "\n16,890,,,,,MAINTENANCE AT NIGHT/\n16,", 1)
    longer = re.sub(r"(?m)^(49,\d+|9[89],\d+,1),(\d+)/$", lambda found: f"{found[1]},{int(found[2]) + 1}/", lines)
    ((_statement, entries),) = reading(longer)
    assert [entry.signed for entry in entries] == [Decimal(one.amount) for one in MOVED]
    with pytest.raises(BadStatement, match="no number of days"):
        reading(bai2().replace(",V,2604", ",D,²,2604"))


def test_what_is_no_statement(reading: Callable) -> None:
    for text, said in (
        ("", "is empty"),
        ("hello", "none of the formats"),
        ("OFXHEADER:100\n\n<OFX></OFX>", "no statement"),
    ):
        with pytest.raises(BadStatement, match=said):
            reading(text)
    with pytest.raises(BadStatement, match="the bank answered 'Server error'"):
        reading("<OFX><STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>Server error</STATUS></OFX>")


def test_accounts_and_totals(reading: Callable) -> None:
    assert reading(camt())[0][0].key == f"{IBAN}:S1/2026-04-02"
    assert reading(norma43())[0][0].account == "210004180200051332"
    assert reading(norma43())[0][0].credits == total([one for one in MOVED if one.is_credit])


READ = {
    "bai2/account_trailer_amount_blank_example.bai2": 0, "bai2/nwb_example.bai2": 5, "bai2/svb_us_example.bai2": 2,
    "csb43/sample_sepa.csb": 14, "mt940/ASNB/mt940.txt": 8, "mt940/ASNB/mt940_with_spaces_for_entry_date.txt": 8,
    "mt940/cmxl/mt940.sta": 16, "mt940/jejik/generic.sta": 2, "mt940/jejik/rabobank-iban.sta": 4,
    "mt940/jejik/sns.sta": 2, "mt940/mBank/mt940.sta": 3, "mt940/mBank/mt942.sta": 3, "ofx/anzcc.ofx": 1,
    "ofx/bank_medium.ofx": 3, "ofx/checking.ofx": 3, "ofx/multiple_accounts.ofx": 0, "ofx/ofx-v102-empty-tags.ofx": 1,
    "ofx/suncorp.ofx": 1, "tryton/MT940.txt": 1, "tryton/OFX.txt": 1, "tryton/camt.053.001.02.xml": 1,
    "tryton/n43.txt": 1,
}  # fmt: skip
"""Samples that are read, with their entries. The others say why not: their figures were changed when they were made
anonymous, they are single lines of a message, or they are no statement."""


@pytest.mark.skipif(not SHARED.exists(), reason="the samples are not here")
def test_every_sample_is_read_or_refused_with_one_reason() -> None:
    found = {}
    refused = set()
    for path in SHARED.rglob("*"):
        if not path.is_file() or path.suffix in (".yml", ".md", ".license") or path.name == "LICENSE":
            continue
        name = path.relative_to(SHARED).as_posix()
        try:
            found[name] = sum(len(entries) for _statement, entries in read(path))
        except BadStatement as error:
            assert "\n" not in str(error) and len(str(error)) > 8
            refused.add(name)
    assert found == READ
    assert len(refused) == 28
