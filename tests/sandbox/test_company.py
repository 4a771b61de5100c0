"""The sandbox company: the same for the same arguments, true to its books, stable when the day moves on."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from sandbox_ledger import UNTIL, Ledger, day, keep_ledger, money, read_rows

from cartera.connectors.files import deliveries, load_source
from cartera.errors import ConfigError
from cartera.sandbox.company import advance_company, ensure_company, make_company, remove_company
from cartera.sandbox.plan import Plan
from cartera.sandbox.writer import SandboxReport

KEYS = {
    "customers": "Código",
    "invoices": "Id Documento",
    "instalments": "InstalmentId",
    "credit_notes": "Credit Note ID",
    "payments": "Recibo",
    "allocations": "allocation_id",
    "write_offs": "id",
    "disputes": "Reclamo",
    "promises": "Promesa",
}


def hashes(report: SandboxReport) -> dict[str, str]:
    return {entity: hashlib.sha256(path.read_bytes()).hexdigest() for entity, path in report.files.items()}


def dirty_positions(report: SandboxReport) -> dict[str, set[int]]:
    """Positions from 0 of the dirty rows; Parquet has no header row."""
    positions = defaultdict(set)
    for row in report.dirty:
        positions[row.entity].add(row.row_number - (1 if row.file_name.endswith(".parquet") else 2))
    return positions


@pytest.fixture(scope="module")
def ledger(company: SandboxReport) -> Ledger:
    return keep_ledger(company.files, dirty_positions(company))


def test_the_same_arguments_give_the_same_bytes(company: SandboxReport, tmp_path: Path) -> None:
    again = make_company(tmp_path / "sandbox", until=UNTIL)
    assert hashes(again) == hashes(company)
    other_seed = make_company(tmp_path / "sandbox", until=UNTIL, seed=8)
    same = {entity for entity, value in hashes(company).items() if hashes(other_seed)[entity] == value}
    assert same == {"companies", "fx_rates"}


def test_expected_balances_are_what_a_bookkeeper_finds_in_the_files(company: SandboxReport, ledger: Ledger) -> None:
    assert ledger.open() == company.open
    assert ledger.unapplied() == company.unapplied
    found = ledger.aging(UNTIL)
    assert found == {key: amount for key, amount in company.buckets.items() if key in found}
    assert sum(company.buckets.values()) == sum(company.open.values())
    assert sum(item.left > 0 for item in ledger.items.values()) == company.open_items


def test_nothing_is_paid_more_than_it_is_worth(ledger: Ledger) -> None:
    assert all(item.left >= 0 for item in ledger.items.values())
    assert all(amount >= 0 for _scope, amount in ledger.credit.values())


def test_there_is_every_kind_of_case(company: SandboxReport, ledger: Ledger) -> None:
    """Partial payments, payments of several invoices, credit above the invoice, unapplied cash, old debt ..."""
    assert company.rows["customers"] == 802
    assert company.rows["invoices"] == 20_010
    allocations = read_rows(company.files["allocations"])
    assert max(Counter(row["payment_id"] for row in allocations if row["payment_id"]).values()) > 3
    paid_in_parts = Counter(row["instalment_id"] or row["invoice_id"] for row in allocations if row["payment_id"])
    assert max(paid_in_parts.values()) == 3
    invoices = read_rows(company.files["invoices"])
    assert {row["Moneda"] for row in invoices} == {"PEN", "COP", "USD", "XXZ", None}
    assert {row["Estado"] for row in invoices} == {"Emitida", "Cobrada", "Anulada", "Por revisar", None}
    totals = {row["Id Documento"]: row["Importe Total"] for row in invoices if row["Importe Total"]}
    credits = read_rows(company.files["credit_notes"])
    applied_to = [row for row in credits if row["Applies To"]]
    assert any(money(row["Amount"], ".") > money(totals[row["Applies To"]], ",") for row in applied_to)
    assert len(applied_to) < len(credits) - 1
    assert {row["Situación"] for row in read_rows(company.files["payments"])} == {"Recibido", "Devuelto"}
    assert {bool(row["Resuelto"]) for row in read_rows(company.files["disputes"])} == {True, False}
    assert all(company.buckets[("andes-pe", "PEN", bucket)] > 0 for bucket in ("not_due", "1-30", "91-120", "120+"))
    assert all(amount > 0 for amount in company.unapplied.values())


def test_invoices_in_dollars_state_the_rate_of_their_day(company: SandboxReport) -> None:
    rates = {(row["To"], row["Date"]): Decimal(str(row["Rate"])) for row in read_rows(company.files["fx_rates"])}
    own_currency = {row["Company"]: row["Currency"] for row in read_rows(company.files["companies"])}
    assert own_currency == {"andes-pe": "PEN", "andes-co": "COP"}
    assert len(rates) == 2 * (UNTIL - dt.date(2024, 7, 1) + dt.timedelta(days=1)).days
    in_dollars = [row for row in read_rows(company.files["invoices"]) if row["Moneda"] == "USD"]
    assert len(in_dollars) > 1_000
    for row in in_dollars:
        issued = day(row["Fecha Emisión"], "%d/%m/%Y")
        stated = Decimal(row["Tipo de Cambio"].replace(",", "."))
        assert stated == rates[own_currency[row["Sociedad"]], issued.isoformat()]


def test_the_figures_look_like_a_company(company: SandboxReport) -> None:
    """What a dashboard shows: 30-50 % past due, 50-80 days of sales open, some very old debt, none overwhelming."""
    sales: dict[str, Decimal] = defaultdict(Decimal)
    dirty = dirty_positions(company)["invoices"]
    for position, row in enumerate(read_rows(company.files["invoices"])):
        if position not in dirty and day(row["Fecha Emisión"], "%d/%m/%Y") > UNTIL - dt.timedelta(days=90):
            sales[row["Moneda"]] += money(row["Importe Total"], ",")
    for currency in ("PEN", "COP", "USD"):
        total = sum(amount for (_, code), amount in company.open.items() if code == currency)
        bucket = Counter({b: a for (_, code, b), a in company.buckets.items() if code == currency})
        days_of_sales = total / sales[currency] * 90
        not_due = sum(a for (_, code, b), a in company.buckets.items() if code == currency and b == "not_due")
        assert 50 < days_of_sales < 80, (currency, days_of_sales)
        assert Decimal("0.30") < 1 - not_due / total < Decimal("0.50"), (currency, not_due / total)
        assert 0 < bucket["120+"] < total / 8


def test_nothing_lies_in_the_future_but_due_and_promised_dates(company: SandboxReport) -> None:
    columns = {
        "invoices": ("Fecha Emisión", "%d/%m/%Y"),
        "credit_notes": ("Date", "%m/%d/%Y"),
        "payments": ("Fecha", "%d-%m-%Y"),
        "write_offs": ("date", "%Y/%m/%d"),
        "disputes": ("Abierto", "%Y-%m-%d"),
        "promises": ("Fecha", "%d.%m.%Y"),
    }
    for entity, (column, pattern) in columns.items():
        dirty = dirty_positions(company)[entity]
        rows = [row for position, row in enumerate(read_rows(company.files[entity])) if position not in dirty]
        days = [day(row[column], pattern) for row in rows]
        assert dt.date(2024, 7, 1) <= min(days), entity
        assert UNTIL - dt.timedelta(days=15) < max(days) <= UNTIL, entity
    allocated = [row["allocated_date"] for row in read_rows(company.files["allocations"]) if row["allocated_date"]]
    assert max(allocated) <= UNTIL


def test_nobody_promises_to_pay_nothing(company: SandboxReport) -> None:
    """Of an invoice that a credit note covers whole nothing is left to be promised."""
    dirty = dirty_positions(company)["promises"]
    rows = [row for position, row in enumerate(read_rows(company.files["promises"])) if position not in dirty]
    assert rows and not [row["Promesa"] for row in rows if not row["Importe"].strip("0.,")]


def test_the_file_source_reads_it_and_quarantines_exactly_the_dirty_rows(company: SandboxReport) -> None:
    """Keys that repeat are landing's to find: a connector sees one row at a time."""
    source = load_source(company.directory.parent / "sources" / "sandbox.yaml")
    found, rows, amounts = set(), {}, {}
    for delivery in deliveries(source):
        entity, batches = delivery.entity, list(delivery.batches)
        rejects = [reject for batch in batches for reject in batch.rejects]
        found |= {(entity.name, reject.row_number, reject.record_key, reject.reason_code) for reject in rejects}
        rows[entity.name] = sum(batch.rows.num_rows for batch in batches) + len(rejects)
        if entity.amount:
            amounts[entity.name] = sum(sum(batch.rows[entity.amount].to_pylist()) for batch in batches)
    assert found == {
        (row.entity, row.row_number, row.record_key, row.reason)
        for row in company.dirty
        if row.reason != "duplicate_key"
    }
    assert rows == company.rows
    first_invoice = read_rows(company.files["invoices"])[0]
    amounts["invoices"] -= 2000 + 2900 + money(first_invoice["Importe Total"], ",")
    assert amounts == {entity: sum(sums.values()) for entity, sums in company.amounts.items()}


