"""`cartera links`: which customers, and which invoices, of several sources are one, by which rule, and where that can't
be said."""

from __future__ import annotations

from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_moment
from cartera.errors import ConfigError

COLUMNS = (
    "company_id", "customer_id", "customer_name", "status", "rule", "master_customer_id", "master_name", "why",
    "recorded_from",
)  # fmt: skip
INVOICE_COLUMNS = (
    "company_id", "invoice_id", "document_number", "currency_code", "total_amount", "status", "rule", "kept_invoice_id",
    "why", "recorded_from",
)  # fmt: skip
STATUSES = ("linked", "ambiguous", "contradicted")
INVOICE_STATUSES = ("left_out", "ambiguous", "contradicted", "undecided")


def register(app: typer.Typer) -> None:
    app.command()(links)


def links(
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="Only these: linked (invoices: left_out, undecided), ambiguous or contradicted."),
    ] = None,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Only what is not linked, and why.")] = False,
    invoices: Annotated[
        bool, typer.Option("--invoices", help="Invoices that stand in two sources: which is left out, and why.")
    ] = False,
    format: FormatOption = Format.table,
) -> None:
    """Customers of gateways, banks and documents that are customers of the books, and those that may be.

    With --invoices the invoices that stand in two sources. Decide with `link:` and `never:` in sources/links.yaml.
    """
    from cartera.db import Role, transaction
    from cartera.warehouse import links as reads
    from cartera.warehouse import read

    known = INVOICE_STATUSES if invoices else STATUSES
    if status is not None and status not in known:
        raise ConfigError(f"--status {status} is not possible", f"known are: {', '.join(known)}")
    with transaction(Role.reader) as connection:
        moment = parse_moment(known_at) if known_at else read.publication(connection).known_at
        rows = reads.invoice_links(connection, moment) if invoices else reads.links(connection, moment)
    rows = [row for row in rows if status in (None, row["status"]) and not (conflicts and row["status"] == known[0])]
    if format is Format.json:
        print_json({"known_at": moment, "links": rows})
        return
    what, columns = ("invoices", INVOICE_COLUMNS) if invoices else ("customers", COLUMNS)
    print_rows(rows, columns, format, f"{what} of several sources, as known at {moment:%Y-%m-%d %H:%M:%S} UTC")
    if not rows:
        messages.print("none")
