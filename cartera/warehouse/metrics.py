"""The KPIs: what each says (metrics/catalogue.yaml) and what it is (serve.kpis, serve.fct_kpis)."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Literal

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cartera.settings import get_settings
from cartera.warehouse import read
from cartera.yaml_config import load_yaml_model

By = Literal["company", "currency", "segment", "customer"]
Unit = Literal["days", "percent", "ratio", "amount", "count"]
Sentence = str

GROUPS: dict[By, tuple[str, ...]] = {"segment": ("scheme", "segment"), "customer": ("customer_id", "customer_name")}
"""The columns that tell the rows apart, besides company and currency."""


def group(by: str) -> tuple[str, ...]:
    """The columns of GROUPS, none for company and currency."""
    return next((columns for name, columns in GROUPS.items() if name == by), ())


FUNCTIONS: dict[By, str] = {"segment": "kpis_by_segment", "customer": "kpis_by_customer"}
KNOWN: dict[By, str] = {
    "segment": "where %(scheme)s::text is null or scheme = %(scheme)s",
    "customer": read.CUSTOMERS_KNOWN,
}
FIGURES = ("kpi", "value", "numerator", "denominator", "reason")
WINDOW, NO_WINDOW = SQL("p_window_days => %(window)s, "), SQL("")

WINDOW_SUFFIX = re.compile(r"_(\d+)d$")


def without_window(kpi: str) -> str:
    """The catalogue's name of a figure over whatever window: dso_simple of dso_simple_365d."""
    return WINDOW_SUFFIX.sub("", kpi)


def window_of(kpi: str) -> int | None:
    """The days in the name of a figure; None where it is of one day."""
    found = WINDOW_SUFFIX.search(kpi)
    return int(found[1]) if found else None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(_Part):
    en: str = Field(min_length=1)
    es: str = Field(min_length=1)
    pt: str = Field(min_length=1)

    def of(self, language: str) -> str:
        """In that language; in English where there is no text in it."""
        return getattr(self, language.lower(), self.en)


class Window(_Part):
    """The figure speaks of the last `days` days; another length can be asked for."""

    days: int = Field(ge=1, strict=True)


