"""The page of recovery: every figure is that of cartera.warehouse.risk; young cohorts say so; workings export."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from streamlit.testing.v1 import AppTest
from support.pages import OpenPage, said
from support.serve_fixture import AS_OF, KNOWN_AT, item, publish_items, sample_items

from cartera.db import Role, transaction
from cartera.warehouse import risk
from cartera.warehouse.provision_workbook import COLUMNS
from dashboards.components import export, loss_parts
from dashboards.i18n import Words
from dashboards.queries import recovery
from dashboards.queries.export import FIGURE_DECIMALS
from dashboards.queries.session import Clocks

CLOCKS = Clocks(AS_OF, KNOWN_AT)


def _table(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def _of(rows: list[dict[str, Any]], company: str, currency: str) -> list[dict[str, Any]]:
    return [row for row in rows if (row["company_id"], row["currency_code"]) == (company, currency)]


@pytest.mark.parametrize(("part", "language"), [("rolling", "ES"), ("cohorts", "PT"), ("losses", "PT")])
def test_each_part_in_other_languages(open_page: OpenPage, part: str, language: str) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part=part, lang=language)
    assert not app.exception and not app.error
    assert app.dataframe


@pytest.mark.parametrize("part", ["cohorts", "losses"])
def test_one_row(open_page: OpenPage, part: str) -> None:
    publish_items([item("1", AS_OF, "1234.5")])
    app = open_page("recovery", part=part)
    assert not app.exception and not app.error and app.dataframe


@pytest.mark.parametrize("basis", ["amount", "count"])
def test_roll_rates_are_those_of_the_command_line(open_page: OpenPage, basis: str) -> None:
    publish_items(sample_items())
    app = open_page("recovery", where="norte/USD", count_by=basis, periods="6")
    shown = _table(app, "roll_rate_pct")
    with transaction(Role.reader) as connection:
        rows = risk.roll_rates(
            connection, AS_OF, KNOWN_AT, method="tracked", basis="count" if basis == "count" else "amount", periods=6
        )
    expected = _of(rows, "norte", "USD")
    assert list(shown["numerator"]) == [row["numerator"] for row in expected]
    assert list(shown["roll_rate_pct"]) == [float(row["roll_rate_pct"]) / 100 for row in expected]
    assert "last 180 days" in said(app)


@pytest.mark.parametrize("cells", ["share", "value"])
def test_the_matrix_has_shares_that_add_up_or_figures(open_page: OpenPage, cells: str) -> None:
    publish_items(sample_items())
    shown = _table(open_page("recovery", where="main/PEN", cells=cells), "to paid")
    row = [value for name, value in shown.iloc[0].items() if name and value == value and value is not None]
    with transaction(Role.reader) as connection:
        moves = _of(risk.transitions(connection, AS_OF, KNOWN_AT, periods=3), "main", "PEN")
    figures = [move["amount"] for move in moves if move["from_state"] == "not_due"]
    assert float(sum(row)) == pytest.approx(1 if cells == "share" else float(sum(figures)))


def test_a_young_cohort_is_marked_and_an_old_one_is_not(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part="cohorts")
    shown = _table(app, "step_1")
    assert list(shown["step_0"]) == ["25.0%", "25.0%"]
    assert shown["step_1"].iloc[0] == "25.0% ~" and shown["cohort"].iloc[-1] == "Average"
    placed = _table(app, "placed_amount").iloc[0]
    parts = ("collected_amount", "credited_amount", "written_off_amount", "open_amount")
    assert sum((placed[name] for name in parts), Decimal(0)) == placed["placed_amount"]


def test_the_factor_of_the_link_is_computed_with(open_page: OpenPage) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part="losses", factor="1.25", where="main/PEN")
    with transaction(Role.reader) as connection:
        rows = _of(risk.expected_losses(connection, AS_OF, KNOWN_AT, factor=Decimal("1.25")), "main", "PEN")
    total = next(row for row in rows if row["bucket"] == "total")
    assert _table(app, "ecl_amount")["ecl_amount"].iloc[-1] == total["ecl_amount"]
    assert [metric.value for metric in app.metric] == [
        f"{total['balance_amount']:,.2f}",
        f"{total['ecl_amount']:,.2f}",
        f"{total['ecl_pct']:.1f}%",
    ]


@pytest.mark.parametrize(
    ("typed", "shown", "linked"),
    [("1,25", "1,25", "1.25"), ("0.98766", "0,9877", "0.9877"), ("2", "2,00", "2"), ("1", "1,00", None)],
)
def test_a_factor_is_typed_with_either_sign_and_shown_with_the_readers(
    open_page: OpenPage, typed: str, shown: str, linked: str | None
) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part="losses", lang="PT", factor="1.5")
    assert app.text_input[0].value == "1,50"
    app = app.text_input[0].set_value(typed).run()
    assert not app.exception and app.text_input[0].value == shown
    assert app.query_params.get("factor", [None]) == [linked] or app.query_params.get("factor") == linked


@pytest.mark.parametrize("typed", ["a lot", "-1", "101", "1,2,3", ""])
def test_what_is_no_factor_leaves_the_one_before(open_page: OpenPage, typed: str) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part="losses", lang="ES", factor="1.5")
    app = app.text_input[0].set_value(typed).run()
    assert not app.exception and not app.error and app.text_input[0].value == "1.50"
    assert (typed.replace("-", "\\-") in said(app)) if typed else True


@pytest.mark.parametrize("factor", ["-1", "NaN"])
def test_a_link_that_asks_for_strangers_gets_the_default(open_page: OpenPage, factor: str) -> None:
    publish_items(sample_items())
    app = open_page("recovery", part="losses", factor=factor, where="nobody/XXX", history="7", by_segment="moon")
    assert not app.exception and not app.error
    assert app.metric[0].label == "Balance, PEN" and app.text_input[0].value == "1.00"


def test_the_workbook_has_every_place_its_formulas_and_its_inputs(database: str) -> None:
    publish_items(sample_items())
    provision = recovery.Provision(Decimal("1.05"), 365, 180, None)
    content, count = recovery.losses_xlsx(CLOCKS, provision)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    inputs = dict(row[:2] for row in book.get_sheet_by_name("inputs").to_python())
    assert inputs["factor"] == 1.05 and inputs["as_of"] == AS_OF.isoformat() and inputs["loss_days"] == 180
    _, *rows = book.get_sheet_by_name("matrix").to_python()
    assert len(rows) == count
    with transaction(Role.reader) as connection:
        expected = risk.expected_losses(connection, AS_OF, KNOWN_AT, factor=Decimal("1.05"))
    loss = list(COLUMNS).index("ecl_amount")
    assert [(*row[:2], row[loss]) for row in rows] == [
        (row["company_id"], row["currency_code"], float(row["ecl_amount"])) for row in expected
    ]


def test_exports_have_all_decimals_and_what_was_asked(database: str) -> None:
    publish_items(sample_items())
    words = Words("ES")
    content = recovery.roll_rates_csv(words, CLOCKS, "net_flow", "count", 3).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    with transaction(Role.reader) as connection:
        expected = risk.roll_rates(connection, AS_OF, KNOWN_AT, method="net_flow", basis="count", periods=3)
    assert [Decimal(row[words("column.numerator")]) for row in rows] == [row["numerator"] for row in expected]
    assert [row[words("column.from_bucket")] for row in rows] == [
        recovery.state_name(words, row["bucket"]) for row in expected
    ]
    asked = {tuple(row[words(name)] for name in ("filter.method", "filter.periods", "column.as_of")) for row in rows}
    assert asked == {(words("recovery.net_flow"), "3", "2026-06-30")}
    others = (
        recovery.transitions_csv(words, CLOCKS, 3), recovery.vintages_csv(words, CLOCKS),
        recovery.liquidation_csv(words, CLOCKS),
    )  # fmt: skip
    for each in (content, *(file.decode("utf-8-sig") for file in others)):
        headings, *found = csv.reader(io.StringIO(each))
        assert len(set(headings)) == len(headings) and not any("_" in heading for heading in headings) and found
        # PostgreSQL gives a product of quotients some hundred decimals
        assert not any(re.search(rf"\.\d{{{FIGURE_DECIMALS + 1}}}", cell) for line in found for cell in line)


@pytest.mark.parametrize(
    ("part", "function"),
    [
        ("rolling", "roll_rates_and_transitions"),
        ("cohorts", "vintages_and_liquidation_rates"),
        ("losses", "expected_losses"),
    ],
)
def test_a_failing_query_shows_an_error(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, part: str, function: str
) -> None:
    publish_items(sample_items())
    monkeypatch.setattr(f"cartera.warehouse.risk.{function}", lambda *_, **__: 1 / 0)
    app = open_page("recovery", part=part)
    assert "could not be read" in app.error[0].value and not app.exception and not app.metric


def test_a_publication_of_an_earlier_cartera_says_so(open_page: OpenPage) -> None:
    publish_items(sample_items())
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("drop function serve.debt_moves(date, timestamptz, integer, integer)")
    app = open_page("recovery")
    assert "built by an earlier Cartera" in app.error[0].value and "Reference" in app.error[0].value
    assert not app.exception and not app.metric


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("rolling", {"cartera-roll-rates-tracked", "cartera-transitions"}),
        ("cohorts", {"cartera-vintages", "cartera-liquidation"}),
        ("losses", {"cartera-provision"}),
    ],
)
def test_files_of_all_companies_are_named_and_logged_as_such(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, part: str, names: set[str]
) -> None:
    publish_items(sample_items())
    made: list[tuple[str, str, str]] = []

    def logged(
        _content: object, file_name: str, _clocks: Clocks, currency_code: str = "", of: str = ""
    ) -> Callable[[], bytes]:
        made.append((file_name, currency_code, of))
        return lambda: b""

    for module in (export, loss_parts):
        monkeypatch.setattr(module, "logged", logged)
    app = open_page("recovery", part=part, where="main/USD")
    assert not app.exception and not app.error
    assert {name.removesuffix(f"-{AS_OF}.csv").removesuffix(f"-{AS_OF}.xlsx") for name, _, _ in made} == names
    assert {(currency_code, of) for _, currency_code, of in made} == {("", "all")}
