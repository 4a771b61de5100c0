"""The KPIs, the bridge of DSO and the rows behind a sum as CSV files, with the headings of the page.

Figures of different KPIs, companies and currencies have no total; the rows behind a sum have theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cartera.warehouse import dso_bridge, kpi_rows
from dashboards.i18n import Words
from dashboards.queries import kpis
from dashboards.queries.export import OF_DEBTS, Said, figures_csv, to_csv
from dashboards.queries.session import Clocks, reading

KPIS = {
    "company_id": "column.company", "currency_code": "column.currency", "family": "column.family",
    "label": "column.kpi", "kpi": "kpis.name", "unit": "column.unit", "value": "column.figure",
    "numerator": "column.numerator", "denominator": "column.denominator", "reason": "column.note",
}  # fmt: skip
BRIDGE = {
    "company_id": "column.company", "currency_code": "column.currency", "label": "column.kpi",
    "since": "filter.since", "from_days": "bridge.first",
    **{f"{factor}_days": f"bridge.{factor}" for factor in dso_bridge.FACTORS},
    "rounding_days": "bridge.rounding", "to_days": "bridge.second", "change_days": "column.change",
    "reason": "column.note",
}  # fmt: skip


def kpis_csv(words: Words, asked: kpis.Asked, company_id: str | None, narrowed: Sequence[str]) -> bytes:
    """KPIS of every KPI that has figures, in the catalogue's order. Raises DatabaseError."""
    with reading() as opened:
        rows = kpis.of_company(kpis.figures(opened, asked), company_id)
    catalogue = kpis.catalogue()
    families = {family.name: family.label.of(words.language) for family in catalogue.families}
    found = []
    for row in _records(rows):
        metric = catalogue.find(row["kpi"])
        said = {"family": "", "label": row["kpi"], "unit": ""}
        if metric:
            label, unit = metric.label.of(words.language), words(f"unit.{metric.unit}")
            said = {"family": families[metric.family], "label": label, "unit": unit}
        found.append(row | said | {"reason": words.reason(row["reason"])})
    found.sort(key=lambda row: (row["company_id"], row["currency_code"], catalogue.position(row["kpi"])))
    return figures_csv(words, found, KPIS, asked.clocks, _stated(words, asked, narrowed))


def bridge_csv(
    words: Words, asked: kpis.Asked, since: dt.date, company_id: str | None, narrowed: Sequence[str]
) -> bytes:
    """From `since` to the as-of date; the parts and what rounding leaves over add up. Raises DatabaseError."""
    with reading() as opened:
        rows = kpis.of_company(kpis.bridge(opened, asked, since), company_id)
    metric = kpis.catalogue().find(kpis.DSO)
    said = {"label": metric.label.of(words.language) if metric else kpis.DSO, "since": since}
    found = [row | said | {"reason": words.reason(row["reason"])} for row in _records(rows)]
    return figures_csv(words, found, BRIDGE, asked.clocks, _stated(words, asked, narrowed))


def rows_csv(place: kpi_rows.Asked, part: str, said: Said) -> bytes:
    """Every row behind one sum of a KPI, with the sum below, unless a rate is missing. Raises DatabaseError."""
    with reading() as opened:
        rows = kpi_rows.rows(opened.connection, place, part, kpis.EXPORTED_ROWS + 1)
    is_count = kpi_rows.PARTS[part].unit == "count"
    is_valued = not any(row["reason"] for row in rows)
    for row in rows:
        row["amount"] = int(row["amount"]) if is_count else row["amount"]
        row["reason"] = said.words.reason(row["reason"])
    headings = OF_DEBTS | {name: said.headings[name] for name in kpi_rows.COLUMNS if name in said.headings}
    if not is_valued:
        headings |= {"reason": "column.note"}
    adding = ["amount"] if is_valued else []
    clocks = Clocks(place.as_of, place.known_at)
    return to_csv(rows, headings, said.words, clocks, place.currency_code, adding, said.narrowed)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _stated(words: Words, asked: kpis.Asked, narrowed: Sequence[str]) -> dict[str, object]:
    return {
        "filter.currency_view": words(f"currency_view.{asked.view}"),
        "filter.window": asked.window_days or kpis.window(),
        "column.filters": " · ".join(narrowed),
    }