def test_repeated_keys_are_listed_as_dirty(company: SandboxReport) -> None:
    invoices = read_rows(company.files["invoices"])
    repeats = [row for row in company.dirty if row.reason == "duplicate_key"]
    assert [invoices[row.row_number - 2]["Id Documento"] for row in repeats] == [row.record_key for row in repeats]
    keys = Counter(row["Id Documento"] for row in invoices)
    assert {key for key, count in keys.items() if count > 1} == {row.record_key for row in repeats}


def test_the_next_day_changes_little_and_takes_nothing_back(company: SandboxReport, tmp_path: Path) -> None:
    before = make_company(tmp_path / "sandbox", until=UNTIL)
    rows_before = {entity: keyed(before, entity) for entity in KEYS}
    after = advance_company(tmp_path / "sandbox", UNTIL + dt.timedelta(days=1))
    for entity in KEYS:
        old, new = rows_before[entity], keyed(after, entity)
        gone = old.keys() - new.keys()
        # a bounced cheque's allocation is taken back
        assert len(gone) <= (2 if entity == "allocations" else 0), entity
        changed = [key for key in old.keys() & new.keys() if old[key] != new[key]]
        assert len(changed) <= len(old) // 100, entity
    assert len(keyed(after, "invoices")) > len(rows_before["invoices"])
    assert len(keyed(after, "payments")) > len(rows_before["payments"])
    assert keep_ledger(after.files, dirty_positions(after)).open() == after.open


