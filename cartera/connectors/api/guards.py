"""Whether the records of a table still have the shape that we know: what changed and is harmless is told, the rest
stops the source before anything of it is landed. (Dates that go back, amounts that fall, records that are gone:
landing/guards.py, landing/versions.py.)
"""

from __future__ import annotations

from dataclasses import replace

from cartera.connectors.api.extract import Extracted, Place
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.api.typed import Seen, Typer
from cartera.errors import SourceError
from cartera.landing import LoadReport

COUNTED_FROM = 20
"""Below so many records a share says little."""

USUALLY_THERE = 0.5
"""A field that was in so many of all records, and is in none of 20 now, is gone: by chance that happens once in a
million times. One that was rarer may just be empty."""

SHOWN = 8

EMPTY = "empty"
"""The form of a field that no record fills."""


def check_shape(source: ApiSource, one: Extracted, typer: Typer) -> None:
    """Raises SourceError: a field gone, or the same defect in too many records."""
    seen, where = typer.seen, f"{source.name}, {one.resource.name}"
    new = sorted(seen.unknown - set(_known_unknown(one.before)))
    instead = f"; new in the records: {', '.join(new[:SHOWN])}" if new and one.before.present else ""
    _check_fields(seen, one.before, where, instead, source)
    for (column, reason), count in seen.defects.most_common(1):
        if count >= COUNTED_FROM and count * 100 > source.max_refused_pct * seen.records:
            raise SourceError(
                f"{where}: {column} is bad in {count:,} of {seen.records:,} records, e.g."
                f" {seen.examples[column, reason]}{instead}; nothing was landed",
                "see what changed in the system; when it is right as it is, the connector must learn it; to let these"
                f" records go to quarantine, raise `max_refused_pct` in sources/{source.name}.yaml",
            )
    for column, count in seen.garbled.most_common(1):
        if count >= COUNTED_FROM and count * 100 > source.max_refused_pct * seen.records:
            raise SourceError(
                f"{where}: {column} of {count:,} of {seen.records:,} records is garbled, as UTF-8 is when it is read as"
                " Latin-1; nothing was landed",
                "see in what encoding the system answers; when it keeps these texts so itself, raise `max_refused_pct`"
                f" in sources/{source.name}.yaml",
            )


def _check_fields(seen: Seen, before: Place, where: str, instead: str, source: ApiSource) -> None:
    if seen.records < COUNTED_FROM:
        return
    for column, count in seen.present.items():
        if count == 0 and before.present.get(column, 0) >= USUALLY_THERE:
            raise SourceError(
                f"{where}: {column} is gone from all {seen.records:,} records{instead}; nothing was landed",
                "see what changed in the system, and whether the account may still read this field; the connector must"
                " learn it before its figures can be believed",
            )


def after(one: Extracted, typer: Typer, report: LoadReport) -> tuple[Place, list[str]]:
    """The place to remember, and what is worth telling."""
    seen, place, notes = typer.seen, one.place, []
    new = sorted(seen.unknown - set(_known_unknown(one.before)))
    if new:
        shown = ", ".join(new[:SHOWN]) + (f" and {len(new) - SHOWN} more" if len(new) > SHOWN else "")
        if one.before.present:
            notes.append(f"{one.resource.name}: new fields are landed in `other`: {shown}")
    forms = _forms(seen, one)
    notes += [
        f"{one.resource.name}: {column} comes {_said(form)} where it came {_said(one.before.forms[column])};"
        " read as before"
        for column, form in sorted(forms.items())
        if form != one.before.forms.get(column, form)
    ]
    notes += [
        f"{one.resource.name}: {column} of {count:,} records was rounded to six decimals"
        for column, count in sorted(seen.rounded.items())
        if report.rows_new + report.rows_changed
    ]
    if report.unknown_keys:
        notes.append(
            f"{one.resource.name}: {report.unknown_keys:,} records are in the system that were never read; it is read"
            " whole next time"
        )
        place = replace(place, declared="")
    return replace(place, present=_present(seen, one), forms=forms), notes


def _known_unknown(place: Place) -> list[str]:
    """Undeclared fields that were seen before: they are remembered like the others."""
    return [name for name, share in place.present.items() if share < 0]


def _forms(seen: Seen, one: Extracted) -> dict[str, str]:
    """How each declared field comes now; as before where too few records say it."""
    empty = {name: EMPTY for name in seen.present if seen.records >= COUNTED_FROM and name in one.before.forms}
    return {**one.before.forms, **empty, **seen.forms}


def _said(form: str) -> str:
    return form if form == EMPTY else f"as {form}"


def _present(seen: Seen, one: Extracted) -> dict[str, float]:
    """The share of records that had each declared field; -1 for undeclared ones that are known."""
    if seen.records >= COUNTED_FROM or not one.before.present:
        shares = {name: round(count / seen.records, 3) for name, count in seen.present.items()} if seen.records else {}
    else:
        shares = {name: share for name, share in one.before.present.items() if share >= 0}
    unknown = {*_known_unknown(one.before), *seen.unknown}
    return {**shares, **dict.fromkeys(sorted(unknown), -1)}
