"""Texts, numbers and dates by language."""

from __future__ import annotations

import datetime as dt
import string
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cartera.desk import OUTCOMES
from cartera.reminders.model import Reason
from cartera.reports.wording import Wording
from cartera.warehouse.metrics import load_catalogue
from dashboards.components import contact_parts, kpi_grid, timeline_parts
from dashboards.components.tables import MARGINS, Column, cut, lines_of
from dashboards.components.view import as_text
from dashboards.i18n import LOCALES, OF_REPORTS, Words, texts

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"


def _fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_text_exists_in_every_language_with_the_same_values() -> None:
    english = texts("EN")
    for language in LOCALES:
        assert texts(language).keys() == english.keys()
        for key, text in texts(language).items():
            assert isinstance(text, str) and text.strip(), key
            assert _fields(text) == _fields(english[key]), key


def test_text_too_long_for_its_column_ends_at_a_word() -> None:
    assert cut("Óptica Ñandú S.A.", 178) == "Óptica Ñandú S.A."
    assert cut("Constructora Santa Inés y Cía. S.C.A.", 178) == "Constructora Santa Inés y Cía…"
    assert cut("MINERA DEL NORTE Y DEL SUR", 160) == "MINERA DEL NORTE Y DEL…", "capitals are wider"
    assert cut("F001-00004639, F001-00004693", 110) == "F001-00004639…"
    assert cut("A" * 40, 72) == "A" * 8 + "…"
    assert cut("株式会社日本橋青果卸売協同組合東京支店本部", 178) == "株式会社日本橋青果卸売協…"


def test_rows_are_as_high_as_their_longest_text_asks() -> None:
    why = Column("worklist.why", width=164, lines=5)
    said = ["late for up to 20 days", "broke 2 promises, the last of PEN 1,200.00", "late; " * 200]
    assert [lines_of(why, pd.Series(said[:count], dtype=object)) for count in range(4)] == [1, 1, 2, 5]
    assert lines_of(Column("column.customer"), pd.Series(said)) == 1
    assert lines_of(why, pd.Series(["日本橋青果卸売協同組合"])) == 2


@pytest.mark.parametrize("language", LOCALES)
def test_no_text_stands_twice(language: str) -> None:
    lines = (DASHBOARDS / "i18n" / f"{language.lower()}.yaml").read_text(encoding="utf-8").splitlines()
    keys = [yaml.safe_load(line) for line in lines if line and line[0] not in " #"]
    named = [key for each in keys for key in each]
    assert len(named) == len(set(named)), sorted({key for key in named if named.count(key) > 1})


@pytest.mark.parametrize("language", LOCALES)
def test_every_reason_and_every_end_of_a_call_has_words(language: str) -> None:
    known = texts(language)
    assert [reason for reason in Reason if f"campaigns.skip.{reason}" not in known] == []
    assert [outcome for outcome in OUTCOMES if f"outcome.{outcome}" not in known] == []


OF_CUSTOMERS = {"channel.sms", "channel.whatsapp", "customer.by_id", "worklist.rank"}


@pytest.mark.parametrize(
    ("language", "alike"),
    [
        ("ES", {"export.total", "health.no", "desk.plan", "desk.line_plan", *OF_CUSTOMERS}),
        ("PT", {"export.total", "channel.email", "worklist.chance", *OF_CUSTOMERS}),
    ],
)
def test_no_language_is_english(language: str, alike: set[str]) -> None:
    assert {key for key, text in texts(language).items() if text == texts("EN")[key]} == alike


def test_portuguese_is_not_spanish() -> None:
    """Words that both have are short; a sentence that is the same was never translated."""
    same = [text for key, text in texts("PT").items() if text == texts("ES")[key]]
    assert [text for text in same if len(text.split()) > 5] == []


@pytest.mark.parametrize("language", LOCALES)
def test_names_that_are_longer_than_in_english_still_fit_their_column(language: str) -> None:
    """`DSO verdadeiro (idade do que está em…` names nothing, and `Pagamento aplicad` looks broken."""
    events = [text for key, text in texts(language).items() if key.startswith("event.")]
    assert [text for text in events if _is_cut(text, timeline_parts.COLUMNS["what"])] == SAID_RARELY[language]
    channels = [text for key, text in texts(language).items() if key.startswith("channel.")]
    assert [text for text in channels if _is_cut(text, contact_parts.WAYS["channel"])] == []
    # half an address is none
    assert not _is_cut("contabilidad.c000241@example.com", contact_parts.WAYS["address"])
    labels = [metric.label.of(language) for metric in load_catalogue().metrics]
    assert [text for text in labels if cut(text, kpi_grid.NAME - MARGINS) != text] == []


