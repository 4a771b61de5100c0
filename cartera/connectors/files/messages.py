"""What is said of a refused row or a refused file: which cell, what it holds, how to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from cartera.connectors.files.guess_values import guess_dates, guess_numbers
from cartera.connectors.files.judge import Verdict
from cartera.connectors.files.spec import EntityFiles, FileSource
from cartera.errors import SourceError
from cartera.landing.entities import Column

MAX_SHOWN = 60


def shown(value: object) -> str:
    """A value from outside, quoted, short, without control characters."""
    text = repr(value.encode("utf-8", "backslashreplace").decode()) if isinstance(value, str) else f"'{value}'"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 4] + "...'"


def cell_problem(reason: str, column: Column, header: str, value: object, files: EntityFiles) -> str:
    """One sentence on one cell."""
    where = f"column {header!r} ({column.name})"
    said = shown(value)
    if reason == "missing_value":
        return f"{where} is empty and is needed; fill it in"
    if reason == "unreadable_date":
        return f"{where}: {said} is no date in {_formats(files)}; correct it, or add its format under `dates`"
    if reason == "unreadable_amount":
        return f"{where}: {said} is no amount with {_separators(files)}; correct it, or set `decimal` and `thousands`"
    if reason == "too_many_decimals":
        return f"{where}: {said} has more than 6 decimals; round it at the source"
    if reason == "unreadable_number":
        return f"{where}: {said} is no whole number; correct it"
    if reason == "negative_amount":
        return f"{where}: {said} is negative; deliver it as a credit note or correct the sign"
    if reason == "zero_amount":
        return f"{where}: {said} can't be zero; correct it, or leave the row out"
    if reason == "unknown_currency":
        return f"{where}: {said} is no ISO 4217 currency; correct it, or map it under `values: {column.name}`"
    if reason == "invalid_bytes":
        return f"{where}: {said} holds a NUL character; correct it"
    known = " or ".join(column.choices) if column.choices else "true or false"
    return f"{where}: {said} is not known; map it to {known} under `values: {column.name}`"


def _formats(files: EntityFiles) -> str:
    return " or ".join([*files.dates, "YYYY-MM-DD"])


def _separators(files: EntityFiles) -> str:
    thousands = f" and thousands separator {files.thousands!r}" if files.thousands else ""
    return f"decimal sign {files.decimal!r}{thousands}"


def mapping_does_not_fit(source: FileSource, entity: str, file_name: str, verdict: Verdict) -> SourceError:
    """Most rows fail in one way: the mapping is wrong, not a million rows."""
    reason, _column = verdict.failure
    return SourceError(
        f"{file_name}: {verdict.count:,} of {verdict.rows:,} rows have the same problem, so the mapping does not fit; "
        f"e.g. {verdict.example}",
        f"in {source.path}, entities.{entity}: {_remedy(reason, verdict.values)}",
    )


def _remedy(reason: str, values: Sequence[str]) -> str:
    if reason == "unreadable_date":
        guess = guess_dates(values)
        written = ", ".join(f"'{format}'" for format in guess.formats)
        return (
            f"set `dates: [{written}]`"
            if guess.share > 0.5 and written
            else "map a column that holds dates, or name its format under `dates`"
        )
    if reason in ("unreadable_amount", "too_many_decimals"):
        number = guess_numbers(values)
        thousands = f' and `thousands: "{number.thousands}"`' if number.thousands else ""
        return f"set `decimal: '{number.decimal}'`{thousands}, or map a column that holds amounts"
    if reason == "wrong_field_count":
        return "name the right `delimiter`; or the export does not quote text that holds it: export again"
    if reason == "invalid_bytes":
        return "name the right `encoding`"
    if reason in ("unknown_value", "unknown_currency"):
        words = ", ".join(shown(value) for value in dict.fromkeys(values[:20]))
        return f"say under `values` what these words mean: {words}"
    if reason == "negative_amount":
        return "map a column whose amounts are positive, or deliver these as credit_notes"
    return "map a column that is filled in"
