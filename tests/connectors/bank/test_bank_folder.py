"""A folder of statements: each entry lands once, whatever file brings it, and nothing of a file that is not whole."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from support.bank_files import IBAN, MOVED, Moved, bai2, camt, camt_entry, mt940, mt942, norma43, ofx, total
from support.connected import Connected, connected

from cartera.connectors.bank.shared import left_out
from cartera.errors import SourceError, UnreadableFile

UNIDENTIFIED = "int_bank__credits_unidentified"
DEBITS = "int_bank__debits_unidentified"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "statements"
    made.mkdir()
    return made


@pytest.fixture
def bank(folder: Path, database: str, tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path, "bank", {"folder": str(folder)}, {}, "bank", companies={IBAN: "acme"}) as made:
        yield made


def landed(bank: Connected) -> Decimal:
    return sum((signed for (signed,) in bank.current("entries", "signed_amount").values()), Decimal(0))


def test_the_second_reading_does_nothing(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt())
    first = bank.sync()
    assert first["entries"].rows_new == len(MOVED) and first["statements"].rows_new == 1
    assert landed(bank) == total(MOVED)
    assert {company for (company,) in bank.current("entries", "cartera_company_id").values()} == {"acme"}
    assert all(report.load_id is None for report in bank.sync().values())


def test_a_file_that_arrives_late_with_an_old_date_is_read(folder: Path, bank: Connected) -> None:
    (folder / "new.xml").write_text(camt())
    bank.sync()
    old = folder / "archive" / "old.xml"
    old.parent.mkdir()
    old.write_text(camt([Moved("7.00")], number="S0"))
    os.utime(old, (0, 0))
    assert bank.sync()["entries"].rows_new == 1


def test_a_statement_that_comes_twice_lands_once(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt())
    (folder / "copy.xml").write_text(camt())
    (folder / "packed otherwise.xml").write_text(camt().replace("M1", "M2"))
    bank.sync()
    (folder / "again.xml").write_text(camt().replace("M1", "M3"))
    reports = bank.sync()
    assert reports["entries"].load_id is None and reports["statements"].load_id is None
    assert reports["files"].rows_new == 1
    assert len(bank.current("entries")) == len(MOVED) and len(bank.current("statements")) == 1


def test_a_statement_that_comes_again_corrected_replaces_the_first(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt())
    bank.sync()
    corrected = [*MOVED[:2], Moved("9.00", "Luz Rojas", "new")]
    (folder / "two.xml").write_text(camt(corrected, created="2026-04-03T08:00:00"))
    bank.source = bank.source.model_copy(update={"max_shrink_pct": Decimal(100), "max_fall_pct": Decimal(100)})
    bank.sync()
    assert landed(bank) == total(corrected)
    # the first one delivered once more is older
    (folder / "three.xml").write_text(camt() + "\n")
    bank.sync()
    assert landed(bank) == total(corrected)


def test_what_was_read_stays_when_its_file_is_put_away(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt())
    bank.sync()
    (folder / "one.xml").unlink()
    with pytest.raises(SourceError, match="holds no file"):
        bank.sync()
    (folder / "two.xml").write_text(camt([Moved("1.00")], number="S2"))
    bank.sync()
    # also when all is read anew, because a company got another name
    bank.source = bank.source.model_copy(update={"companies": {IBAN: "other"}})
    bank.sync()
    assert landed(bank) == total(MOVED) + 1


@pytest.mark.parametrize("second", ["early", "late"])
def test_a_file_that_is_not_whole_stops_the_source_and_nothing_is_landed(
    folder: Path, bank: Connected, second: str
) -> None:
    (folder / "good.xml").write_text(camt())
    whole = camt(number="S2", opening="1080.15").encode()
    (folder / f"{second}.xml").write_bytes(whole[: -20 if second == "late" else 900])
    with pytest.raises(UnreadableFile, match=rf"{second}\.xml: is no whole XML"):
        bank.sync()
    assert bank.rows("select count(*) from raw_bank.entries") == [(0,)]
    (folder / f"{second}.xml").write_bytes(whole)
    assert bank.sync()["entries"].rows_new == 2 * len(MOVED)


def test_a_file_that_is_still_being_copied_is_left_alone(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt())
    (folder / "two.xml.part").write_text(camt(number="S2")[:500])
    (folder / ".hidden").write_text("?")
    assert bank.sync()["files"].rows_new == 1


def test_notices_are_landed_and_the_statement_counts(folder: Path, bank: Connected) -> None:
    (folder / "intraday.sta").write_text(mt942(MOVED[:1]))
    (folder / "notice.xml").write_text(camt(MOVED[:1], message="camt.054.001.08", number="N1"))
    bank.sync()
    (folder / "statement.sta").write_text(mt940())
    bank.sync()
    counted = bank.rows("select sum(signed_amount), count(*) from raw_bank.entries where kind = 'statement'")
    assert counted == [(total(MOVED), len(MOVED))]
    assert bank.rows("select count(*) from raw_bank.entries where kind = 'notice'") == [(2,)]


def test_a_report_of_the_same_day_that_comes_after_the_statement_leaves_it_alone(folder: Path, bank: Connected) -> None:
    (folder / "statement.bai").write_text(bai2())
    bank.sync()
    # delivered late: as of the same day, and of fewer entries
    (folder / "same day.bai").write_text(bai2(MOVED[:2]).replace(",USD,2/\n03", ",USD,3/\n03"))
    bank.sync()
    kinds = [kind for (kind,) in bank.current("entries", "kind").values()]
    assert kinds.count("statement") == len(MOVED) and kinds.count("notice") == 2
    assert landed(bank) == total(MOVED) + total(MOVED[:2])


def test_reports_within_the_day_are_told_by_their_moment(folder: Path, bank: Connected) -> None:
    (folder / "noon.sta").write_text(mt942(MOVED[:1]).replace("2604011815", "2604011200"))
    (folder / "evening.sta").write_text(mt942(MOVED[1:2]))
    assert bank.sync()["statements"].rows_new == 2


def test_a_number_that_the_bank_gives_again_next_year_replaces_nothing(folder: Path, bank: Connected) -> None:
    (folder / "2026.xml").write_text(camt())
    (folder / "2027.xml").write_text(camt([Moved("7.00")]).replace("2026-", "2027-"))
    bank.sync()
    assert landed(bank) == total(MOVED) + 7 and len(bank.current("statements")) == 2


def test_a_statement_downloaded_again_under_another_number_lands_once(folder: Path, bank: Connected) -> None:
    (folder / "one.xml").write_text(camt(number="D1"))
    (folder / "same reading.xml").write_text(camt(number="D2"))
    bank.sync()
    (folder / "later.xml").write_text(camt(number="D3"))
    # alike but for its day, or for what it adds up to
    (folder / "other day.xml").write_text(camt(number="D4").replace("2026-04-02<", "2026-04-09<"))
    (folder / "nothing moved.xml").write_text(camt([Moved("5.00"), Moved("-5.00")], number="D5"))
    (folder / "nothing moved again.xml").write_text(camt([Moved("5.00"), Moved("-5.00")], number="D6"))
    bank.sync()
    assert len(bank.current("statements")) == 4 and landed(bank) == 2 * total(MOVED)
    # also when all is read anew
    bank.source = bank.source.model_copy(update={"companies": {IBAN: "other"}})
    bank.sync()
    assert len(bank.current("statements")) == 4 and landed(bank) == 2 * total(MOVED)


def test_periods_that_overlap_give_each_entry_once(folder: Path, bank: Connected) -> None:
    later = [*MOVED, Moved("5.00", text="Parking", day=2), Moved("-1.00", day=3)]
    (folder / "first.n43").write_text(norma43())
    bank.sync()
    (folder / "longer.n43").write_text(norma43(later, last=3))
    bank.sync()
    (folder / "from the second day.n43").write_text(
        norma43(later[4:], opening=str(1000 + total(MOVED[:4])), first=2, last=3)
    )
    bank.sync()
    assert landed(bank) == total(later) and len(bank.current("entries")) == len(later)


def test_two_files_that_share_a_day_without_overlap_lose_nothing(folder: Path, bank: Connected) -> None:
    parking = [Moved("5.00", text="Parking")]
    (folder / "morning.n43").write_text(norma43(parking, last=1))
    (folder / "evening.n43").write_text(norma43(parking, opening="1005.00", last=1))
    bank.sync()
    assert landed(bank) == 10


def test_ofx_downloads_that_overlap_give_each_entry_once(folder: Path, bank: Connected) -> None:
    (folder / "one.ofx").write_text(ofx(MOVED[:3]))
    (folder / "two.ofx").write_text(ofx().replace("20260402", "20260403"))
    bank.sync()
    assert landed(bank) == total(MOVED)


CSV = """\
Fecha;Concepto;Importe;Saldo;Cliente
02/04/2026;Factura 2;-1.000,50;1.000,00;
01/04/2026;Factura 1;2.000,00;2.000,50;C7
01/04/2026;Saldo anterior;0,50;0,50;
"""

DECLARED = """\
columns: {booking_date: Fecha, text: Concepto, amount: Importe, balance: Saldo, customer: Cliente}
constants: {account: ES1, currency: EUR}
dates: "%d/%m/%Y"
decimal: ","
thousands: "."
"""


@pytest.fixture
def csv_bank(folder: Path, database: str, tmp_path: Path) -> Iterator[Connected]:
    declaration = tmp_path / "csv.yaml"
    declaration.write_text(DECLARED)
    settings = {"folder": str(folder), "csv": str(declaration)}
    with connected(tmp_path, "bank", settings, {}, "bank", company_id="acme") as made:
        yield made


def test_a_declared_csv_whose_periods_overlap_lands_once(folder: Path, csv_bank: Connected, tmp_path: Path) -> None:
    (folder / "april.csv").write_text(CSV)
    csv_bank.sync()
    assert landed(csv_bank) == 1000
    # a longer period with the same entries
    (folder / "more.csv").write_text(CSV.replace("Cliente\n", "Cliente\n03/04/2026;Factura 3;-0,25;999,75;\n"))
    assert csv_bank.sync()["entries"].rows_new == 1
    # what was there has no new version
    assert csv_bank.rows("select count(*) from raw_bank.entries") == [(4,)]
    # another declaration reads them anew
    (tmp_path / "csv.yaml").write_text(DECLARED.replace("text: Concepto, ", ""))
    csv_bank.source = csv_bank.source.model_copy(update={"max_shrink_pct": Decimal(100)})
    csv_bank.sync()
    assert {text for (text,) in csv_bank.current("entries", "text").values()} == {None}
    assert landed(csv_bank) == Decimal("999.75")


WITHOUT_BALANCE = """\
Fecha;Concepto;Importe;Cliente;Devuelto
{}"""


@pytest.fixture
def plain_csv(folder: Path, csv_bank: Connected, tmp_path: Path) -> Connected:
    columns = "customer: Cliente, refunded_customer: Devuelto"
    (tmp_path / "csv.yaml").write_text(DECLARED.replace("balance: Saldo, customer: Cliente", columns))
    return csv_bank


def test_two_csv_files_of_one_day_without_balances_add_up(folder: Path, plain_csv: Connected) -> None:
    morning, evening = "01/04/2026;Factura 1;2.000,00;;\n", "01/04/2026;Factura 2;30,00;;\n"
    (folder / "morning.csv").write_text(WITHOUT_BALANCE.format(morning))
    plain_csv.sync()
    (folder / "evening.csv").write_text(WITHOUT_BALANCE.format(evening))
    plain_csv.sync()
    assert landed(plain_csv) == 2030
    (folder / "whole day.csv").write_text(WITHOUT_BALANCE.format(morning + evening + evening))
    plain_csv.sync()
    assert landed(plain_csv) == 2060
    # read anew by another company it is the same
    plain_csv.source = plain_csv.source.model_copy(update={"company_id": "other"})
    plain_csv.sync()
    assert landed(plain_csv) == 2060


def test_a_declared_csv_says_to_whom_money_went_back(folder: Path, plain_csv: Connected) -> None:
    lines = "01/04/2026;Factura 1;2.000,00;C7;\n02/04/2026;Devolución;-500,00;;C7\n02/04/2026;Luz;-30,00;;\n"
    (folder / "april.csv").write_text(WITHOUT_BALANCE.format(lines))
    returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
    back = Moved("-7.00", "Ana Quispe", "Invoice 1001", more="<!-- -->")
    unpaid = camt_entry(Moved("-9.00")).replace("<Cd>RCDT</Cd>", "<Cd>IDDT</Cd>").replace("ESCT", "UPDD")
    entries = camt_entry(Moved("20.00")) + camt_entry(Moved("-3.00")) + unpaid
    entries += camt_entry(back).replace("</TxDtls>", returned + "</TxDtls>")
    (folder / "one.xml").write_text(camt(entries=entries, closing="1001.00"))
    plain_csv.sync()
    plain_csv.publish(dt.date(2026, 6, 30))
    assert plain_csv.open_balances() == {"bank:C7": Decimal(-1500)}
    slots = plain_csv.rows("select table_schema from information_schema.views where table_name = %s", [DEBITS])
    listed = plain_csv.rows(f"select kind, debited_amount, return_reason from {slots[0][0]}.{DEBITS} order by 2")
    assert listed == [
        ("paid to a payer", Decimal(3), None),
        ("takes a credit back", Decimal(7), "AC04"),
        ("takes a credit back", Decimal(9), None),
    ]


def test_a_statement_in_two_formats_counts_once(folder: Path, bank: Connected) -> None:
    """The account of MT940 is written as banks do: that of the bank, and the number."""
    old = mt940().replace(IBAN, "51210800/1245126199EUR")
    (folder / "a.sta").write_text(old)
    (folder / "b.xml").write_text(camt())
    bank.sync()
    assert landed(bank) == total(MOVED)
    assert {said for (said,) in bank.current("statements", "format").values()} == {"camt"}
    ((said,),) = bank.rows("select left_out from raw_bank.files where left_out is not null")
    assert "(mt940) is" in said and any("a.sta: left out, because it is counted already" in one for one in bank.notes)
    # the one that landed first stays; one that says otherwise of the same days is refused
    (folder / "c.sta").write_text(mt940([Moved("1.00")], number="8/1", opening="1080.15").replace("2604", "2605"))
    bank.sync()
    (folder / "d.xml").write_text(camt([Moved("1.00", day=5)], opening="1080.15", number="S8").replace("-04-", "-05-"))
    bank.sync()
    assert landed(bank) == total(MOVED) + 1
    (folder / "e.xml").write_text(camt([Moved("2.00")], opening="1080.15", number="S9").replace("-04-", "-05-"))
    with pytest.raises(UnreadableFile, match=r"both have entries of account .* they would count twice"):
        bank.sync()
    assert landed(bank) == total(MOVED) + 1


DAYS = (
    (Moved("100.10", reference="B1"), Moved("-30.00", "Landlord", "Rent")),
    (Moved("5.00", text="Parking", day=2), Moved("5.00", text="Parking", day=2)),
    (Moved("0.05", "Luz Rojas", "Invoice 1002", "B2", 3),),
    (Moved("7.00", day=4),),
)


def daily(moved: Sequence[Moved], day: int, opening: str) -> str:
    """It begins with the balance of the day before."""
    before = f"2604{day - 1:02}" if day > 1 else "260331"
    text = mt940(moved, number=f"{day}/1", opening=opening)
    return text.replace(":60F:C260401", f":60F:C{before}").replace("260402EUR", f"2604{day:02}EUR")


def weekly(moved: Sequence[Moved]) -> str:
    parts = camt(moved).split("<Dt><Dt>2026-04-02</Dt></Dt>")
    return f"{parts[0]}<Dt><Dt>2026-04-01</Dt></Dt>{parts[1]}<Dt><Dt>2026-04-05</Dt></Dt>{parts[2]}"


def test_daily_statements_beside_a_weekly_one_in_another_format_count_once(folder: Path, bank: Connected) -> None:
    every = [one for day in DAYS for one in day]
    (folder / "1.sta").write_text(daily(DAYS[0], 1, "1000.00"))
    (folder / "2.sta").write_text(daily(DAYS[1], 2, "1070.10"))
    bank.sync()
    (folder / "week.xml").write_text(weekly(every))
    bank.sync()
    assert landed(bank) == total(every)
    formats = bank.current("statements", "format")
    counted = [formats[statement][0] for (statement,) in bank.current("entries", "statement").values()]
    assert sorted(counted) == ["camt"] * 2 + ["mt940"] * 4
    ((said,),) = bank.rows("select left_out from raw_bank.files where file = 'week.xml'")
    assert said.startswith("4 of the entries of ")
    # the daily one that comes late says nothing new
    (folder / "3.sta").write_text(daily(DAYS[2], 3, "1080.10"))
    bank.sync()
    assert landed(bank) == total(every)
    # read whole, all of it is as it was
    bank.source = bank.source.model_copy(update={"companies": {IBAN: "other"}})
    bank.sync()
    assert landed(bank) == total(every)
    assert {company for (company,) in bank.current("entries", "cartera_company_id").values()} == {"other"}
    # one that has more of a day than the weekly one, which has that day whole
    (folder / "4.sta").write_text(daily([*DAYS[3], Moved("9.00", day=4)], 4, "1080.15"))
    with pytest.raises(
        UnreadableFile, match=r"4\.sta \(mt940\) and week\.xml .* of 2026-04-04, and these are not the same"
    ):
        bank.sync()
    assert landed(bank) == total(every)


def statement(key: str, format: str, first: str, last: str) -> dict[str, object]:
    return {"statement": key, "format": format, "file": f"{key}.txt", "account": IBAN, "kind": "statement",
            "entry_count": 1, "from_date": first, "to_date": last}  # fmt: skip


def entry(statement: str, day: str, amount: str, reference: str = "") -> dict[str, object]:
    return {"statement": statement, "entry": f"{statement} {day} {amount} {reference}", "booking_date": day,
            "signed_amount": Decimal(amount), "is_booked": True, "reference": None, "end_to_end_id": reference,
            "bank_reference": None}  # fmt: skip


@pytest.mark.parametrize(
    ("landed", "new", "left"),
    [
        # a batch in the one, its parts in the other
        ([("01", "30", "X")], [("01", "10", "A"), ("01", "20", "B")], 2),
        # money in and money out do not make up for each other
        ([("01", "10", "X")], [("01", "30", "A"), ("01", "-20", "B")], None),
        # the same amount of the same day under other references, beside one that is the same
        ([("01", "5", "A"), ("01", "5", "B")], [("01", "5", "B"), ("01", "5", "C")], 2),
        ([("01", "5", "A")], [("01", "5", "A"), ("01", "5", "B")], 1),
        # booked a day later there
        ([("01", "5", "A"), ("02", "6", "B")], [("02", "5", "A"), ("02", "6", "B")], None),
    ],
)  # fmt: skip
def test_entries_of_two_formats(
    landed: list[tuple[str, str, str]], new: list[tuple[str, str, str]], left: int | None
) -> None:
    """`landed` are of one statement for each day, `new` of one of the week; `left`: how many are left out."""
    there = {day: statement(day, "mt940", f"2026-04-{day}", f"2026-04-{day}") for day, *_ in landed}
    held = [entry(day, f"2026-04-{day}", *rest) for day, *rest in landed]
    coming = {"week": statement("week", "camt", "2026-03-31", "2026-04-05")}
    lines = [entry("week", f"2026-04-{day}", *rest) for day, *rest in new]
    if left is None:
        with pytest.raises(UnreadableFile, match="would count twice"):
            left_out("bank", coming, there, lambda _keys: lines, lambda _keys: held)
    else:
        found = left_out("bank", coming, there, lambda _keys: lines, lambda _keys: held)
        assert len(found["week"]) == left


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path, bank: Connected, tmp_path: Path) -> None:
    (tmp_path / "outside.xml").write_text(camt())
    (folder / "one.xml").symlink_to(tmp_path / "outside.xml")
    with pytest.raises(SourceError, match=r"one\.xml is a link that leads out of"):
        bank.sync()


@pytest.mark.parametrize(
    ("said", "instead", "problem"),
    [
        ("2.000,50;C7", "2.000,51;C7", "does not add up|a balance"),
        ("2.000,00", "2,000.00", "is no amount"),
        ("01/04/2026;Factura", "31/04/2026;Factura", "is no date"),
        ("Importe", "Monto", "has 0 columns 'Importe'"),
        (";2.000,00;", ";", "has 4 fields"),
        ("-1.000,50", "", "has no amount"),
    ],
)
def test_a_csv_with_one_bad_line_is_refused_whole(
    folder: Path, csv_bank: Connected, said: str, instead: str, problem: str
) -> None:
    (folder / "april.csv").write_text(CSV.replace(said, instead))
    with pytest.raises(UnreadableFile, match=problem):
        csv_bank.sync()


def test_customers_pay_and_credits_of_nobody_are_kept_apart(folder: Path, csv_bank: Connected) -> None:
    reversal = Moved("-5.00", text="Parking", more="<RvslInd>true</RvslInd>")
    (folder / "april.csv").write_text(CSV)
    (folder / "one.xml").write_text(camt([*MOVED, reversal]))
    (folder / "notice.xml").write_text(camt(MOVED[:1], message="camt.054.001.08", number="N1"))
    csv_bank.sync()
    csv_bank.publish(dt.date(2026, 6, 30))
    slots = csv_bank.rows("select table_schema from information_schema.views where table_name = %s", [UNIDENTIFIED])
    found = csv_bank.rows(f"select sum(credited_amount), count(*), min(company_id) from {slots[0][0]}.{UNIDENTIFIED}")
    # of the CSV its first line, which names no customer
    assert found == [(Decimal("105.65"), 6, "acme")]
    assert csv_bank.rows("select customer_id, payment_amount, status from serve.fct_payments") == [
        ("bank:C7", Decimal(2000), "received")
    ]
    assert csv_bank.open_balances() == {"bank:C7": Decimal(-2000)}
