"""segments.yaml: what is accepted, and what is refused with its line and a way to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from cartera.connectors.segments import load_segment_rules, segments_path
from cartera.connectors.segments.measures import LOWEST, NumberMeasure, TextMeasure
from cartera.connectors.segments.records import SEGMENT_RULES, delivery, records
from cartera.errors import ConfigError
from cartera.settings import get_settings

ROOT = Path(__file__).resolve().parents[3]


def rules_file(folder: Path, *schemes: str) -> Path:
    path = folder / "segments.yaml"
    path.write_text("schemes:\n" + "".join(f"  - {{{scheme}}}\n" for scheme in schemes), encoding="utf-8")
    return path


def by_count(*segments: str) -> str:
    return f"name: s, measure: late_payments, segments: [{', '.join(f'{{{each}}}' for each in segments)}]"


def when(*segments: str) -> str:
    return f"name: s, segments: [{', '.join(f'{{name: s{n}, when: {{{each}}}}}' for n, each in enumerate(segments))}]"


def test_what_is_shipped_is_accepted_and_covers_each_measure() -> None:
    rules = load_segment_rules(ROOT / "dbt_project" / "segments.yaml")
    used = {m for scheme in rules.schemes for m in [scheme.measure, *(m for s in scheme.segments for m in s.when)]}
    assert used - {None} == {*get_args(NumberMeasure), *get_args(TextMeasure)}


def test_measures_are_those_that_the_project_computes() -> None:
    text = (ROOT / "dbt_project" / "macros" / "segments" / "customer_measures.sql").read_text()
    computed = {
        kind: re.findall(r"'(\w+)'", re.search(rf"macro customer_{kind}_measures\(\).*?return\((.*?)\)", text, re.S)[1])  # type: ignore[index]
        for kind in ("number", "text")
    }
    assert computed == {"number": list(get_args(NumberMeasure)), "text": list(get_args(TextMeasure))}
    assert list(LOWEST) == computed["number"]


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_ones_own_rules_come_before_those_shipped(own_home: Path) -> None:
    assert segments_path(get_settings()) == ROOT / "dbt_project" / "segments.yaml"
    rules_file(own_home, "name: s, measure: sector, each_value: true")
    assert delivery(get_settings()).files[0].name == "segments.yaml"
    assert delivery(get_settings()).batches[0].rows.num_rows == 2  # type: ignore[index]


def test_a_record_per_condition_and_value(tmp_path: Path) -> None:
    path = rules_file(
        tmp_path,
        "name: a, otherwise: rest, segments: [{name: x,"
        " when: {amount_owed: {at_least: 0.5, below: 1e3}, country_code: {values: [NO, ' pe ']}}}]",
        "name: b, measure: sector, each_value: true",
    )
    found = [
        tuple(record.get(column.name) for column in SEGMENT_RULES.columns)
        for record in records(load_segment_rules(path))
    ]
    assert found == [
        ("a/1/amount_owed", "a", 1, None, 1, "x", 2, "amount_owed", Decimal("0.5"), Decimal(1000), None),
        # Norway, not the word no
        ("a/1/country_code/NO", "a", 1, None, 1, "x", 2, "country_code", None, None, "NO"),
        ("a/1/country_code/pe", "a", 1, None, 1, "x", 2, "country_code", None, None, "pe"),
        ("a/2/otherwise", "a", 1, None, 2, "rest", 0, None, None, None, None),
        ("b/1/sector", "b", 2, None, 1, None, 1, "sector", None, None, None),
        ("b/2/otherwise", "b", 2, None, 2, "unclassified", 0, None, None, None, None),
    ]  # fmt: skip


def test_a_comment_is_no_change_of_the_rules(own_home: Path) -> None:
    path = rules_file(own_home, by_count("name: few, below: 3", "name: many, at_least: 3"))
    first = delivery(get_settings()).fingerprint
    path.write_text("# mine\n" + path.read_text())
    assert delivery(get_settings()).fingerprint == first
    path.write_text(path.read_text().replace("3", "4"))
    assert delivery(get_settings()).fingerprint != first


BAD = {
    "below 3 to 5": (
        by_count("name: x, below: 3", "name: y, at_least: 5"),
        "2: .*from 3 to 5 late_payments is in no segment; write below: 5 in 'x', or at_least: 3 in 'y'",
    ),
    "overlap": (
        by_count("name: x, below: 3", "name: y, at_least: 2"),
        "2: .*segments 'x' and 'y' overlap; let 'y' begin",
    ),
    "two open below": (
        by_count("name: x, below: 3", "name: y, below: 4", "name: z, at_least: 4"),
        "segments 'x' and 'y' overlap",
    ),
    "open above, twice": (
        by_count("name: x", "name: y, at_least: 2"),
        "segment 'x': late_payments has no condition; write at_least or below",
    ),
    "gap at the bottom": (
        by_count("name: x, at_least: 1"),
        "below 1 late_payments is in no segment; take at_least out of 'x'",
    ),
    "gap at the top": (
        by_count("name: x, below: 1"),
        "from 1 up late_payments is in no segment; take below out of 'x'",
    ),
    "gap below zero": (
        "name: s, measure: weighted_days_late, segments: [{name: x, at_least: 0}]",
        "below 0 weighted_days_late is in no segment",
    ),
    "empty range": (by_count("name: x, at_least: 3, below: 3"), "nothing is at least 3 and below 3; raise `below`"),
    "unknown measure": (
        "name: s, measure: sectr, each_value: true",
        "2: schemes.0.measure: 'sectr' is not possible; did you mean sector?",
    ),
    "unknown measure in when": (
        when("weighted_days: {below: 1}"),
        "'weighted_days' is not possible; did you mean weighted_days_late?",
    ),
    "misspelt key": (by_count("name: x, belw: 3"), "there is no such key; did you mean below?"),
    "twice one segment": (by_count("name: x, below: 3", "name: x, at_least: 3"), "segment 'x' is defined twice"),
    "not a number": (by_count("name: x, below: many"), "below: Input should be a valid decimal"),
    "not finite": (by_count("name: x, below: .inf"), "below: Input should be"),
    "no segments": ("name: s, measure: sector", "no segments; list them, or"),
    "text with a range": (
        "name: s, measure: sector, segments: [{name: x, at_least: 3}]",
        "sector is a text: write values",
    ),
    "number with values": (by_count("name: x, values: [3]"), "late_payments is a number: write at_least and below"),
    "each value of a number": (
        "name: s, measure: amount_owed, each_value: true",
        "amount_owed is a number: list `segments`",
    ),
    "each value of nothing": ("name: s, each_value: true", "each_value needs a `measure` that is a text"),
    "each value and segments": (
        "name: s, measure: sector, each_value: true, segments: [{name: x, values: [a]}]",
        "take `segments` out, or `each_value`",
    ),
    "one value in two segments": (
        "name: s, measure: country_code, segments: [{name: x, values: [PE]}, {name: y, values: ['pe ']}]",
        "the value 'pe' is in segments 'x' and 'y'",
    ),
    "one value twice": (
        "name: s, measure: country_code, segments: [{name: x, values: [PE, pe]}]",
        "the value 'pe' is listed twice",
    ),
    "no measure": ("name: s, segments: [{name: x, below: 3}]", "segment 'x' does not say of what"),
    "no condition": ("name: s, segments: [{name: x}]", "segment 'x' has no condition"),
    "when beside a measure": (
        by_count("name: x, when: {sector: {values: [a]}}"),
        "segment 'x' has `when` though the scheme has a measure",
    ),
    "never reached": (
        when("paid_late_pct: {at_least: 10}", "paid_late_pct: {at_least: 20}, sector: {values: [a]}"),
        "segment 's1' is never reached: whoever fits it fits 's0' before",
    ),
    "never reached by value": (
        when("sector: {values: [a, b]}", "sector: {values: [B]}"),
        "segment 's1' is never reached",
    ),
    "name with blanks around": (
        "name: s, measure: sector, segments: [{name: ' x', values: [a]}]",
        "segments.0.name: String should match",
    ),
    "scheme name": ("name: Late payers, measure: sector, each_value: true", "schemes.0.name: String should match"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, name: str) -> None:
    scheme, message = BAD[name]
    path = rules_file(tmp_path, scheme)
    with pytest.raises(ConfigError, match=message) as refused:
        load_segment_rules(path)
    assert str(refused.value).startswith(f"{path}:2: ")
    assert "correct segments.yaml and run again" in refused.value.mend


def test_two_schemes_of_one_name_and_none_at_all(tmp_path: Path) -> None:
    one = "name: s, measure: sector, each_value: true"
    with pytest.raises(ConfigError, match="'s' is defined twice"):
        load_segment_rules(rules_file(tmp_path, one, one))
    path = tmp_path / "segments.yaml"
    path.write_text("schemes: []\n")
    with pytest.raises(ConfigError, match="there is none; write one, or take the file away"):
        load_segment_rules(path)


def test_what_is_not_shadowed_is_accepted(tmp_path: Path) -> None:
    """Narrower first, other measures, and overlapping ranges across measures: the first that fits counts."""
    rules = load_segment_rules(
        rules_file(
            tmp_path,
            when("paid_late_pct: {at_least: 20}", "paid_late_pct: {at_least: 10}", "days_late_trend: {below: -3}"),
        )
    )
    assert [segment.name for segment in rules.schemes[0].segments] == ["s0", "s1", "s2"]