def keyed(report: SandboxReport, entity: str) -> dict[str, object]:
    return {row[KEYS[entity]]: row for row in read_rows(report.files[entity])}


def test_a_hundred_days_later_the_books_still_tie_and_bring_corrections(tmp_path: Path) -> None:
    directory = tmp_path / "sandbox"
    old = make_company(directory, until=UNTIL)
    before = {row["Id Documento"]: row for row in read_rows(old.files["invoices"])}
    report = advance_company(directory, UNTIL + dt.timedelta(days=100))
    assert keep_ledger(report.files, dirty_positions(report)).open() == report.open
    after = {row["Id Documento"]: row for row in read_rows(report.files["invoices"])}
    changed_columns = {name for key, row in before.items() for name in row if row[name] != after[key][name]}
    assert changed_columns == {"Estado", "Fecha Vencimiento", "Importe Total"}
    assert advance_company(directory, UNTIL).open == old.open


@pytest.mark.parametrize("until", [dt.date(2024, 2, 29), dt.date(2026, 12, 31), dt.date(2026, 3, 1)])
@pytest.mark.parametrize(("invoices", "customers", "months"), [(1, 1, 1), (500, 3, 2), (3_000, 40, 13)])
def test_odd_sizes_and_days_tie_too(until: dt.date, invoices: int, customers: int, months: int, tmp_path: Path) -> None:
    report = make_company(
        tmp_path / "sandbox", until=until, invoices=invoices, customers=customers, months=months, seed=invoices
    )
    ledger = keep_ledger(report.files, dirty_positions(report))
    assert ledger.open() == {key: amount for key, amount in report.open.items() if key in ledger.open()}
    assert sum(ledger.open().values()) == sum(report.open.values())
    clean_invoices = report.rows["invoices"] - sum(row.entity == "invoices" for row in report.dirty)
    assert clean_invoices == invoices


