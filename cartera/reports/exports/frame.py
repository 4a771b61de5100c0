"""What every file of a report says: headings, what it states about itself, and its total rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from cartera.reports.build import Table
from cartera.reports.made import Made
from cartera.reports.ready_made import READY
from cartera.reports.wording import Wording
from cartera.warehouse.read import Row

CERTIFICATE = (
    "company_id", "currency_code", "buckets_amount", "open_items_amount", "unapplied_amount", "ledger_amount",
    "controlled_ledger_amount", "source_control_amount", "is_tied",
)  # fmt: skip


def report_title(made: Made, wording: Wording) -> str:
    """A ready-made one has its name in the reader's language; one of somebody's own is called what he called it."""
    return wording(f"ready.{made.name}") if made.name in READY else made.name


def part_title(table: Table, wording: Wording) -> str:
    title = table.part.title
    if title.startswith("ready."):
        return wording(title)
    return title or wording(f"mart.{table.part.mart}")


def headings(table: Table, wording: Wording) -> list[str]:
    return [wording.column(each.name) for each in table.shown]


def values(table: Table, row: Row) -> list[Any]:
    """The values of a row in the order of the headings, as they came from the database."""
    return [row[each.name] for each in table.shown]


def about_report(made: Made, wording: Wording) -> list[tuple[str, str]]:
    """What holds for all parts."""
    return [
        (wording("said.as_of"), wording.date(made.clocks.as_of)),
        (wording("said.known_at"), wording.moment(made.clocks.known_at)),
        (wording("said.published_at"), wording.moment(made.published_at)),
        (wording("said.currency"), wording("said.currency_own")),
    ]


def about_part(made: Made, table: Table, wording: Wording) -> list[tuple[str, str]]:
    """Filters, rows and totals of one part, in words."""
    said = [
        (wording("said.filters"), wording.filters(table.part, made.clocks.as_of)),
        (wording("said.rows"), wording.number(table.row_count)),
    ]
    if not table.rows:
        return [*said, (wording("said.total"), wording("said.empty"))]
    found = [(label, totals) for label, _code, totals in total_rows(table, wording)]
    if not found:
        return [*said, (wording("said.total"), wording("said.no_total"))]
    for (label, totals), code in zip(found, table.totals, strict=True):
        parts = [
            f"{wording.column(each.name)} {written(totals[each.name], each.kind, code, wording)}"
            for each in table.measures
            if each.adds
        ]
        said.append((label, " · ".join(parts)))
    return said


def in_the_log(made: Made) -> dict[str, str]:
    """What a file of it has, for the log of what was taken out, in one language for whoever reads that: the document
    may be another one by then."""
    english = Wording("en")
    return {
        "filters": _of_parts(made, [english.filters(each.part, made.clocks.as_of) for each in made.tables]),
        "columns": _of_parts(made, [", ".join(headings(each, english)) for each in made.tables]),
    }


def _of_parts(made: Made, said: Sequence[str]) -> str:
    """Once where it is the same of all of them."""
    if len(set(said)) < 2:
        return "".join(said[:1])
    titles = [part_title(each, Wording("en")) for each in made.tables]
    return " · ".join(f"{title}: {text}" for title, text in zip(titles, said, strict=True))


def total_rows(table: Table, wording: Wording) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Label, currency and sums, one per currency; none where nothing can be added up."""
    if not any(each.adds for each in table.measures):
        return
    for code, sums in table.totals.items():
        label = code or wording("said.no_currency")
        said = "said.total_of_one" if sums["rows"] == 1 else "said.total_of"
        yield wording(said, currency=label, rows=wording.number(int(sums["rows"]))), code, dict(sums)


def written(value: Any, kind: str, currency_code: str | None, wording: Wording) -> str:
    """A figure in the reader's language."""
    if value is None:
        return ""
    if kind == "money":
        return wording.amount(Decimal(value), currency_code)
    if kind == "figure":
        # a quotient has more decimals than anybody reads; raw workbooks and CSV have them
        return wording.number(Decimal(value), 2)
    return wording.number(value)


def file_name(made: Made, wording: Wording, ending: str, *, is_raw: bool = False) -> str:
    raw = "-raw" if is_raw else ""
    return f"cartera-{slug(report_title(made, wording))}-{made.clocks.as_of.isoformat()}{raw}.{ending}"


def slug(text: str) -> str:
    """Letters, digits and hyphens alone."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "report"
