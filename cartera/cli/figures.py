"""`cartera aging`: figures on the command line, as of any date and as known at any moment."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.money import plain


class By(StrEnum):
    bucket = "bucket"
    customer = "customer"
    company = "company"
    currency = "currency"
    country = "country"
    collector = "collector"


def register(app: typer.Typer) -> None:
    app.command()(aging)


def aging(
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What the rows are.")] = By.bucket,
    format: FormatOption = Format.table,
) -> None:
    """Open items by age, in their own currencies; the disputed and promised parts beside, unapplied credit apart."""
    from cartera.db import Role, transaction
    from cartera.warehouse import read

    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        rows = with_plain_amounts(read.aging(connection, date, moment, by.value))
        unapplied = with_plain_amounts(read.unapplied(connection, date, moment))
    document = {
        "as_of": date,
        "known_at": moment,
        "currency_view": "transaction",
        "by": by.value,
        "publication_id": publication.publication_id,
        "published_at": publication.published_at,
        "rows": rows,
        "unapplied_credit": unapplied,
    }
    if format is Format.json:
        print_json(document)
        return
    clocks = f"as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
    print_rows(rows, read.aging_columns(by.value), format, f"open items {clocks}")
    if unapplied and format is Format.table:
        print_rows(unapplied, list(unapplied[0]), format, "unapplied credit")
    if not rows:
        messages.print(f"nothing is open {clocks}")


def with_plain_amounts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Amounts as decimal strings with the currency's own decimals."""
    return [
        {name: plain(cell, row["currency_code"]) if isinstance(cell, Decimal) else cell for name, cell in row.items()}
        for row in rows
    ]
