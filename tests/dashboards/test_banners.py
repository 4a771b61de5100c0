"""What a reader is told before believing the figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from support.pages import OpenPage, said
from support.serve_fixture import item, publish_items, record_run

from cartera.settings import get_settings
from dashboards.i18n import Words

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()


def _publish(*, hours_ago: float = 1, days_back: int = 0, **more: object) -> None:
    publish_items(
        [item("1", TODAY, "10", issue_date=dt.date(2020, 1, 1))],
        as_of=TODAY - dt.timedelta(days=days_back),
        known_at=NOW,
        published_at=NOW - dt.timedelta(hours=hours_ago),
        **more,  # type: ignore[arg-type]
    )


def test_fresh_figures_have_no_banner(open_page: OpenPage) -> None:
    _publish()
    app = open_page("overview")
    assert not app.warning and not app.error and not app.info
    assert [each.label for each in app.expander] == ["Saved views"]


def test_an_old_publication_is_called_stale_since_when(open_page: OpenPage) -> None:
    _publish(hours_ago=37)
    (warning,) = open_page("overview").warning
    assert "2 days ago" in warning.value and "cartera run" in warning.value


def test_how_old_is_stale_is_a_setting(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    _publish(hours_ago=37)
    monkeypatch.setenv("CARTERA_STALE_AFTER_HOURS", "40")
    get_settings.cache_clear()
    assert not open_page("overview").warning


def test_a_fresh_run_for_an_old_day_says_which_day(open_page: OpenPage) -> None:
    _publish(days_back=20)
    (info,) = open_page("overview").info
    assert "20 days before today" in info.value


def test_a_stopped_run_names_the_failed_checks_while_the_old_figures_serve(open_page: OpenPage) -> None:
    _publish(hours_ago=5)
    failed = [("marts", f"fct_{n}", "never negative", "critical", False, f"row {n} is negative") for n in range(7)]
    record_run(status="stopped", started_at=NOW, checks=failed)
    app = open_page("overview")
    (error,) = app.error
    assert "was stopped" in error.value and "row 0 is negative" in error.value
    assert "and 2 more" in error.value
    assert app.metric[0].value == "10.00"
    assert "fue detenida" in open_page("overview", lang="ES").error[0].value


def test_a_failed_run_is_told_too(open_page: OpenPage) -> None:
    _publish(hours_ago=5)
    record_run(status="failed", started_at=NOW)
    (error,) = open_page("overview").error
    assert "failed" in error.value


def test_a_stopped_run_before_the_publication_is_history(open_page: OpenPage) -> None:
    record_run(status="stopped", started_at=NOW - dt.timedelta(hours=9))
    _publish(hours_ago=5)
    assert not open_page("overview").error


def test_a_source_that_was_stopped_stands_still_and_says_since_when(open_page: OpenPage) -> None:
    from cartera.db import Role, transaction

    _publish()
    run_id = record_run(status="published", started_at=NOW - dt.timedelta(hours=2))
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, amounts, message)"
            " values (%s, 90, 'land erp', 'failed', %s, 1, '{}', 'erp: customer is gone from all 30 records')",
            [run_id, NOW],
        )
        cursor.execute("insert into ops.cursors values ('erp', 'invoices', '{}', %s)", [NOW - dt.timedelta(days=1)])
    (warning,) = open_page("overview").warning
    assert "source erp was stopped" in warning.value and "customer is gone from all 30 records" in warning.value
    yesterday = NOW - dt.timedelta(days=1)
    assert str(yesterday.day) in warning.value
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.run_steps (run_id, ordinal, step, status, started_at, seconds, amounts, message)"
            " values (%s, 91, 'land erp', 'ok', %s, 1, '{}', 'nothing new')",
            [run_id, NOW + dt.timedelta(minutes=1)],
        )
    assert not open_page("overview").warning


def test_warnings_of_the_published_run_are_shown(open_page: OpenPage) -> None:
    _publish(checks=[("landed", "invoices", "known customers", "warning", False, "3 unknown customers")])
    app = open_page("overview")
    assert app.expander[0].label == "1 check warns about these figures"
    assert "3 unknown customers" in said(app)


def test_banners_and_data_health_tell_checks_in_the_readers_language(open_page: OpenPage) -> None:
    message = "Debts of which more is open than they amount to"
    known = ("dbt", "fct_items", "assert_no_debt_above_its_amount", "warning", False,
             f"assert_no_debt_above_its_amount: {message} (1,234 rows)")  # fmt: skip
    _publish(checks=[known])
    app = open_page("overview", lang="ES")
    text = said(app)
    assert "Deudas de las que hay abierto más que su importe \\(1,234 filas\\)" in text and message not in text
    assert Words("ES")("log.as_written") not in text, "nothing of it is English"
    app = open_page("data_health", lang="PT")
    checks = next(frame.value for frame in app.dataframe if "check_name" in frame.value)
    assert list(checks["message"]) == ["Dívidas das quais está aberto mais que seu valor (1.234 linhas)"]
    publication_of_others = [known, ("landed", "invoices", "known customers", "warning", False, "3 unknown customers")]
    _publish(checks=publication_of_others)
    text = said(open_page("overview", lang="ES"))
    assert "3 unknown customers" in text and Words("ES")("log.as_written") in text


def test_data_health_shows_steps_checks_and_certificate(open_page: OpenPage) -> None:
    _publish(checks=[("landed", "invoices", "known customers", "warning", False, "3 unknown customers")])
    app = open_page("data_health")
    certificate, runs, steps, amounts, checks = (frame.value for frame in app.dataframe)
    assert list(runs["status"]) == ["published"]
    assert list(steps["rows_quarantined"].iloc[:1]) == [3]
    # a currency has a column of its own
    assert amounts[["PEN", "USD"]].values.tolist() == [[Decimal("12500.50"), Decimal("310.10")]]
    assert list(checks["message"]) == ["3 unknown customers"]
    assert list(certificate["is_tied"]) == ["yes"]
    assert "Nothing: every row that was delivered is in" in said(app)
