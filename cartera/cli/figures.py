"""`cartera aging`: figures on the command line, as of any date and as known at any moment."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, cast

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError
from cartera.money import minor_units, plain


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
    currency_view: CurrencyViewOption = CurrencyView.transaction,
    format: FormatOption = Format.table,
) -> None:
    """Open items by age, in their own currencies or the company's; the disputed and promised parts are shown apart."""
    from cartera.db import Role, transaction
    from cartera.warehouse import read, segments, valued

    if scheme and by is not By.segment:
        raise ConfigError("--scheme parts by segments", f"add --by segment --scheme {scheme}, or leave it out")
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        if by is By.segment:
            segments.rules(connection, moment, scheme)
        if currency_view is CurrencyView.transaction:
            rows = read.aging(connection, date, moment, by.value, scheme)
            unapplied = read.unapplied(connection, date, moment)
        else:
            view = cast(read.View, currency_view.value)
            rows = to_the_cent(valued.aging(connection, date, moment, by.value, view, scheme))
            unapplied = to_the_cent(valued.unapplied(connection, date, moment, view))
    rows, unapplied = with_plain_amounts(rows), with_plain_amounts(unapplied)
    document = {
        "as_of": date,
        "known_at": moment,
        "currency_view": currency_view.value,
        "by": by.value,
        "scheme": scheme,
        "publication_id": publication.publication_id,
        "published_at": publication.published_at,
        "rows": rows,
        "unapplied_credit": unapplied,
    }
    if format is Format.json:
        print_json(document)
        return
    clocks = f"as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    reason = [] if currency_view is CurrencyView.transaction else ["reason"]
    print_rows(rows, [*read.aging_columns(by.value), *reason], format, f"open items {clocks}")
    if unapplied and format is Format.table:
        print_rows(unapplied, list(unapplied[0]), format, "unapplied credit")
    if not rows:
        messages.print(f"nothing is open {clocks}")


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
