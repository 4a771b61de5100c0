"""`cartera tie-out`, `cartera diff`: that the figures tie, and what was learned between two moments."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer
from psycopg2.extensions import connection as Connection

from cartera.cli.figures import with_plain_amounts
from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError

AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")]

LINE_COLUMNS = (
    "company_id", "currency_code", "buckets_amount", "open_items_amount", "ledger_amount", "unapplied_amount",
    "source_control_amount", "controlled_ledger_amount", "is_tied",
)  # fmt: skip
DIFFERENCE_COLUMNS = (
    "company_id", "currency_code", "equation", "document_id", "document_number", "customer_id", "left_amount",
    "right_amount", "difference_amount",
)  # fmt: skip
CONTROL_COLUMNS = (
    "source", "company_id", "currency_code", "control_amount", "ledger_amount", "difference_amount",
    "tolerance_amount", "is_tied",
)  # fmt: skip
SHOWN_ENTRY_COLUMNS = (
    "change", "recorded_at", "company_id", "currency_code", "customer_name", "entry_type", "document_number",
    "effective_date", "amount", "difference_amount",
)  # fmt: skip
TOTAL_COLUMNS = ("company_id", "currency_code", "before_amount", "after_amount", "difference_amount")


def register(app: typer.Typer) -> None:
    app.command("tie-out")(tie_out)
    app.command()(diff)


def tie_out(
    as_of: AsOfOption = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    format: FormatOption = Format.table,
) -> None:
    """The certificate: buckets = open items = ledger = source, per company and currency. Exit status 1 if not.

    Beside it what the books of each source state as receivable, and what its records give. Without dates the one
    stored with the publication; with dates the same comparison for them.
    """
    from cartera.db import Role, transaction
    from cartera.warehouse import read

    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        if as_of or known_at:
            date = parse_date(as_of) if as_of else publication.as_of_date
            moment = parse_moment(known_at) if known_at else publication.known_at
            document = _compared(connection, date, moment)
        else:
            document = _stored(connection, publication)
        document["control_totals"] = _controls(connection, document["known_at"])
    document["is_tied"] = document["is_tied"] and all(total["is_tied"] for total in document["control_totals"])
    document["publication_id"] = publication.publication_id
    _print_certificate(document, format)
    if not document["is_tied"]:
        raise typer.Exit(1)


def _compared(connection: Connection, as_of: dt.date, known_at: dt.datetime) -> dict[str, Any]:
    from dataclasses import asdict

    from cartera.warehouse import tie_out

    marts = tie_out.served(connection, as_of, known_at)
    lines = tie_out.compare(connection, marts)
    return {
        "as_of": as_of,
        "known_at": known_at,
        "run_id": None,
        "issued_at": None,
        "is_tied": all(line.is_tied for line in lines),
        "lines": with_plain_amounts([{**asdict(line), "is_tied": line.is_tied} for line in lines]),
        "differences": with_plain_amounts(tie_out.differences(connection, marts, lines)),
    }


def _controls(connection: Connection, known_at: dt.datetime) -> list[dict[str, Any]]:
    """Those known at that moment. One that is not compared (their books moved) has no amount and no difference."""
    from cartera.warehouse import control_totals

    totals = control_totals.served(connection, known_at)
    return with_plain_amounts([{name: getattr(total, name) for name in CONTROL_COLUMNS} for total in totals])


def _stored(connection: Connection, publication: Any) -> dict[str, Any]:
    from cartera.warehouse import read_runs

    lines = read_runs.certificate(connection, publication.run_id)
    return {
        "as_of": publication.as_of_date,
        "known_at": publication.known_at,
        "run_id": publication.run_id,
        "issued_at": lines[0]["issued_at"] if lines else None,
        "is_tied": all(line["is_tied"] for line in lines),
        "lines": with_plain_amounts([{name: line[name] for name in LINE_COLUMNS} for line in lines]),
        "differences": [],
    }


def _print_certificate(document: dict[str, Any], format: Format) -> None:
    if format is Format.json:
        print_json(document)
        return
    issued = f", certificate of run {document['run_id']}" if document["run_id"] else ""
    clocks = _clocks(document["as_of"], document["known_at"])
    print_rows(document["lines"], LINE_COLUMNS, format, f"tie-out {clocks}{issued}")
    if document["control_totals"] and format is Format.table:
        print_rows(document["control_totals"], CONTROL_COLUMNS, format, "what the books of the sources state")
    for total in document["control_totals"] if format is Format.csv else []:
        if not total["is_tied"]:
            messages.print(
                f"{total['source']}, {total['company_id']} {total['currency_code']}: its books state"
                f" {total['control_amount']} but its records give {total['ledger_amount']}",
                markup=False,
            )
    if document["differences"] and format is Format.table:
        print_rows(document["differences"], DIFFERENCE_COLUMNS, format, "what differs, largest first")
    for each in document["differences"] if format is Format.csv else []:
        name = each["document_number"] or each["document_id"] or each["customer_id"]
        messages.print(
            f"{each['company_id']} {each['currency_code']}: {name}: {each['equation']}:"
            f" {each['left_amount']} but {each['right_amount']}",
            markup=False,
        )
    if not document["lines"]:
        messages.print(f"nothing is in the ledger {clocks}")


def diff(
    known_at: Annotated[
        tuple[str, str],
        typer.Option("--known-at", help="The two moments, the earlier first (a date: its end, UTC)."),
    ],
    as_of: AsOfOption = None,
    format: FormatOption = Format.table,
) -> None:
    """What was learned between two moments about a date: each ledger entry that appeared or was withdrawn."""
    from cartera.db import Role, transaction
    from cartera.warehouse import learned, read

    before, after = parse_moment(known_at[0]), parse_moment(known_at[1])
    if before > after:
        raise ConfigError(f"{known_at[0]} is later than {known_at[1]}", f"write --known-at {known_at[1]} {known_at[0]}")
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        entries = with_plain_amounts(learned.entries(connection, date, before, after))
        totals = with_plain_amounts(learned.totals(connection, date, before, after))
    if format is Format.json:
        clocks = {"as_of": date, "known_at": [before, after], "publication_id": publication.publication_id}
        print_json(clocks | {"entries": entries, "totals": totals})
        return
    title = f"learned between {before:%Y-%m-%d %H:%M:%S} and {after:%Y-%m-%d %H:%M:%S} UTC about {date}"
    if format is Format.csv:
        print_rows(entries, learned.ENTRY_COLUMNS, format)
    else:
        shown = [{**entry, "recorded_at": f"{entry['recorded_at']:%Y-%m-%d %H:%M:%S}"} for entry in entries]
        print_rows(shown, SHOWN_ENTRY_COLUMNS, format, title)
        print_rows(totals, TOTAL_COLUMNS, format, "open items and unapplied credit, as known then and later")
    if not entries:
        messages.print(f"nothing was {title}")


def _clocks(as_of: dt.date, known_at: dt.datetime) -> str:
    return f"as of {as_of}, known at {known_at:%Y-%m-%d %H:%M:%S} UTC"