def _is_cut(text: str, column: Column) -> bool:
    assert isinstance(column.width, int)
    return cut(text, column.width - MARGINS) != text


SAID_RARELY = {"EN": [], "ES": ["Mensaje de destino incierto"], "PT": ["Mensagem de destino incerto"]}


def test_every_text_is_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in DASHBOARDS.rglob("*.py"))
    made_up = (
        "status.", "sign_in.", "role.", "attention.", "overview.", "state.stopped", "state.failed", "filter.",
        "currency_view.", "kpis.", "kpi_part.", "bridge.",
        "unit.", "reason.", "recovery.", "moves.", "scheme.", "segment.", "state_of.", "column.", "reports.day_",
        "reports.status_",
        "campaigns.skip.", "campaigns.status.", "campaigns.channel.", "campaigns.language.", "campaigns.stage.",
        "campaigns.tone.", "campaigns.arm.", "campaigns.ladder_", "campaigns.by_", "campaigns.part_", "promises.state.",
        "campaigns.timeline_", "campaigns.short_of_",
        "campaigns.planned_at", "campaigns.sent_at", "campaigns.delivered_at", "campaigns.answered_at",
        "promises.due_today_", "promises.in_grace_", "promises.broken_", "promises.open_", "promises.cancel_promise",
        "promises.close_dispute", "promises.card_", "promises.by_", "promises.did.", "promises.desk_", "promises.done_",
        "aging.by_", "aging.parts_", "invoice.",
        "log.", "check.", "rule.", "saw.", "refusal.", "quarantine.reason.",
        "entity.", "health.fresh", "health.stale", "health.stopped", "health.kind_", "health.row_",
        "channel.", "event.", "outcome.", "hold.", "step.", "customer.", "worklist.", "desk.",
    )  # fmt: skip
    unused = [
        key
        for key in texts("EN")
        if key.removesuffix(".one").removesuffix(".other") not in source and not key.startswith(made_up)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("language", "money", "large"),
    [
        ("EN", "PEN\u00a01,234.50", "12.3M"),
        ("ES", "PEN\u00a01,234.50", "12.3\u00a0M"),
        ("PT", "PEN\u00a01.234,50", "12,3\u00a0mi"),
    ],
)
def test_amounts(language: str, money: str, large: str) -> None:
    words = Words(language)
    assert words.money(Decimal("1234.5"), "PEN") == money
    assert words.compact(Decimal("12345678")) == large
    assert words.money(Decimal("-1"), "PEN") == words.money(Decimal("1"), "PEN").replace("1", "-1")


@pytest.mark.parametrize(
    ("language", "typed", "amount"),
    [
        ("PT", "1.000", "1000"),
        ("PT", "1.234,50", "1234.5"),
        ("PT", "1000.50", None),
        ("ES", "1,000", "1000"),
        ("EN", "1.000", None),
        ("ES", "25.000", None),
        ("ES", "25.00", "25"),
        ("PT", "40.000", "40000"),
        ("EN", "1 000.5", "1000.5"),
        ("EN", "NaN", None),
        ("EN", "1e999999999", None),
        ("EN", "", None),
        ("ES", "-5", "-5"),
    ],
)
def test_an_amount_is_read_as_the_language_writes_it(language: str, typed: str, amount: str | None) -> None:
    assert Words(language).read_amount(typed) == (amount and Decimal(amount))


def test_decimals_follow_the_currency_and_no_digit_is_lost() -> None:
    words = Words("EN")
    assert words.amount(Decimal("1234567890123456789.120000"), "PEN") == "1,234,567,890,123,456,789.12"
    assert words.amount(Decimal("1234.0000"), "CLP") == "1,234"
    assert words.amount(Decimal("1.5"), "KWD") == "1.500"
    assert words.decimal(Decimal("1.234500")) == "1.2345"
    assert words.decimal(Decimal("1000")) == "1,000.00"
    assert words.headline(Decimal("1781878014.67"), "COP") == "1,781,878,015"
    assert words.headline(Decimal("1781878.67"), "COP") == "1,781,878.67"


def test_thousands_are_said_in_one_way() -> None:
    assert [Words("ES").compact(Decimal(amount)) for amount in (6400, 64000)] == ["6.4\u00a0k", "64\u00a0k"]
    assert Words("EN").compact(Decimal(6400)) == "6.4K"


