"""Reports that a system gives as CSV files: their lines as records."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from cartera.connectors.api.system import Record
from cartera.errors import SourceError


def csv_records(content: bytes, where: str, needed: str) -> Iterator[Record]:
    """A record for each line; `Net Amount (local)` is named `net_amount_local`. The separator is what the first line
    has most of. Raises SourceError without the column `needed`: then it is no such report, or set up otherwise."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(f"{where}: the report is not in UTF-8", "ask for it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    separator = max(",;|\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = [re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") for column in next(rows, [])]
        if needed not in columns:
            raise SourceError(
                f"{where}: the report has no column {needed!r}",
                "add the column to the report in the system, or leave the table out with `without:` in the source",
            )
        for row in rows:
            if not row:
                continue  # a blank line, as many write one at the end
            if len(row) != len(columns):
                raise SourceError(
                    f"{where}: line {rows.line_num} has {len(row)} fields instead of {len(columns)}",
                    "the report was cut short or is broken; run again",
                )
            yield dict(zip(columns, row, strict=True))
    except csv.Error as error:
        raise SourceError(f"{where}: line {rows.line_num}: {error}", "the report is broken; run again") from None
