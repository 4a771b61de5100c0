"""What people at a page are refused, in their language.

All of it is found in the source, so that a new refusal without words fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from cartera.clock import utc_now
from cartera.errors import ConfigError, RecordedAlready
from cartera.reports.made import TooLarge
from cartera.reports.store import ChangedMeanwhile
from dashboards.i18n import LOCALES, Words, refusals

ROOT = Path(__file__).resolve().parents[2] / "cartera"
SOURCES = (
    *sorted((ROOT / "desk").glob("*.py")),
    *(ROOT / "reports" / f"{name}.py" for name in ("views", "store", "schedule", "asked")),
    *(ROOT / "reminders" / f"{name}.py" for name in ("addresses", "saved_segments", "preview")),
    ROOT / "quarantine.py",
    *(
        ROOT.parent / "dashboards" / "components" / f"{name}.py"
        for name in ("clicks", "desk_fields", "desk_forms", "desk_wish", "report_kept")
    ),
)
ONLY_TYPED = (
    # pages offer what there is: these are answers to a command line, or to a program
    "no outcome of a call", "contradict each other", "does not last", "has no call", "was made already",
    "the call 1 is", "no kind of hold", "has no hold", "has no plan", "has no promise", "has no dispute",
    "no action id", "a plan has from 2", "due on the same day", "no channel", "no currency", "no customer",
    "has nothing with", "there is no report", "no id of a saved one", "no such day", "no hour", "is not possible",
    "can't be read", "an address is one of a channel", "1: 1", "owes nothing to", "name of a template",
)  # fmt: skip
SAMPLES = {
    "what": "note",
    "actor.role": "collector",
    "kind": "other",
    "before.kind": "attorney",
    "channel": "call",
    "reason": "paid",
}
"""What stands in a message, by the expression that writes it; dates and counts by their names, else a 1."""


def _raised(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("ConfigError", "NotAllowed", "NotMeant"):
            yield _written(call.args[0])


def _written(text: ast.expr) -> str:
    if not isinstance(text, ast.JoinedStr):
        return str(ast.literal_eval(text))
    return "".join(_part(part) for part in text.values)


def _part(part: ast.expr) -> str:
    if not isinstance(part, ast.FormattedValue):
        return str(ast.literal_eval(part))
    name = ast.unparse(part.value)
    is_day = name.endswith(("day", "date", "until"))
    sample = "2026-07-01" if is_day else SAMPLES.get(name, "1")
    return repr(sample) if part.conversion == ord("r") else sample


REFUSED = [
    *(text for path in SOURCES for text in _raised(path) if not any(typed in text for typed in ONLY_TYPED)),
    TooLarge("x", 3_510, 3_000).problem,
    RecordedAlready(utc_now()).problem,
]


def test_the_source_is_read() -> None:
    assert len(REFUSED) > 30 and "the note is empty" in REFUSED


@pytest.mark.parametrize("problem", REFUSED)
def test_every_refusal_has_words_in_every_language(problem: str) -> None:
    said = {language: refusals.told(Words(language), ConfigError(problem, "see `cartera`")) for language in LOCALES}
    assert len(set(said.values())) == len(LOCALES), said
    for text in said.values():
        assert "cartera" not in text and not text.endswith("."), "it stands in other sentences, and no terminal is here"


def test_no_form_is_known_that_nothing_has() -> None:
    problems = [*REFUSED, *(str(ChangedMeanwhile("x", at).problem) for at in (utc_now(), None))]
    for pattern in refusals.REFUSALS:
        assert any(pattern.fullmatch(problem) for problem in problems), pattern.pattern


def test_values_are_the_readers() -> None:
    parts = ConfigError("PEN 1.005 has parts of less than 0.01", "round it")
    assert "0,01" in refusals.told(Words("PT"), parts)
    held = refusals.told(Words("ES"), ConfigError("customer 'files:C-1' is on hold already: attorney", "x"))
    assert "tiene abogado" in held
    changed = refusals.told(Words("ES"), ChangedMeanwhile("<b>", utc_now()))
    assert "UTC" in changed and "<b>" not in changed


def test_what_is_not_known_stays_as_it_was_written() -> None:
    assert refusals.told(Words("ES"), ConfigError("disk full", "make room")) == "Disk full: make room"
    assert refusals.told(Words("EN"), ConfigError(str(Decimal(1)))) == "1"


@pytest.mark.parametrize(("language", "field"), [("EN", "Note"), ("ES", "Nota"), ("PT", "Nota")])
def test_a_field_is_called_as_its_form_calls_it(language: str, field: str) -> None:
    assert refusals.told(Words(language), ConfigError("the note is empty", "")).startswith(f"“{field}”")