class Family(_Part):
    """KPIs that stand together on the dashboard and in docs/kpis.md."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label


class Metric(_Part):
    """One KPI. `name` is what the SQL calls it, without the window; `by` what it can be asked for.

    `variant_of` is the KPI that says the same by another convention. `command`: what shows it, where that is not
    `cartera kpis`. `made_of`: the sums that it is computed from, those of kpi_rows.PARTS.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    family: str
    variant_of: str | None = None
    definition: Label
    formula: str = Field(min_length=1)
    unit: Unit
    made_of: tuple[str, ...] = ()
    convention: tuple[Sentence, ...] = Field(min_length=1)
    window: Window | None = None
    command: str | None = Field(default=None, pattern=r"^cartera [a-z-]+$")
    edge_cases: tuple[Sentence, ...] = Field(min_length=1)
    by: tuple[By, ...] = Field(min_length=1)
    owner: str = Field(min_length=1)
    source: tuple[Sentence, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _name_without_window(self) -> Metric:
        if WINDOW_SUFFIX.search(self.name):
            raise ValueError(f"{self.name}: leave the days out of the name and give them as window")
        return self

    @property
    def kpi(self) -> str:
        """The name of the figure over its own window: dso_simple_90d."""
        return f"{self.name}_{self.window.days}d" if self.window else self.name


class Catalogue(_Part):
    families: tuple[Family, ...] = Field(min_length=1)
    metrics: tuple[Metric, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_once(self) -> Catalogue:
        for kind, entries in (("families", self.families), ("metrics", self.metrics)):
            repeated = [name for name, times in Counter(entry.name for entry in entries).items() if times > 1]
            if repeated:
                raise ValueError(f"{kind}: {repeated[0]!r} is defined twice")
        return self

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Catalogue:
        families, roots = {f.name for f in self.families}, {m.name for m in self.metrics if m.variant_of is None}
        for metric in self.metrics:
            if metric.family not in families:
                raise ValueError(f"{metric.name}: family {metric.family!r} is none of families")
            if metric.variant_of not in (None, *roots):
                raise ValueError(f"{metric.name}: variant_of {metric.variant_of!r} is no KPI that others vary")
        return self

    def of_family(self, family: Family) -> list[Metric]:
        return [metric for metric in self.metrics if metric.family == family.name]

    def variants(self, metric: Metric) -> list[Metric]:
        """The other conventions of the same KPI."""
        root = metric.variant_of or metric.name
        return [m for m in self.metrics if root in (m.name, m.variant_of) and m != metric]

    def find(self, kpi: str) -> Metric | None:
        """The definition of a figure, over whatever window."""
        name = without_window(kpi)
        return next((metric for metric in self.metrics if metric.name == name), None)

    def position(self, kpi: str) -> int:
        """Where the figure stands in the catalogue; what is not in it comes last."""
        metric = self.find(kpi)
        return self.metrics.index(metric) if metric else len(self.metrics)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The project's catalogue of KPIs. Raises ConfigError with file and line."""
    return load_yaml_model(path or get_settings().dbt_dir / "metrics" / "catalogue.yaml", Catalogue)


def kpis(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    by: By,
    window_days: int | None = None,
    view: read.View = "transaction",
    scheme: str | None = None,
) -> list[read.Row]:
    """company_id, currency_code[, GROUPS[by]], kpi, value, numerator, denominator, reason.

    One row per group and KPI, in the currency of the view; null values say why in `reason`. Amounts of two
    currencies are added in the views `company` and `as-of-rate` alone. `window_days` None: that of the project. By
    segment every scheme has its rows, or the one of `scheme`. The caller sorts.
    """
    if (
        by in FUNCTIONS
        or window_days is not None
        or view != "transaction"
        or not read.is_published(connection, as_of, known_at)
    ):
        query: Composable = SQL(
            "with cells as (select * from serve.{function}(%(as_of)s, %(known_at)s, {window}p_view => %(view)s))"
        ).format(function=Identifier(FUNCTIONS.get(by, "kpis")), window=WINDOW if window_days else NO_WINDOW)
    else:
        query = SQL("with cells as (select * from serve.fct_kpis)")
    columns = ("company_id", "currency_code", *GROUPS.get(by, ()), *FIGURES)
    query = query + SQL(" select {columns} from cells {known}").format(
        columns=SQL(", ").join(map(Identifier, columns)), known=SQL(KNOWN.get(by, ""))
    )
    bound = {"as_of": as_of, "known_at": known_at, "window": window_days, "view": view, "scheme": scheme}
    return read.rows(connection, query, bound)


def kpis_by_month(
    connection: Connection,
    as_of: dt.date,
    known_at: dt.datetime,
    months: int,
    window_days: int | None = None,
    view: read.View = "transaction",
) -> list[read.Row]:
    """As `kpis` by company, with as_of_date: the as-of date and the month-ends before it, `months` dates in all.

    Each as known at the same moment.
    """
    query = SQL(
        "select as_of_date, figures.* from unnest(%(dates)s::date[]) as as_of_date"
        " cross join lateral serve.kpis(as_of_date, %(known_at)s, {window}p_view => %(view)s) as figures"
    ).format(window=WINDOW if window_days else NO_WINDOW)
    dates = month_ends(as_of, months)
    # compiling the long statement takes longer than running it: 8 s against 2 s at 20 thousand invoices
    read.rows(connection, "select set_config('jit', 'off', true)", {})
    return read.rows(connection, query, {"dates": dates, "known_at": known_at, "window": window_days, "view": view})


def month_ends(as_of: dt.date, months: int) -> list[dt.date]:
    """The date and the last days of the months before its own, newest first."""
    dates = [as_of]
    while len(dates) < months:
        dates.append(dates[-1].replace(day=1) - dt.timedelta(days=1))
    return dates
