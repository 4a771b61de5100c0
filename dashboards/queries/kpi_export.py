"""The KPIs and the bridge of DSO as CSV files: exact figures, one per row, each with what it was asked for.

Nothing is added up: figures of different KPIs, companies and currencies have no total.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from cartera.cells import harmless
from cartera.warehouse import dso_bridge, kpi_rows
from dashboards.i18n import Words
from dashboards.queries import kpis
from dashboards.queries.session import reading

STAMP = ("as_of_date", "known_at", "currency_view", "window_days")
KPIS = ("company_id", "currency_code", "family", "kpi", "label", "unit", "value", "numerator", "denominator", "reason")


def figures_csv(words: Words, asked: kpis.Asked, company_id: str | None) -> bytes:
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
            said = {"family": families[metric.family], "label": metric.label.of(words.language), "unit": metric.unit}
        found.append(row | said | {"reason": words.reason(row["reason"])})
    found.sort(key=lambda row: (row["company_id"], row["currency_code"], catalogue.position(row["kpi"])))
    return _csv(found, KPIS, asked)


def bridge_csv(asked: kpis.Asked, since: dt.date, company_id: str | None) -> bytes:
    """dso_bridge.COLUMNS with all decimals and what rounding leaves over. Raises DatabaseError."""
    with reading() as opened:
        rows = kpis.of_company(kpis.bridge(opened, asked, since), company_id)
    return _csv([row | {"from_date": since} for row in _records(rows)], ("from_date", *dso_bridge.COLUMNS), asked)


def rows_csv(asked: kpis.Asked, place: kpi_rows.Asked, part: str) -> bytes:
    """Every row behind one sum of a KPI, with the sum and the number of all beside each. Raises DatabaseError."""
    with reading() as opened:
        rows = kpi_rows.rows(opened.connection, place, part, kpis.EXPORTED_ROWS)
    of = {"company_id": place.company_id, "currency_code": place.currency_code, "part": part}
    return _csv([of | row for row in rows], (*of, *kpi_rows.COLUMNS), asked)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _csv(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], asked: kpis.Asked) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    clocks = asked.clocks
    window_days = asked.window_days or kpis.window()
    stamp = [clocks.as_of.isoformat(), clocks.known_at.isoformat(), asked.view, window_days]
    writer.writerow([*columns, *STAMP])
    writer.writerows([*(_cell(row[name]) for name in columns), *stamp] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, dt.date) else harmless(value)
