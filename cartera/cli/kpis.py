"""`cartera kpis`: the figures of receivables management, as of any date and as known at any moment."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cartera.cli.figures import CurrencyView, CurrencyViewOption
from cartera.cli.output import FIGURES, Format, messages, print_json, print_rows
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError

if TYPE_CHECKING:
    from cartera.warehouse.metrics import Catalogue


class By(StrEnum):
    company = "company"
    currency = "currency"
    segment = "segment"
    customer = "customer"
    month = "month"
    policy = "policy"
    channel = "channel"


class KpiFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"


def register(app: typer.Typer) -> None:
    app.command()(kpis)


def kpis(
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    by: Annotated[
        By, typer.Option("--by", help="What the rows are; by policy or channel the KPIs of contacts alone.")
    ] = By.company,
    scheme: Annotated[
        str | None, typer.Option("--scheme", help="With --by segment: this scheme's alone; see `cartera segments`.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option("--window", min=1, max=3650, help="Days of sales and payments. Default: the catalogue's."),
    ] = None,
    currency_view: CurrencyViewOption = CurrencyView.transaction,
    months: Annotated[
        int,
        typer.Option("--months", min=1, max=120, help="With --by month: so many dates, month-ends before the first."),
    ] = 12,
    define: Annotated[bool, typer.Option("--define", help="Print what each KPI says instead.")] = False,
    output: Annotated[
        KpiFormat, typer.Option("--format", help="What to print; markdown with --define alone.")
    ] = KpiFormat.table,
) -> None:
    """DSO, collection effectiveness, days to pay, concentration and more, in their own currencies or the company's."""
    from cartera.warehouse import contact_kpis, metrics
    from cartera.warehouse.kpi_document import document

    catalogue = metrics.load_catalogue()
    if output is KpiFormat.markdown:
        if not define:
            raise ConfigError("--format markdown prints definitions, not figures", "add --define, or ask for csv")
        typer.echo(document(catalogue), nl=False)
        return
    format = Format(output.value)
    if define:
        _print_definitions(catalogue, format)
        return
    date, moment, rows = _asked(as_of, known_at, by, scheme, window, currency_view, months)
    rows = [_described(row, catalogue) for row in sorted(rows, key=lambda row: _order(row, by, catalogue))]
    if format is Format.json:
        view = currency_view.value
        asked = {"as_of": date, "known_at": moment, "currency_view": view, "by": by.value, "scheme": scheme}
        print_json(asked | {"rows": rows})
        return
    if format is Format.table:
        rows = [_shortened(row) for row in rows]
    group = ("as_of_date",) if by is By.month else contact_kpis.group(by.value) or metrics.group(by.value)
    columns = ["company_id", "currency_code", *group, "kpi", "value", "unit", "numerator", "denominator", "reason"]
    clocks = f"as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    print_rows(rows, columns, format, f"KPIs {clocks}")
    if not rows:
        messages.print(f"there is nothing to measure {clocks}")


def _asked(
    as_of: str | None,
    known_at: str | None,
    by: By,
    scheme: str | None,
    window: int | None,
    currency_view: CurrencyView,
    months: int,
) -> tuple[dt.date, dt.datetime, list[dict[str, Any]]]:
    from cartera.db import Role, transaction
    from cartera.warehouse import contact_kpis, metrics, read, segments

    if scheme and by is not By.segment:
        raise ConfigError("--scheme parts by segments", f"add --by segment --scheme {scheme}, or leave it out")
    view: read.View = currency_view.value
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        if by is By.segment:
            segments.rules(connection, moment, scheme)
        if by is By.month:
            return date, moment, metrics.kpis_by_month(connection, date, moment, months, window, view)
        if by in (By.policy, By.channel):
            of_contacts = cast(contact_kpis.By, by.value)
            return date, moment, contact_kpis.kpis(connection, date, moment, of_contacts, window, view)
        rows = cast(metrics.By, by.value)
        return date, moment, metrics.kpis(connection, date, moment, rows, window, view, scheme)


def _order(row: dict[str, Any], by: By, catalogue: Catalogue) -> tuple[str | int, ...]:
    """By month, the dates of a figure stand together."""
    place = (
        (row["currency_code"], row["company_id"]) if by is By.currency else (row["company_id"], row["currency_code"])
    )
    group = tuple(row.get(name, "") for name in ("customer_id", "scheme", "segment", "policy_name", "channel"))
    month = row["as_of_date"].isoformat() if by is By.month else ""
    return (*place, *group, catalogue.position(row["kpi"]), row["kpi"], month)


def _described(row: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """With label and unit of the catalogue, figures without idle zeros."""
    metric = catalogue.find(row["kpi"])
    figures = {name: None if row[name] is None else _plain(row[name]) for name in FIGURES}
    return row | figures | {"label": metric.label.en if metric else row["kpi"], "unit": metric.unit if metric else None}


def _plain(figure: Decimal) -> Decimal:
    text = f"{figure:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _shortened(row: dict[str, Any]) -> dict[str, Any]:
    """For people: two decimals; csv and json have all of them."""
    if row["value"] is None:
        return row
    return row | {"value": row["value"].quantize(Decimal("0.01"), ROUND_HALF_EVEN)}


def _print_definitions(catalogue: Catalogue, format: Format) -> None:
    if format is Format.json:
        print_json({"metrics": [{"kpi": m.kpi} | m.model_dump(mode="json") for m in catalogue.metrics]})
        return
    rows = [
        {
            "kpi": metric.kpi,
            "label": metric.label.en,
            "family": metric.family,
            "definition": metric.definition.en,
            "unit": metric.unit,
            "formula": metric.formula,
            "convention": " ".join(metric.convention),
            "edge_cases": " ".join(metric.edge_cases),
            "by": ", ".join(metric.by),
            "command": metric.command or "cartera kpis",
            "owner": metric.owner,
            "source": "; ".join(metric.source),
        }
        for metric in catalogue.metrics
    ]
    columns = (
        list(rows[0]) if format is Format.csv else ["kpi", "definition", "unit", "formula", "convention", "edge_cases"]
    )
    print_rows(rows, columns, format, "KPIs")
