"""Every column of every mart over the sandbox's published ledger; totals; and what a user may never put into SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection
from support.sandbox_published import published_sandbox

from cartera.errors import ConfigError
from cartera.reports import build, made
from cartera.reports.build import Clocks, choices, statement, table
from cartera.reports.document import Document, Filter, Part, parse, period_days
from cartera.reports.marts import CURRENCY, MARTS, Mart
from cartera.reports.ready_made import READY
from cartera.warehouse import balances, metrics, read, segments

UNTIL = dt.date(2026, 6, 30)
EARLIER = dt.date(2026, 4, 15)
MARKS = ("'; drop table ops.reports; --", '"', "a%sb", "%(as_of)s", "\\", "x' or '1'='1", "{items}")


@pytest.fixture(scope="module")
def connection(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with published_sandbox("reports", tmp_path_factory.mktemp("reports"), UNTIL), made.reading() as opened:
        yield opened


@pytest.fixture(params=[UNTIL, EARLIER], ids=["published", "earlier"])
def clocks(request: pytest.FixtureRequest, connection: Connection) -> Clocks:
    return Clocks(request.param, read.publication(connection).known_at)


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: mart.name)
def test_every_declared_column_works_alone_and_all_together(mart: Mart, connection: Connection, clocks: Clocks) -> None:
    names = [each.name for each in mart.dimensions]
    figures = tuple(each.name for each in mart.measures)
    for name in names:
        alone = table(connection, Part(mart=mart.name, dimensions=(name,), measures=figures[:1]), clocks, 100_000)
        assert alone.rows and set(alone.rows[0]) == {*mart.always, name, CURRENCY, figures[0]}, name
    whole = table(connection, Part(mart=mart.name, dimensions=tuple(names[:20]), measures=figures), clocks, 100_000)
    assert whole.rows and set(figures) <= set(whole.rows[0])


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: mart.name)
def test_by_whatever_dimension_the_totals_are_the_same(mart: Mart, connection: Connection, clocks: Clocks) -> None:
    figures = [each.name for each in mart.measures if each.adds]
    if not figures:
        return
    none = table(connection, Part(mart=mart.name, measures=tuple(figures)), clocks, 100_000)
    expected = {code: {name: sums[name] for name in figures} for code, sums in none.totals.items()}
    for each in mart.dimensions:
        by = table(connection, Part(mart=mart.name, dimensions=(each.name,), measures=tuple(figures)), clocks, 100_000)
        found = {code: {name: sums[name] for name in figures} for code, sums in by.totals.items()}
        assert found == expected, each.name


@pytest.mark.parametrize("mart", MARTS.values(), ids=lambda mart: mart.name)
def test_every_column_filters(mart: Mart, connection: Connection, clocks: Clocks) -> None:
    """The rows of each value, taken together, are all rows."""
    figure = mart.measures[0].name
    for each in mart.dimensions:
        if each.kind not in ("text", "yes_no") or each.name in (mart.one_of or {}):
            continue
        asked = Part(mart=mart.name, dimensions=(each.name,), measures=(figure,))
        whole = table(connection, asked, clocks, 100_000)
        if each.kind == "text":
            values = choices(connection, mart, each.name, clocks)
            assert set(values) >= {row[each.name] or "" for row in whole.rows[:500]} or len(values) == 500
        one = whole.rows[0][each.name]
        chosen = {True: "yes", False: "no", None: ""}.get(one, one) if each.kind == "yes_no" else one or ""
        if chosen == "" and each.kind == "yes_no":
            continue
        narrowed = table(
            connection, asked.model_copy(update={"filters": (Filter(column=each.name, among=(chosen,)),)}), clocks, 9999
        )
        assert narrowed.rows and {row[each.name] for row in narrowed.rows} == {one}, each.name
        assert [row for row in whole.rows if row[each.name] == one] == narrowed.rows


def test_what_is_open_is_what_the_rest_of_cartera_says(connection: Connection, clocks: Clocks) -> None:
    expected = {}
    for row in balances.totals(connection, clocks.as_of, clocks.known_at):
        sums = expected.setdefault(row["currency_code"], [Decimal(0), Decimal(0), 0])
        sums[0] += row["open_amount"]
        sums[1] += row["overdue_amount"]
        sums[2] += row["open_items"]
    for mart in ("aging", "open_items", "segments"):
        part = Part(mart=mart, dimensions=("customer_id",), measures=("open_amount", "overdue_amount", "items"))
        if mart == "open_items":
            part = part.model_copy(update={"filters": (Filter(column="item_type", among=("instalment",)),)})
        found = table(connection, part, clocks, 100_000).totals
        assert {code: [s["open_amount"], s["overdue_amount"], s["items"]] for code, s in found.items()} == expected


def test_segments_are_those_of_the_segments_page(connection: Connection, clocks: Clocks) -> None:
    found = table(
        connection, Part(mart="segments", dimensions=("company_id", "segment"), measures=("open_amount",)), clocks, 999
    )
    expected = {
        (row["company_id"], row["segment"], row["currency_code"]): row["open_amount"]
        for row in segments.totals(connection, clocks.as_of, clocks.known_at, "payer_behaviour")
        if row["currency_code"]
    }
    assert {(r["company_id"], r["segment"], r["currency_code"]): r["open_amount"] for r in found.rows} == expected


def test_kpis_are_those_of_the_command_line(connection: Connection, clocks: Clocks) -> None:
    part = Part(mart="kpis", dimensions=("unit",), measures=("value", "numerator"))
    found = table(connection, part, clocks, 9_999)
    expected = {
        (row["company_id"], row["currency_code"], row["kpi"]): (row["value"], row["numerator"])
        for row in metrics.kpis(connection, clocks.as_of, clocks.known_at, "company")
    }
    shown = {
        (r["company_id"], r["currency_code"], r["kpi"]): (r["value"], r["numerator"]) for r in found.rows
    }  # fmt: skip
    assert shown == expected
    assert {row["unit"] for row in found.rows} <= {"days", "percent", "ratio", "amount", "count", None}
    assert all(set(sums) == {"rows"} for sums in found.totals.values()), "KPIs are never added up"


def test_a_capped_table_has_the_totals_of_all(connection: Connection, clocks: Clocks) -> None:
    part = Part(mart="aging", dimensions=("customer_id", "bucket"), measures=("open_amount", "items"))
    whole, capped = (table(connection, part, clocks, limit) for limit in (100_000, 3))
    assert capped.is_capped and not whole.is_capped and len(capped.rows) == 3
    assert capped.totals == whole.totals and capped.row_count == len(whole.rows)
    assert whole.rows[:3] == capped.rows


def test_dates_periods_and_amounts_narrow(connection: Connection, clocks: Clocks) -> None:
    def rows(mart: str, column: str, **condition: Any) -> list[Any]:
        is_dimension = MARTS[mart].dimension(column) is not None
        figure, dimensions = (MARTS[mart].measures[0].name, (column,)) if is_dimension else (column, ("customer_id",))
        part = Part(mart=mart, dimensions=dimensions, measures=(figure,), filters=(Filter(column=column, **condition),))
        return [row[column] for row in table(connection, part, clocks, 100_000).rows]

    first, last = period_days("last_30_days", clocks.as_of)
    assert (last - first).days == 29 and last == clocks.as_of
    paid = rows("payments", "received_date", period="last_30_days")
    assert paid and all(first <= day <= last for day in paid)
    assert set(rows("payments", "received_date", since=first, until=last)) == set(paid)
    late = rows("open_items", "days_past_due", at_least=Decimal(31))
    assert late and min(late) >= 31
    large = rows("aging", "120+", at_least=Decimal("0.01"))
    assert all(amount > 0 for amount in large)


@pytest.mark.parametrize("mark", MARKS)
def test_values_are_bound_and_never_text_of_the_statement(connection: Connection, clocks: Clocks, mark: str) -> None:
    part = Part(mart="open_items", measures=("open_amount",), filters=(Filter(column="collector", among=(mark, "")),))
    query, bound = statement(connection, part, clocks)
    assert mark not in query.as_string(connection) or mark in ("%(as_of)s", '"')
    assert [mark, ""] in bound.values()
    table(connection, part, clocks, 10)


@pytest.mark.parametrize("mark", [*MARKS, "open_amount; select 1", "Open_amount", "customers", "recorded_from", ""])
@pytest.mark.parametrize("place", ["mart", "dimensions", "measures", "column"])
def test_identifiers_come_from_the_declaration_alone(place: str, mark: str) -> None:
    part: dict[str, Any] = {"mart": "aging", "dimensions": ["bucket"], "measures": ["open_amount"], "filters": []}
    if place == "column":
        part["filters"] = [{"column": mark, "among": ["x"]}]
    else:
        part[place] = mark if place == "mart" else [mark]
    with pytest.raises(ConfigError):
        parse({"parts": [part]})


@pytest.mark.parametrize(
    "filter",
    [
        {"column": "bucket"},
        {"column": "bucket", "among": ["x"], "period": "this_month"},
        {"column": "bucket", "period": "this_month"},
        {"column": "bucket", "at_least": "1"},
        {"column": "open_amount", "among": ["1"]},
        {"column": "open_amount", "at_least": "NaN"},
        {"column": "open_amount", "at_least": "1; drop"},
        {"column": "bucket", "period": "the week after"},
        {"column": "bucket", "among": ["x"] * 201},
        {"column": "bucket", "among": ["x"], "sql": "1=1"},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(filter: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        parse({"parts": [{"mart": "aging", "measures": ["open_amount"], "filters": [filter]}]})


def test_segments_of_two_schemes_at_once_are_refused() -> None:
    both = {"column": "scheme", "among": ["payer_behaviour", "country"]}
    with pytest.raises(ConfigError, match="several times"):
        parse({"parts": [{"mart": "segments", "measures": ["open_amount"], "filters": [both]}]})


def test_a_part_that_cannot_be_narrowed_is_never_sent_whole() -> None:
    with pytest.raises(ConfigError, match="collector"):
        READY["board_pack"].with_filters([Filter(column="collector", among=("Ana",))])


@pytest.mark.parametrize(
    ("published", "expected"),
    [("2026-06-30", "2026-06-30"), ("2026-06-29", "2026-05-31"), ("2026-03-01", "2026-02-28")],
)
def test_the_last_month_end_is_one_that_has_ended(published: str, expected: str) -> None:
    document = Document(parts=READY["board_pack"].parts, as_of="last_month_end")
    assert document.as_of_date(dt.date.fromisoformat(published)) == dt.date.fromisoformat(expected)


@pytest.mark.parametrize("name", READY)
def test_ready_made_reports_have_rows_and_tie_out(name: str, connection: Connection) -> None:
    whole = made.make(connection, name, READY[name], as_of=UNTIL)
    assert whole.row_count > 0
    assert whole.tables[0].rows, "the first part is what it is for"
    if name == "auditor_aging":
        assert whole.certificate is not None and whole.certificate.run_id
        certified: dict[str, Decimal] = {}
        for line in whole.certificate.lines:
            assert line["is_tied"]
            code = line["currency_code"]
            certified[code] = certified.get(code, Decimal(0)) + line["open_items_amount"]
        for each in whole.tables:
            assert {code: sums["open_amount"] for code, sums in each.totals.items() if sums["open_amount"]} == {
                code: amount for code, amount in certified.items() if amount
            }


def test_a_past_date_is_certified_when_it_is_asked(connection: Connection) -> None:
    whole = made.make(connection, "auditor_aging", READY["auditor_aging"], as_of=EARLIER)
    assert whole.certificate is not None and whole.certificate.run_id is None
    assert whole.certificate.lines and all(line["is_tied"] for line in whole.certificate.lines)


def test_sums_keep_currencies_apart() -> None:
    rows = [{CURRENCY: code, "open_amount": Decimal(1)} for code in ("PEN", "USD", "PEN", None)]
    found = build.sums(rows, ["open_amount"])
    assert found == {
        "": {"open_amount": 1, "rows": 1},
        "PEN": {"open_amount": 2, "rows": 2},
        "USD": {"open_amount": 1, "rows": 1},
    }
