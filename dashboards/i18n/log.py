"""What Cartera's runs write into their record, in the reader's language where it is one of their set phrases."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

from cartera.warehouse.read import Row
from dashboards.i18n import Words, checks, texts
from dashboards.i18n.phrases import Phrases, phrased

_NEXT = re.compile(r"; |, (?=[\d,]+ (?:new|changed|deleted|unchanged)\b)")


def _counted(words: Words, count: str, what: str) -> str:
    return words.counted(f"log.{what}", _number(count))


def _built(words: Words, models: str, tests: str) -> str:
    return words("log.built", models=words.number(_number(models)), tests=words.number(_number(tests)))


def _tied(words: Words, lines: str) -> str:
    return words.counted("log.tied", _number(lines))


def _published(words: Words, as_of: str, known_at: str) -> str:
    known = dt.datetime.fromisoformat(known_at).replace(tzinfo=dt.UTC)
    return words("log.published", date=words.date(dt.date.fromisoformat(as_of)), moment=words.moment(known))


def _number(text: str) -> int:
    return int(text.replace(",", ""))


PHRASES: dict[re.Pattern[str], Callable[..., str]] = {
    re.compile("nothing new"): lambda words: words("log.nothing_new"),
    re.compile(r"(?P<count>[\d,]+) (?P<what>new|changed|deleted|unchanged)"): _counted,
    re.compile(r"(?P<models>[\d,]+) models, (?P<tests>[\d,]+) tests"): _built,
    re.compile(r"(?P<lines>[\d,]+) company currencies tie"): _tied,
    re.compile(r"as of (?P<as_of>[\d-]{10}), known at (?P<known_at>[\d-]{10} [\d:]{8}) UTC, [\d:]{8}"): _published,
}

STEPS = {
    re.compile(r"land (?P<source>.+)"): "log.step_land",
    re.compile(r"control (?P<source>.+)"): "log.step_control",
}

_OF, _MEND = r"(?P<source>[^,\n]+), (?P<entity>\w+): ", r"(?:\n  mend: .*)?"
_ASKED = r"(?P<source>[^:\n]+): (?P<asked>[^\n]+?): "
_NONE, _COLUMN, _COUNT, _MOST = "; nothing was landed", r"(?P<column>\w+)", r"(?P<count>[\d,]+)", r"(?P<most>[\d.]+)%"
REFUSED: Phrases = {
    re.compile(f"{before}{pattern}{_MEND}", re.DOTALL): f"log.refused_{key}"
    for before, pattern, key in (
        (_OF, rf"the system gave no record where there were {_COUNT}{_NONE}", "emptied"),
        (
            _OF,
            rf"(?P<count_gone>[\d,]+) of {_COUNT} records are gone from the system, more than {_MOST}{_NONE}",
            "gone",
        ),
        (
            _OF,
            rf"(?P<count_gone>[\d,]+) of {_COUNT} records are missing from a full delivery, more than {_MOST}{_NONE}",
            "missing",
        ),
        (
            _OF,
            rf"{_COLUMN} of {_COUNT} records went back, e\.g\. of (?P<example>.+): the system seems to have been"
            rf" restored from a backup{_NONE}",
            "older",
        ),
        (
            _OF,
            rf"{_COLUMN} of (?P<count_cut>[\d,]+) of {_COUNT} changed records lost its decimals{_NONE}",
            "cut",
        ),
        (
            _OF,
            rf"{_COLUMN} of (?P<count_alike>[\d,]+) of {_COUNT} changed records is exactly (?P<factor>\S+) times what"
            rf" it was: its unit or sign has changed{_NONE}",
            "unit",
        ),
        (
            _OF,
            rf"{_COLUMN} in (?P<currency>\w+) would fall from (?P<amount>[\d.,]+) to (?P<amount_then>[\d.,]+) without"
            rf" signs, more than {_MOST}{_NONE}",
            "fell",
        ),
        (_OF, rf"(?P<count_again>[\d,]+) of {_COUNT} rows repeat the (?P<column>.+) of another row", "repeats"),
        (_ASKED, r"does not accept the login \(401\)(?P<said>.*?)", "login"),
        (_ASKED, r"the account may not read this \(403\)(?P<said>.*?)", "rights"),
        (_ASKED, r"(?P<said>.*?), tried for as long as is decent(?:; it asks to wait [\d,]+ s)?", "silent"),
    )
}
"""Why a source was not landed, or not read, by the form of its problem; what mends it is told with it."""

GUARDS = {
    "shrunk": r"are missing from a full delivery|are gone from the system|the system gave no record",
    "went_back": r" went back, e\.g\. of ",
    "factor": r"lost its decimals|times what it was: its unit or sign",
    "fell": r" would fall from .* without signs",
    "repeats": r" rows repeat the ",
    "bad_column": r"so the mapping does not fit| is gone from all .* records| is bad in .* records|records is garbled",
    "control": r" receivable but its records give ",
    "login": r"does not accept the login|the account may not read|gives no access token",
    "unreachable": r"tried for as long as is decent",
}
"""What held a source back, by what it says; each is one of the guards of landing, or of reading a system."""


def message(words: Words, text: str | None, failed: Iterable[Row] = ()) -> str | None:
    """The message in the reader's language; None where a part of it is no set phrase, so that nothing is half so.

    `failed`: the checks of the run that did not pass, of which its steps and what ended it may speak.
    """
    if not text:
        return ""
    said = [_phrase(words, part) for part in _NEXT.split(text)]
    if None not in said:
        return ", ".join(part for part in said if part)
    if refused := phrased(words, text, REFUSED):
        return refused
    return checks.controlled(words, text) or _of_checks(words, text, failed)


def _of_checks(words: Words, text: str, failed: Iterable[Row]) -> str | None:
    """As `runs.judge` puts it: the checks alone, or behind the name of the step that they ended, with what to do."""
    text, _, mend = text.partition("\n  mend: ")
    name = next((name for name in _steps() if text.startswith(f"{name}: ")), None)
    told = checks.listed(words, text.removeprefix(f"{name}: "), failed)
    if told is None or mend not in ("", texts("EN")["log.gate_mend"]):
        return None
    return (f"{step(words, name)}: " if name else "") + told + (f". {words('log.gate_mend')}" if mend else "")


def _steps() -> list[str]:
    return [key.removeprefix("log.step.") for key in texts("EN") if key.startswith("log.step.")]


def _phrase(words: Words, part: str) -> str | None:
    for pattern, worded in PHRASES.items():
        found = pattern.fullmatch(part)
        if found:
            return worded(words, **found.groupdict())
    return None


def step(words: Words, name: str) -> str:
    """What a step is called; `  erp.invoices`, a table of the step above it, keeps its name."""
    return phrased(words, name, STEPS) or words.named("log.step", name)


def note(words: Words) -> str:
    """That a text is the log's own, in English; readers of English need not be told."""
    return "" if words.language == "EN" else words("log.as_written")


def guard(words: Words, text: str | None) -> str:
    """In a few words what held a source back."""
    name = next((name for name, said in GUARDS.items() if re.search(said, text or "")), "other")
    return words(f"log.guard_{name}")
