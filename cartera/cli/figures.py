"""`cartera aging`: figures on the command line, as of any date and as known at any moment."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError
from cartera.money import minor_units, plain

if TYPE_CHECKING:
    from cartera.warehouse.ages import Ages


MOST_DAYS = 36500


class By(StrEnum):
    bucket = "bucket"
    customer = "customer"
    company = "company"
    currency = "currency"
    country = "country"
    collector = "collector"
    sector = "sector"
    customer_type = "customer_type"
    risk_class = "risk_class"
    parent = "parent"
    segment = "segment"


class AgedFrom(StrEnum):
    due_date = "due-date"
    invoice_date = "invoice-date"


class CurrencyView(StrEnum):
    transaction = "transaction"
    company = "company"
    as_of_rate = "as-of-rate"


CurrencyViewOption = Annotated[
    CurrencyView,
    typer.Option(
        "--currency-view",
        help="The documents' own currencies; the company's at the documents' rates; or at the rate of the as-of date.",
    ),
]


def register(app: typer.Typer) -> None:
    app.command()(aging)


def aging(
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What the rows are.")] = By.bucket,
    scheme: Annotated[
        str | None, typer.Option("--scheme", help="With --by segment: this scheme's alone; see `cartera segments`.")
    ] = None,
    aged_from: Annotated[
        AgedFrom, typer.Option("--aged-from", help="With --by bucket: the date from which days count.")
    ] = AgedFrom.due_date,
    edges: Annotated[
        str | None, typer.Option("--edges", help="With --by bucket: where buckets end, in days. Default: 30,60,90,120.")
    ] = None,
    currency_view: CurrencyViewOption = CurrencyView.transaction,
    format: FormatOption = Format.table,
) -> None:
    """Open items by age, in their own currencies or the company's; the disputed and promised parts are shown apart."""
    from cartera.db import Role, transaction
    from cartera.warehouse import balances, read, segments, valued

    if scheme and by is not By.segment:
        raise ConfigError("--scheme parts by segments", f"add --by segment --scheme {scheme}, or leave it out")
    ages = _ages(aged_from, edges, by)
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        if by is By.segment:
            segments.rules(connection, moment, scheme)
        if currency_view is CurrencyView.transaction:
            rows = read.aging(connection, date, moment, by.value, scheme, ages=ages)
            unapplied = balances.unapplied(connection, date, moment)
        else:
            view = cast(read.View, currency_view.value)
            rows = to_the_cent(valued.aging(connection, date, moment, by.value, view, scheme, ages))
            unapplied = to_the_cent(valued.unapplied(connection, date, moment, view))
    rows, unapplied = with_plain_amounts(rows), with_plain_amounts(unapplied)
    document = {
        "as_of": date,
        "known_at": moment,
        "currency_view": currency_view.value,
        "by": by.value,
        "scheme": scheme,
        "aged_from": aged_from.value,
        "publication_id": publication.publication_id,
        "published_at": publication.published_at,
        "rows": rows,
        "unapplied_credit": unapplied,
    }
    if format is Format.json:
        print_json(document)
        return
    clocks = f"as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    title = f"open items {clocks}" + (", by days since the invoice" if aged_from is AgedFrom.invoice_date else "")
    reason = [] if currency_view is CurrencyView.transaction else ["reason"]
    print_rows(rows, [*read.aging_columns(by.value), *reason], format, title)
    if unapplied and format is Format.table:
        print_rows(unapplied, list(unapplied[0]), format, "unapplied credit")
    if not rows:
        messages.print(f"nothing is open {clocks}")


def _ages(aged_from: AgedFrom, edges: str | None, by: By) -> Ages | None:
    """None: the buckets that are prebuilt."""
    from cartera.warehouse.ages import EDGES, Ages

    if aged_from is AgedFrom.due_date and edges is None:
        return None
    if by is not By.bucket:
        raise ConfigError("--aged-from and --edges are about buckets", "leave --by out, or leave these out")
    days = [int(day) if day.isascii() and day.isdigit() else 0 for day in (edges or "").replace(" ", "").split(",")]
    if edges is not None and (not 0 < days[0] <= days[-1] <= MOST_DAYS or days != sorted(set(days))):
        raise ConfigError(
            f"--edges {edges!r} is no rising list of days from 1 to {MOST_DAYS}", "give e.g. --edges 30,60,90"
        )
    return Ages(
        "issue_date" if aged_from is AgedFrom.invoice_date else "due_date", EDGES if edges is None else tuple(days)
    )


def to_the_cent(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Amounts that were converted, rounded half to even to the minor unit of their currency."""
    return [
        {
            name: round(cell, minor_units(row["currency_code"])) if isinstance(cell, Decimal) else cell
            for name, cell in row.items()
        }
        for row in rows
    ]


def with_plain_amounts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Amounts as decimal strings with the currency's own decimals."""
    return [
        {name: plain(cell, row["currency_code"]) if isinstance(cell, Decimal) else cell for name, cell in row.items()}
        for row in rows
    ]