def test_dates_and_counts() -> None:
    day, moment = dt.date(2026, 1, 5), dt.datetime(2026, 1, 5, 3, 4, tzinfo=dt.UTC)
    assert Words("EN").date(day) == "5 Jan 2026"
    assert Words("ES").date(day) == "5 ene 2026"
    assert Words("ES").moment(moment) == "5 ene 2026, 03:04 UTC"
    assert Words("EN").counted("overview.items", 1) == "1 open item"
    assert Words("EN").counted("overview.items", 1234) == "1,234 open items"
    assert Words("ES").counted("overview.items", 2_000_000).endswith("partidas abiertas")
    assert Words("EN").percent(None) == "—"
    assert Words("EN").bucket("1-30") == "1-30 days"
    assert Words("ES").bucket("not_due") == "Por vencer"
    assert Words("PT").date(day) == "5 jan. 2026"
    assert Words("PT").counted("overview.items", 1234) == "1.234 itens abertos"


@pytest.mark.parametrize("language", LOCALES)
def test_dates_in_reports_are_written_as_on_pages(language: str) -> None:
    day = dt.date(2026, 6, 5)
    assert Wording(OF_REPORTS[language]).date(day) == Words(language).date(day)


def test_segments_are_called_as_the_reader_says_or_as_the_rules_do() -> None:
    assert Words("PT").named("segment", "chronic") == "Atraso crônico"
    assert Words("ES").named("scheme", "my_scheme") == "my_scheme"


def test_figures_are_rounded_to_their_unit() -> None:
    words = Words("EN")
    assert words.figure(Decimal("1234.56"), "days") == "1,234.6"
    assert words.figure(Decimal("12.345"), "percent") == "12.3%"
    assert words.figure(Decimal("1.378"), "ratio") == "1.38"
    assert words.figure(Decimal("1234.5"), "amount", "CLP") == "1,234"
    assert words.figure(None, "days") == "—"
    assert [words.days(Decimal(v), signed=True) for v in ("0.04", "-0.04", "3", "-3.21")] == [
        "0.0",
        "0.0",
        "+3.0",
        "-3.2",
    ]


def test_reasons_are_in_the_readers_language_and_unknown_ones_as_they_are() -> None:
    spanish = Words("ES")
    assert spanish.reason("no rate USD to COP on 2026-06-30") == "falta el tipo de cambio de USD a COP del 30 jun 2026"
    assert spanish.reason("nothing is open") == "no hay nada abierto"
    assert spanish.reason("moon in the wrong house") == "moon in the wrong house"
    assert spanish.reason(None) == ""
    assert Words("EN").reason("no rate USD to COP on 2026-06-30") == "no rate USD to COP on 30 Jun 2026"
    unsold = "no credit sales above zero in the 90 days to 2010-01-01"
    assert spanish.reason(unsold) == "sin ventas a crédito sobre cero en los 90 días hasta el 1 ene 2010"


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/Bogota", "Bogota", "Bogotá"),
        ("America/Mexico_City", "Mexico City", "Ciudad de México"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires", "Buenos Aires"),
        ("Mars/Olympus", "Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_a_time_zone_is_named_by_its_city(zone: str, english: str, spanish: str) -> None:
    assert (Words("EN").city(zone), Words("ES").city(zone)) == (english, spanish)


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("a@b.pe", r"a:small[]@b\.pe"),
        ("http://x.pe HTTPS://x.pe www.x.pe", r"http:small[]\:\/\/x\.pe HTTP:small[]S\:\/\/x\.pe www:small[]\.x\.pe"),
        ("nota:@ana @ a", r"nota\:@ana @ a"),
    ],
)
def test_no_link_is_made_of_what_comes_from_outside(outside: str, shown: str) -> None:
    assert as_text(outside).replace("\\/", "/") == shown.replace("\\/", "/")


@pytest.mark.parametrize("language", LOCALES)
def test_what_is_to_be_clicked_after_a_call_is_called_so_on_the_page(language: str) -> None:
    """Who calls sits at the worklist, and has no command line."""
    words = Words(language)
    files = [*(DASHBOARDS.parent / "templates" / "call").glob(f"*.{language.lower()}.j2")]
    assert len(files) == 4
    for file in files:
        [line] = [each for each in file.read_text(encoding="utf-8").splitlines() if f"“{words('desk.wish')}”" in each]
        assert words("page.worklist") in line and "cartera" not in line