def test_ensure_company_advances_the_one_it_finds(tmp_path: Path) -> None:
    first = ensure_company(tmp_path, until=UNTIL, invoices=300, customers=20)
    assert ensure_company(tmp_path, until=UNTIL, invoices=300, customers=20).open == first.open
    later = ensure_company(tmp_path, until=UNTIL + dt.timedelta(days=3), invoices=300, customers=20)
    assert keyed(first, "disputes").keys() <= keyed(later, "disputes").keys()
    assert later.rows["invoices"] > 300
    other = ensure_company(tmp_path, until=UNTIL, invoices=400, customers=20)
    assert other.rows["invoices"] == 410


def test_large_customer_lists_are_csv(tmp_path: Path) -> None:
    report = make_company(tmp_path / "sandbox", until=UNTIL, invoices=100, customers=5_001)
    names = [row["Razón Social"] for row in read_rows(report.files["customers"])]
    assert len(set(names)) == len(names) == 5_003
    assert any(";" in name and "<" in name for name in names)


def test_addresses_reach_nobody_and_formulas_stay_texts(company: SandboxReport) -> None:
    customers = read_rows(company.files["customers"])
    hosts = {row["Correo"].rpartition("@")[2] for row in customers if row["Correo"]}
    assert all(host in ("example.com", "example.org", "example.net") or host.endswith(".example") for host in hosts)
    assert all(row["Teléfono"] in ("", None) or row["Teléfono"].startswith("+1 555 01") for row in customers)
    assert "=Igual Consultores S.A.C." in {row["Razón Social"] for row in customers}
    assert {row["País"] for row in customers} == {"PE", "CO", "US"}
    assert {row["Idioma"] for row in customers} == {"es", "en"}


def test_memory_does_not_grow_with_the_invoices(tmp_path: Path) -> None:
    small, large = (peak_memory(tmp_path, invoices) for invoices in (20_000, 300_000))
    assert large < small * 1.5, f"{small} MB for 20,000 invoices, {large} MB for 300,000"


def peak_memory(directory: Path, invoices: int) -> int:
    program = (
        "import datetime as dt, resource, sys, pathlib\n"
        "from cartera.sandbox.company import make_company\n"
        f"make_company(pathlib.Path(sys.argv[1]), until=dt.date(2026, 6, 30), invoices={invoices})\n"
        "sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, directory / "sandbox"], capture_output=True, check=True)
    return int(done.stdout)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    directory = tmp_path / "sandbox"
    directory.mkdir()
    (directory / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(ConfigError, match="no sandbox company"):
        make_company(directory, until=UNTIL, invoices=10)
    with pytest.raises(ConfigError, match="no sandbox company"):
        remove_company(directory)
    assert (directory / "thesis.txt").read_text() == "irreplaceable"


def test_remove_leaves_neither_exports_nor_mapping(tmp_path: Path) -> None:
    make_company(tmp_path / "sandbox", until=UNTIL, invoices=10)
    assert remove_company(tmp_path / "sandbox")
    assert not remove_company(tmp_path / "sandbox")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_killed_make_leaves_the_old_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make_company(tmp_path / "sandbox", until=UNTIL, invoices=100)
    before = hashes(old)

    def dies(self: Plan, path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Plan, "write", dies)
        advance_company(tmp_path / "sandbox", UNTIL + dt.timedelta(days=1))
    assert hashes(old) == before
    assert advance_company(tmp_path / "sandbox", UNTIL).open == old.open


@pytest.mark.parametrize("size", [{"invoices": 0}, {"customers": 0}, {"months": 0}, {"customers": 10_000_000}])
def test_impossible_sizes_are_refused(size: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(size))):
        make_company(tmp_path / "sandbox", until=UNTIL, **size)
    assert not (tmp_path / "sandbox").exists()


def test_a_day_before_the_company_began_is_refused(tmp_path: Path) -> None:
    make_company(tmp_path / "sandbox", until=UNTIL, invoices=10, months=1)
    with pytest.raises(ConfigError, match="first day"):
        advance_company(tmp_path / "sandbox", dt.date(2020, 1, 1))
    with pytest.raises(ConfigError, match="cartera sandbox make"):
        advance_company(tmp_path / "elsewhere", UNTIL)
