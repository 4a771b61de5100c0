"""The gates: what suites may say, and what a failed check tells the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera.errors import ConfigError, GateFailed
from cartera.runs import Check, StepReport, judge
from cartera.settings import get_settings
from cartera.warehouse import gate

ROW_QUERY = "select * from (values (1, 'a'), (2, 'b'), (null, 'c')) as t (number, name)"


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(type(get_settings()), "expectations_dir", property(lambda self: tmp_path))
    return tmp_path


def write(suites: Path, *expectations: dict[str, Any], query: str = ROW_QUERY) -> None:
    document = {"subject": "things", "query": query, "expectations": list(expectations)}
    (suites / "landed_things.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def expectation(type: str, severity: str = "warning", **kwargs: Any) -> dict[str, Any]:
    return {"type": type, "kwargs": kwargs, "severity": severity, "meta": {"message": "look at the numbers"}}


def test_a_failed_row_query_names_the_rows(database: str, suites: Path) -> None:
    query = "select number, name from {batch} where number > 1"
    write(suites, expectation("unexpected_rows_expectation", "critical", unexpected_rows_query=query))
    (check,) = gate.check("landed")
    assert (check.passed, check.severity, check.subject) == (False, "critical", "things")
    assert check.message == "look at the numbers; number 2, name b"


def test_more_rows_than_a_message_names_are_counted(database: str, suites: Path) -> None:
    rows = "select number from generate_series(1, 1009) as t (number)"
    query = "select number from {batch} where number > 1 order by number desc"
    write(suites, expectation("unexpected_rows_expectation", unexpected_rows_query=query), query=rows)
    (check,) = gate.check("landed")
    named = "; ".join(f"number {number}" for number in range(1009, 1004, -1))
    assert check.message == f"look at the numbers; {named}; and 1,003 more"


def test_each_expectation_is_a_check_with_its_severity(database: str, suites: Path) -> None:
    write(
        suites,
        expectation("expect_column_values_to_not_be_null", column="number"),
        expectation("expect_column_values_to_not_be_null", "critical", column="name"),
    )
    checks = {check.name: check for check in gate.check("landed")}
    assert checks["expect_column_values_to_not_be_null(number)"].passed is False
    assert checks["expect_column_values_to_not_be_null(number)"].severity == "warning"
    assert checks["expect_column_values_to_not_be_null(name)"].passed is True


def test_an_expectation_that_cannot_be_asked_fails(database: str, suites: Path) -> None:
    write(suites, expectation("unexpected_rows_expectation", unexpected_rows_query="select nonsense from {batch}"))
    (check,) = gate.check("landed")
    assert not check.passed
    assert "could not be made" in check.message and "nonsense" in check.message


def test_a_suite_without_severity_is_a_clear_error(suites: Path) -> None:
    write(suites, {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}})
    with pytest.raises(ConfigError, match="landed_things.yaml.*severity"):
        gate.load_suites("landed")


def test_the_suites_of_the_project_can_be_read() -> None:
    assert {suite.subject for suite in gate.load_suites("landed")} >= {"raw_files.invoices", "ops.loads"}
    assert all("marts_b." in suite.query for suite in gate.load_suites("marts", "b"))


@pytest.mark.parametrize(("severity", "status"), [("warning", "warning"), ("critical", None)])
def test_a_warning_is_told_and_a_critical_check_stops(severity: Any, status: str | None) -> None:
    checks = [
        Check("landed", "things", "fine", "critical", True),
        Check("landed", "things", "bad", severity, False, message="three rows are wrong"),
    ]
    report = StepReport("gate 1")
    if status is None:
        with pytest.raises(GateFailed, match="three rows are wrong"):
            judge(report, checks)
    else:
        judge(report, checks)
        assert (report.status, report.message) == (status, "things: three rows are wrong")
    assert (report.rows_in, report.rows_out) == (2, 1)
