"""`cartera bridge`: what lies between two figures, in parts that add up."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError
from cartera.money import minor_units, plain

bridges = typer.Typer(name="bridge", help="What lies between two figures, in parts that add up.", no_args_is_help=True)


class CurrencyView(StrEnum):
    transaction = "transaction"
    company = "company"
    as_of_rate = "as-of-rate"


def register(app: typer.Typer) -> None:
    app.add_typer(bridges)


@bridges.command()
def dso(
    first: Annotated[str, typer.Option("--from", help="Date, YYYY-MM-DD.")],
    second: Annotated[str, typer.Option("--to", help="A later date, YYYY-MM-DD.")],
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    company: Annotated[str | None, typer.Option("--company", help="This company alone.")] = None,
    currency_view: Annotated[
        CurrencyView, typer.Option("--currency-view", help="The currency in which amounts are added.")
    ] = CurrencyView.transaction,
    window: Annotated[
        int | None, typer.Option("--window", min=1, max=3650, help="Days of sales. Default: the catalogue's.")
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """What moved DSO (simple, ending AR) between two dates: sales, terms, mix, currency, delinquency."""
    from cartera.db import Role, transaction
    from cartera.warehouse import dso_bridge, metrics, read

    start, end = parse_date(first), parse_date(second)
    if start >= end:
        raise ConfigError(f"--from {start} is not before --to {end}", "give the earlier date as --from")
    metric = metrics.load_catalogue().find("dso_simple")
    days = window or (metric.window.days if metric and metric.window else 90)
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        moment = parse_moment(known_at) if known_at else publication.known_at
        rows = dso_bridge.bridge(
            connection, start, end, moment, days=days, view=currency_view.value, company_id=company
        )
    if company and not rows:
        raise ConfigError(
            f"nothing is known of a company {company!r} at either date",
            "see the companies in `cartera aging --by company`",
        )
    if format is Format.json:
        asked = {"from": start, "to": end, "known_at": moment, "currency_view": currency_view.value}
        print_json(asked | {"window_days": days, "rows": rows})
        return
    columns = list(dso_bridge.COLUMNS)
    if format is Format.table:
        columns = [column for column in columns if column not in ("kpi", "rounding_days")]
        rows = [{name: _shortened(cell) for name, cell in row.items()} for row in rows]
    title = f"What moved dso_simple_{days}d from {start} to {end}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    print_rows(rows, columns, format, title)


@bridges.command()
def currency(
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """What is open in each currency, at the documents' rates, and at the rate of the date: revaluation between them."""
    from cartera.db import Role, transaction
    from cartera.warehouse import currency_bridge, read

    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        rows = currency_bridge.bridge(connection, date, moment)
    rows = [_with_amounts(row, is_for_people=format is Format.table) for row in rows]
    if format is Format.json:
        print_json({"as_of": date, "known_at": moment, "rows": rows})
        return
    title = f"From documents' currencies to the company's as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    print_rows(rows, list(currency_bridge.COLUMNS), format, title)


def _with_amounts(row: dict[str, Any], *, is_for_people: bool) -> dict[str, Any]:
    """Amounts as decimal strings, each with the decimals of its own currency; for people no more than those."""
    answer = dict(row)
    for name, cell in row.items():
        if isinstance(cell, Decimal):
            currency_code = row["currency_code" if name == "amount" else "company_currency_code"]
            shown = round(cell, minor_units(currency_code)) if is_for_people else cell
            answer[name] = plain(shown, currency_code)
    return answer


def _shortened(cell: object) -> object:
    """For people: two decimals; csv and json have all of them."""
    return cell.quantize(Decimal("0.01"), ROUND_HALF_EVEN) if isinstance(cell, Decimal) else cell
