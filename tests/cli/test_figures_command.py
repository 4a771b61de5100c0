"""`cartera aging`, `kpis` and `bridge currency` on the command line: one small company, its figures done by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.databases import fresh_database
from typer.testing import CliRunner, Result

from cartera import pipeline
from cartera.cli import commands
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.settings import get_settings
from cartera.warehouse import metrics, read

AS_OF = dt.date(2026, 6, 30)
FILES = {
    "invoices": """\
id,customer,issued,due,currency,total
F-1,C-1,2026-05-01,2026-05-31,PEN,100.00
F-2,C-1,2026-06-20,2026-07-20,USD,50.10
F-3,C-2,2026-04-10,2026-05-10,KWD,7.125
F-4,C-3,2026-06-01,2026-06-30,CLP,1000
F-5,C-2,2026-06-01,2026-06-30,EUR,9.00
""",
    "customers": """\
id,name,country,sector,type,risk,parent,collector
C-1,Andina,PE,mining,private,A,,Rosa
C-2,Bolívar,CO,mining,public,B,C-1,Luis
""",
    "payments": """\
id,customer,received,currency,amount
P-1,C-2,2026-06-25,KWD,2.000
""",
    "fx_rates": """\
id,from,to,day,rate
1,USD,PEN,2026-06-20,3.7
2,USD,PEN,2026-06-29,3.456789
3,KWD,PEN,2026-04-10,12
4,KWD,PEN,2026-06-25,12.1
5,KWD,PEN,2026-06-30,12.34567
6,CLP,PEN,2026-06-01,0.0039
7,CLP,PEN,2026-06-30,0.0041
""",
}
COLUMNS = {
    "invoices": "invoice_id=id customer_id=customer issue_date=issued due_date=due currency_code=currency"
    " total_amount=total",
    "customers": "customer_id=id name=name country_code=country sector=sector customer_type=type risk_class=risk"
    " parent_id=parent collector=collector",
    "payments": "payment_id=id customer_id=customer received_date=received currency_code=currency amount=amount",
    "fx_rates": "fx_rate_id=id currency_code=from company_currency_code=to rate_date=day rate=rate",
}


@pytest.fixture(scope="module")
def published(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("sources")
    entities = {}
    for entity, text in FILES.items():
        (folder / f"{entity}.csv").write_text(text, encoding="utf-8")
        columns = dict(pair.split("=") for pair in COLUMNS[entity].split())
        entities[entity] = {"files": str(folder / f"{entity}.csv"), "columns": columns}
    document = {"system": "files", "company_id": "acme", "entities": entities}
    (folder / "erp.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    settings = home / "companies.yaml"
    settings.write_text("companies:\n  acme: {currency: PEN}\n", encoding="utf-8")
    with fresh_database(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(folder))
        get_settings.cache_clear()
        assert pipeline.run(AS_OF).status == "published"
        yield
    settings.unlink()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands(), list(arguments))


def asked(*arguments: str) -> list[dict[str, Any]]:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.exception
    return list(json.loads(result.stdout)["rows"])


BRIDGE = [
    ("instalment", "CLP", "1000", "3.90", "0.20", "4.10"),
    ("instalment", "EUR", "9.00", None, None, None),
    ("instalment", "KWD", "7.125", "85.50", "2.46", "87.96"),
    ("instalment", "PEN", "100.00", "100.00", "0.00", "100.00"),
    ("instalment", "USD", "50.10", "185.37", "-12.18", "173.19"),
    ("instalment", None, None, None, None, None),
    ("unapplied_credit", "KWD", "-2.000", "-24.20", "-0.49", "-24.69"),
    ("unapplied_credit", None, None, "-24.20", "-0.49", "-24.69"),
]
AMOUNTS = ("amount", "document_rate_amount", "revaluation_amount", "as_of_rate_amount")


def test_the_bridge_between_currencies(published: None) -> None:
    """Every part and total by hand: what is open x the rate of its day, and x that of the date, to the cent of PEN."""
    rows = asked("bridge", "currency")
    assert [tuple(row[name] for name in ("item_type", "currency_code", *AMOUNTS)) for row in rows] == BRIDGE
    assert {row["company_currency_code"] for row in rows} == {"PEN"}
    for row in rows:
        if row["as_of_rate_amount"] is None:
            assert row["reason"] == "no rate EUR to PEN on 2026-06-01"
            continue
        document, revaluation, as_of = (Decimal(row[name]) for name in AMOUNTS[1:])
        assert document + revaluation == as_of and row["reason"] is None


def test_the_bridge_says_the_same_in_every_format(published: None) -> None:
    rows = list(csv.DictReader(io.StringIO(run("bridge", "currency", "--format", "csv").stdout)))
    found = [tuple(row[name] for name in ("item_type", "currency_code", *AMOUNTS)) for row in rows]
    assert found == [tuple(cell or "" for cell in row) for row in BRIDGE]
    table = run("bridge", "currency").stdout
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if "│ acme" in line]
    assert [(line[1], line[2], line[3], *line[5:8]) for line in lines] == [
        tuple(cell or "" for cell in row) for row in BRIDGE
    ]


def test_a_bridge_at_past_clocks(published: None) -> None:
    """Before the last rates the newest of the days before counts; before anything was recorded nothing was known."""
    rows = {row["currency_code"]: row for row in asked("bridge", "currency", "--as-of", "2026-06-21")}
    assert (rows["USD"]["as_of_rate_amount"], rows["KWD"]["as_of_rate_amount"]) == ("185.37", None)
    assert rows["KWD"]["reason"] == "no rate KWD to PEN on 2026-06-21"
    assert asked("bridge", "currency", "--known-at", "2020-01-01") == []


def test_kpis_by_segment(published: None) -> None:
    """In a scheme each customer is in one segment: its parts add up to the figure of the company."""
    rows = asked("kpis", "--by", "segment")
    of_sector = {(row["segment"], row["currency_code"], row["kpi"]): row for row in rows if row["scheme"] == "sector"}
    past_due = of_sector["mining", "PEN", "past_due_pct"]
    assert (past_due["value"], past_due["numerator"], past_due["denominator"]) == ("100", "100", "100")
    assert of_sector["unclassified", "CLP", "past_due_pct"]["denominator"] == "1000"
    whole = {
        (row["currency_code"], row["kpi"]): Decimal(row["denominator"])
        for row in asked("kpis")
        if row["kpi"] in ("past_due_pct", "dso_simple_90d")
    }
    for scheme in {row["scheme"] for row in rows}:
        added = dict.fromkeys(whole, Decimal(0))
        for row in rows:
            if row["scheme"] == scheme and (row["currency_code"], row["kpi"]) in added:
                added[row["currency_code"], row["kpi"]] += Decimal(row["denominator"])
        assert added == whole, scheme
    names = {row["kpi"] for row in rows}
    assert names == {m.kpi for m in metrics.load_catalogue().metrics if "segment" in m.by and not m.command}
    assert asked("kpis", "--by", "segment", "--scheme", "sector") == [row for row in rows if row["scheme"] == "sector"]
    header = run("kpis", "--by", "segment", "--format", "csv").stdout.splitlines()[0]
    assert header.startswith("company_id,currency_code,scheme,segment,kpi,value")


def test_kpis_by_month(published: None) -> None:
    """Each month-end is the figure asked for that date, as known at the same moment."""
    rows = asked("kpis", "--by", "month", "--months", "3", "--window", "31")
    dates = ["2026-04-30", "2026-05-31", "2026-06-30"]
    assert sorted({row["as_of_date"] for row in rows}) == dates
    for date in dates:
        of_date = [
            {name: cell for name, cell in row.items() if name != "as_of_date"}
            for row in rows
            if row["as_of_date"] == date
        ]
        assert of_date == asked("kpis", "--as-of", date, "--window", "31"), date
    dso = {
        row["as_of_date"]: row["value"]
        for row in rows
        if (row["currency_code"], row["kpi"]) == ("PEN", "dso_simple_31d")
    }
    assert dso == {"2026-05-31": "31", "2026-06-30": None}
    header = run("kpis", "--by", "month", "--format", "csv").stdout.splitlines()[0]
    assert header.startswith("company_id,currency_code,as_of_date,kpi,value")


# C-1 owes 100 PEN that are late and 50.10 USD, C-3 1000 CLP; for the EUR of C-2 there is no rate
AT_RATES = {"company": ("285.37", "3.9"), "as-of-rate": ("273.185129", "4.1")}


@pytest.mark.parametrize("view", AT_RATES)
@pytest.mark.parametrize("by", ["company", "currency", "segment", "customer", "month"])
def test_kpis_in_the_companys_currency(published: None, by: str, view: str) -> None:
    """By every dimension, in every format: only what lacks a rate is missing, and says which."""
    given = ("kpis", "--by", by, "--currency-view", view)
    options = {"segment": ("--scheme", "risk_class"), "month": ("--months", "2")}.get(by, ())
    rows = asked(*given, *options)
    assert {row["currency_code"] for row in rows} == {"PEN"}
    csv_rows = list(csv.DictReader(io.StringIO(run(*given, *options, "--format", "csv").stdout)))
    assert [row["value"] for row in csv_rows] == [row["value"] or "" for row in rows]
    assert "past_due_pct" in run(*given, *options).stdout
    part = {"segment": "segment", "customer": "customer_id", "month": "as_of_date"}.get(by, "company_id")
    late = {row[part]: (row["numerator"], row["denominator"]) for row in rows if row["kpi"] == "past_due_pct"}
    first, last = AT_RATES[view]
    reasons = {row[part]: row["reason"] for row in rows if row["kpi"] == "past_due_pct" and row["value"] is None}
    if by == "segment":
        assert late | {"B": None} == {"A": ("100", first), "B": None, "unclassified": ("0", last)}
        assert set(reasons) == {"B"}
    elif by == "customer":
        assert late | {"erp:C-2": None} == {"erp:C-1": ("100", first), "erp:C-2": None, "erp:C-3": ("0", last)}
        assert set(reasons) == {"erp:C-2"}
    else:
        assert "2026-06-30" in reasons or "acme" in reasons
    # at the end of May that of KWD is too old
    assert all(re.match("no rate (EUR|KWD) to PEN on 2026-0", reason) for reason in reasons.values())


def test_kpis_by_currency_are_those_by_company_in_another_order(published: None) -> None:
    of_company, of_currency = asked("kpis", "--by", "company"), asked("kpis", "--by", "currency")
    assert sorted(map(str, of_company)) == sorted(map(str, of_currency))
    assert list(dict.fromkeys(row["currency_code"] for row in of_currency)) == ["CLP", "EUR", "KWD", "PEN", "USD"]


ANDINA, BOLIVAR = {"PEN": "100.00", "USD": "50.10"}, {"KWD": "7.125", "EUR": "9.00"}
AGING: dict[str, dict[str, dict[str, str]]] = {
    "country": {"PE": ANDINA, "CO": BOLIVAR},
    "collector": {"Rosa": ANDINA, "Luis": BOLIVAR},
    "sector": {"mining": ANDINA | BOLIVAR},
    "customer_type": {"private": ANDINA, "public": BOLIVAR},
    "risk_class": {"A": ANDINA, "B": BOLIVAR},
    "parent": {"erp:C-1": ANDINA | BOLIVAR},
}
"""C-3 is on no list: it has no such word, and is its own parent."""


@pytest.mark.parametrize("by", AGING)
@pytest.mark.parametrize("is_published", [True, False])
def test_aging_by_what_is_known_of_the_customer(published: None, by: str, is_published: bool) -> None:
    nobody = "erp:C-3" if by == "parent" else None
    clocks = () if is_published else ("--known-at", "2999-01-01")
    column = {"country": "country_code", "parent": "parent_id"}.get(by, by)
    found: dict[str | None, dict[str, str]] = {}
    for row in asked("aging", "--by", by, *clocks):
        found.setdefault(row[column], {})[row["currency_code"]] = row["open_amount"]
    assert found == AGING[by] | {nobody: {"CLP": "1000"}}


@pytest.mark.parametrize("is_published", [True, False])
def test_aging_by_segment(published: None, is_published: bool) -> None:
    """Without a scheme all of them, each with all that is owed; in the order of the rules."""
    clocks = () if is_published else ("--known-at", "2999-01-01")
    rows = asked("aging", "--by", "segment", "--scheme", "age_of_debt", *clocks)
    assert [(row["currency_code"], row["scheme"], row["segment"], row["open_amount"]) for row in rows] == [
        ("CLP", "age_of_debt", "not_due", "1000"),
        ("EUR", "age_of_debt", "31-60", "9.00"),
        ("KWD", "age_of_debt", "31-60", "7.125"),
        ("PEN", "age_of_debt", "1-30", "100.00"),
        ("USD", "age_of_debt", "1-30", "50.10"),
    ]
    every = asked("aging", "--by", "segment", *clocks)
    schemes = list(dict.fromkeys(row["scheme"] for row in every))
    assert schemes == list(dict.fromkeys(row["scheme"] for row in asked("segments", "--define")))
    assert len(schemes) > 5
    whole = {row["currency_code"]: Decimal(row["open_amount"]) for row in asked("aging", "--by", "currency")}
    for scheme in schemes:
        added = dict.fromkeys(whole, Decimal(0))
        for row in every:
            if row["scheme"] == scheme:
                added[row["currency_code"]] += Decimal(row["open_amount"])
        assert added == whole, scheme


AGED: list[tuple[str, dict[str, str]]] = [
    ("", {"CLP": "not_due", "EUR": "not_due", "KWD": "31-60", "PEN": "1-30", "USD": "not_due"}),
    ("--aged-from invoice-date", {"CLP": "0-30", "EUR": "0-30", "KWD": "61-90", "PEN": "31-60", "USD": "0-30"}),
    ("--edges 29,50", {"CLP": "not_due", "EUR": "not_due", "KWD": "50+", "PEN": "30-50", "USD": "not_due"}),
    (
        "--aged-from invoice-date --edges 10,28,81",
        {"CLP": "29-81", "EUR": "29-81", "KWD": "29-81", "PEN": "29-81", "USD": "0-10"},
    ),
    ("--aged-from invoice-date --edges 7", {"CLP": "7+", "EUR": "7+", "KWD": "7+", "PEN": "7+", "USD": "7+"}),
]
"""Days since due: CLP and EUR 0, KWD 51, PEN 30, USD -20; since the invoice: 29, 29, 81, 60, 10."""


@pytest.mark.parametrize("clocks", [(), ("--known-at", "2999-01-01")])
@pytest.mark.parametrize(("options", "expected"), AGED)
def test_aging_from_either_date_by_buckets_of_any_edges(
    published: None, options: str, expected: dict[str, str], clocks: tuple[str, ...]
) -> None:
    """Each of the five debts lies in one bucket; their sums are what is open, whatever the buckets."""
    rows = asked("aging", *options.split(), *clocks)
    assert {row["currency_code"]: row["bucket"] for row in rows} == expected
    assert [row["open_amount"] for row in rows] == ["1000", "9.00", "7.125", "100.00", "50.10"]
    valued = asked("aging", "--currency-view", "company", *options.split(), *clocks)
    order = [row["bucket"] for row in valued]
    # CLP, EUR (no rate: its bucket has no amount), KWD, PEN and USD, in the company's PEN
    amounts = {"CLP": "3.90", "EUR": None, "KWD": "85.50", "PEN": "100.00", "USD": "185.37"}
    by_bucket: dict[str, list[str | None]] = {}
    for currency, bucket in expected.items():
        by_bucket.setdefault(bucket, []).append(amounts[currency])
    assert sorted(order) == sorted(by_bucket)
    for row in valued:
        parts = by_bucket[row["bucket"]]
        whole = None if None in parts else f"{sum(Decimal(part or 0) for part in parts):f}"
        assert row["open_amount"] == whole
    firsts = [0 if bucket == "not_due" else int(bucket.rstrip("+").split("-")[0]) for bucket in order]
    assert firsts == sorted(firsts)


def test_aging_by_segment_in_the_companys_currency(published: None) -> None:
    options = ("--by", "segment", "--scheme", "country", "--currency-view", "as-of-rate")
    rows = {row["segment"]: row for row in asked("aging", *options)}
    assert {segment: row["open_amount"] for segment, row in rows.items()} == {
        "PE": "273.19", "CO": None, "unclassified": "4.10",
    }  # fmt: skip
    assert rows["CO"]["reason"] == "no rate EUR to PEN on 2026-06-30"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "segment", "--scheme", "sectors"], "there is no scheme 'sectors'; did you mean sector?"),
        (["--by", "country", "--scheme", "sector"], "--scheme parts by segments"),
        (["--edges", "60,30"], "--edges '60,30' is no rising list of days from 1 to 36500"),
        (["--edges", "0,30"], "--edges '0,30' is no rising list"),
        (["--edges", "30,,x"], "--edges '30,,x' is no rising list"),
        (["--edges", ""], "--edges '' is no rising list"),
        (["--by", "country", "--aged-from", "invoice-date"], "--aged-from and --edges are about buckets"),
        (["--by", "segment", "--known-at", "2020-01-01"], "no segment rules were known at 2020-01-01"),
    ],
)
def test_what_cannot_be_asked_is_said(published: None, arguments: list[str], message: str) -> None:
    result = run("aging", *arguments)
    assert isinstance(result.exception, ConfigError) and message in str(result.exception) and result.exception.mend


def test_a_debt_whose_customer_is_in_no_segment_is_not_lost(published: None) -> None:
    with transaction(Role.admin) as connection:
        with connection.cursor() as cursor:
            cursor.execute("select 'marts_' || slot from serve.publication")
            (schema,) = cursor.fetchone() or ()
            cursor.execute(f"delete from {schema}.fct_customer_segments where customer_id = 'erp:C-3'")
        served = read.publication(connection)
        rows = read.aging(connection, AS_OF, served.known_at, "segment", "country")
        connection.rollback()
    assert [(row["segment"], row["open_amount"]) for row in rows if row["currency_code"] == "CLP"] == [(None, 1000)]
