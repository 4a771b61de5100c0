"""What the checks of a run say, in the reader's language: known by their name, as long as the text is the product's.

A suite or a test that somebody wrote or reworded is told as the log has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cartera.warehouse.read import Row
from dashboards.i18n import Words, texts
from dashboards.i18n.phrases import phrased

ROWS = re.compile(r" \((?P<count>[\d,]+) rows?\)$")
AMOUNT = r"[+-]?[\d.]+"
PHRASES = {
    re.compile(
        rf"buckets (?P<amount_buckets>{AMOUNT}) but open items (?P<amount_open>{AMOUNT})"
    ): "check.buckets_differ",
    re.compile(
        rf"open items (?P<amount_open>{AMOUNT}) and unapplied (?P<amount_unapplied>{AMOUNT})"
        rf" but ledger (?P<amount_ledger>{AMOUNT})"
    ): "check.ledger_differs",
    re.compile(
        rf"the source reports (?P<amount_source>{AMOUNT}) open but its ledger gives (?P<amount_ledger>{AMOUNT})"
    ): "check.source_differs",
    re.compile(r"look at (?P<documents>.+)"): "check.look_at",
    re.compile(r"not compared this time"): "check.not_compared",
    re.compile(r"the check could not be made: (?P<error>.+)"): "check.not_made",
}
CONTROL = (
    rf"the books of (?P<source>\S+) state (?P<amount_books>{AMOUNT}) receivable but its records give"
    rf" (?P<amount_ledger>{AMOUNT}), (?P<amount_difference>{AMOUNT}); "
)
CONTROLS = {
    re.compile(rf"{CONTROL}(?P<count_waiting>[\d,]+) of its records wait in quarantine .+"): "check.control_waiting",
    re.compile(rf"{CONTROL}look for what is booked .+"): "check.control_differs",
}
OF_SOURCE = re.compile(r"(?P<line>[^;]+ [A-Z]{3}): (?P<problem>the books of .+)", re.DOTALL)
NEXT_OF_SOURCE = re.compile(r"; (?=[^;]+ [A-Z]{3}: the books of )")
"""What a source's step says of its totals: `main PEN: ...; main USD: ...`."""
COLUMN = re.compile(r"(?P<before>; |, )(?P<name>[a-z_]+) (?=\S)")
"""In a row that a check found: `; source erp, rows_in 20`."""
MORE = re.compile(r"; and (?P<count>[\d,]+) more$")


def message(words: Words, check: Row) -> str | None:
    """What it has to say; None where that is not the product's own."""
    text = check["message"]
    if not text:
        return ""
    if check["gate"] == "dbt":
        return _data_test(words, check, text)
    found = phrased(words, text, CONTROLS)
    if found is not None:
        return found
    told = _expectation(words, check["check_name"].partition("(")[0], text)
    if told is not None:
        return told
    said = [phrased(words, part, PHRASES) for part in text.split("; ")]
    return None if None in said else "; ".join(part for part in said if part)


def _data_test(words: Words, check: Row, text: str) -> str | None:
    """`name: what is wrong (12 rows)`; what dbt counts in a generic test needs no words of its own."""
    name, count = check["check_name"], ROWS.search(text)
    sentence = ROWS.sub("", text).removeprefix(f"{name}: ")
    if texts("EN").get(f"check.{name}") == sentence:
        told = words(f"check.{name}")
    else:
        kind = f"check.kind.{name.partition('_' + check['subject'])[0]}"
        if kind not in texts("EN") or not re.fullmatch(r"Got [\d,]+ results?, configured to .+", sentence):
            return None
        told = words(kind)
    return words.counted("check.rows", int(count["count"].replace(",", "")), sentence=told) if count else told


def _expectation(words: Words, name: str, text: str) -> str | None:
    """The sentence of a suite, and after it the first of the rows that it found."""
    sentence = texts("EN").get(f"check.{name}")
    if sentence is None or not text.startswith(sentence):
        return None
    rows, more = text.removeprefix(sentence), MORE.search(text)
    told = words(f"check.{name}") + COLUMN.sub(lambda found: _column(words, found), MORE.sub("", rows))
    return told + "; " + words("check.more", count=words.number(int(more["count"].replace(",", "")))) if more else told


def _column(words: Words, found: re.Match[str]) -> str:
    return f"{found['before']}{words.named('check.column', found['name'])} "


def listed(words: Words, text: str, checks: Iterable[Row]) -> str | None:
    """What a step says of the checks that failed, `subject: message; ...`; None where one has no words or none fits."""
    logged = {f"{each['subject']}: {each['message'] or each['check_name']}": each for each in checks}
    said, rest = [], text
    while rest:
        fits = max((each for each in logged if rest.startswith(each)), key=len, default=None)
        told = message(words, logged[fits]) if fits else None
        if fits is None or told is None:
            return None
        said.append(f"{logged[fits]['subject']}: {told}")
        rest = rest.removeprefix(fits).removeprefix("; ")
    return "; ".join(said)


def controlled(words: Words, text: str) -> str | None:
    """What a source's own totals differ in, company by company and currency; None where the text is no such thing."""
    said = []
    for each in NEXT_OF_SOURCE.split(text):
        found = OF_SOURCE.fullmatch(each)
        told = phrased(words, found["problem"], CONTROLS) if found else None
        if found is None or told is None:
            return None
        said.append(f"{found['line']}: {told}")
    return "; ".join(said)
