"""Set phrases of Cartera's record, known by their form and written anew in the reader's language with their values.

A group of a pattern is named for how its value is written: `amount_open` as an amount, `date` as a date.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from dashboards.i18n import Words, texts

Phrases = Mapping[re.Pattern[str], str]
"""From the form of a phrase to the key of its words."""


def phrased(words: Words, text: str, phrases: Phrases) -> str | None:
    """The whole text in the reader's language; None where it is no such phrase."""
    for pattern, key in phrases.items():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _written(words, name, value) for name, value in found.groupdict().items()}
            if f"{key}.one" in texts(words.language):
                del values["count"]
                return words.counted(key, int(found["count"]), **values)
            return words(key, **values)
    return None


def parts_phrased(words: Words, text: str, phrases: Phrases) -> str:
    """`a; b` phrase by phrase, of which one may have a `; ` of its own; what is no set phrase stays as it is."""
    said, parts = [], text.split("; ")
    while parts:
        for length in (2, 1):
            told = phrased(words, "; ".join(parts[:length]), phrases)
            if told is not None:
                break
        said.append(parts[0] if told is None else told)
        del parts[:length]
    return "; ".join(said)


def _written(words: Words, name: str, value: str) -> str:
    written = WRITTEN.get(name.partition("_")[0])
    return written(words, value) if written else value


def _amount(words: Words, text: str) -> str:
    return ("+" if text.startswith("+") else "") + words.decimal(Decimal(text.replace(",", "")))


def _moment(words: Words, text: str) -> str:
    return words.moment(dt.datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=dt.UTC))


WRITTEN: Mapping[str, Callable[[Words, str], str]] = {
    "amount": _amount,
    "count": lambda words, text: words.number(int(text.replace(",", ""))),
    "date": lambda words, text: words.date(dt.date.fromisoformat(text)),
    "moment": _moment,
    "channel": lambda words, text: words.named("channel", text),
    "channels": lambda words, text: ", ".join(words.named("channel", each) for each in text.split(", ")),
    "field": lambda words, text: texts(words.language).get(f"desk.field_{text}", text),
    "language": lambda words, text: words.named("campaigns.language", text),
    "hold": lambda words, text: words.named("hold", text),
    "role": lambda words, text: words.named("role", text),
    "skip": lambda words, text: words.named("campaigns.skip", text),
    "step": lambda words, text: words.named("step", text),
    "zone": Words.city,
}
