"""`cartera segments`: customers by what they owe, how they pay and who they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from cartera.cli.figures import with_plain_amounts
from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.clock import parse_date, parse_moment
from cartera.errors import ConfigError

TOTAL_COLUMNS = ("company_id", "scheme", "segment", "currency_code", "customers", "open_amount", "overdue_amount")
MEMBER_COLUMNS = (
    "company_id", "scheme", "segment", "customer_id", "customer_name", "currency_code", "open_amount", "overdue_amount",
)  # fmt: skip
STRETCH_COLUMNS = ("company_id", "scheme", "segment", "valid_from", "valid_to")
COUNT_COLUMNS = ("month_end", "company_id", "scheme", "segment", "customers")
RULE_COLUMNS = ("scheme", "segment", "rule", "description")


def register(app: typer.Typer) -> None:
    app.command()(segments)


def segments(
    as_of: Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", help="As known at this moment (a date: its end, UTC). Default: the publication's."),
    ] = None,
    scheme: Annotated[str | None, typer.Option("--scheme", help="One scheme only, e.g. payer_behaviour.")] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", help="One customer, by id, with the measures that decide.")
    ] = None,
    members: Annotated[bool, typer.Option("--members", help="List the customers of each segment.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Segments at each month-end, as known when the month ended.")
    ] = False,
    define: Annotated[bool, typer.Option("--define", help="Print the rules instead.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Customers, open and overdue amount by segment and currency; by the rules that held at that moment."""
    from cartera.db import Role, transaction
    from cartera.warehouse import read
    from cartera.warehouse import segments as reads

    _check_together(as_of, known_at, history=history, define=define, lists=bool(customer) or members)
    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        date = parse_date(as_of) if as_of else publication.as_of_date
        moment = parse_moment(known_at) if known_at else publication.known_at
        rules = reads.rules(connection, moment, scheme)
        if customer:
            reads.check_customer(connection, customer)
        columns: tuple[str, ...]
        document: dict[str, Any] = {"as_of": date, "known_at": moment, "scheme": scheme}
        if define:
            columns, rows = RULE_COLUMNS, [_described(rule) for rule in rules]
            title = f"segments, as known at {moment:%Y-%m-%d %H:%M:%S} UTC"
        elif history:
            columns = STRETCH_COLUMNS if customer else COUNT_COLUMNS
            rows = reads.history(connection, scheme, customer)
            title = "segments by month-end, as known when each ended"
        else:
            lists = bool(customer) or members
            columns = MEMBER_COLUMNS if lists else TOTAL_COLUMNS
            rows = with_plain_amounts(
                reads.members(connection, date, moment, scheme, customer)
                if lists
                else reads.totals(connection, date, moment, scheme)
            )
            title = f"segments as of {date}, known at {moment:%Y-%m-%d %H:%M:%S} UTC"
            if customer:
                document["measures"] = [_measured(row) for row in reads.measures(connection, date, moment, customer)]
    if format is Format.json:
        print_json(document | {"rows": rows})
        return
    print_rows(rows, columns, format, title)
    if format is Format.table and document.get("measures"):
        print_rows(document["measures"], ("company_id", "measure", "value"), format, "what decides")
    if not rows:
        messages.print("no month has ended since the first rules were landed" if history else f"nobody is in {title}")


def _check_together(as_of: str | None, known_at: str | None, *, history: bool, define: bool, lists: bool) -> None:
    if history and (as_of or known_at):
        raise ConfigError(
            "--history is what was known when each month ended",
            "leave out --as-of and --known-at; for one past date leave out --history",
        )
    if define and (as_of or history or lists):
        raise ConfigError("--define prints the rules alone", "give it no more than --scheme, --known-at and --format")


def _described(rule: dict[str, Any]) -> dict[str, Any]:
    """One condition in words."""
    measure, least, below = rule["measure"], rule["at_least_amount"], rule["below_amount"]
    if not rule["conditions"]:
        words = "who fits no other"
    elif rule["accepted_values"]:
        words = f"{measure} is {' or '.join(rule['accepted_values'])}"
    elif rule["segment"] is None:
        words = f"each {measure}"
    else:
        bounds = ((least, "at least"), (below, "below"))
        said = (f"{word} {_short(bound)}" for bound, word in bounds if bound is not None)
        words = f"{measure} {' and '.join(said)}"
    return {
        "scheme": rule["scheme"],
        "segment": rule["segment"],
        "position": rule["position"],
        "rule": words,
        "description": rule["description"],
    }


def _measured(row: dict[str, Any]) -> dict[str, Any]:
    value = row["text_value"] if row["value"] is None else _short(row["value"])
    return {"company_id": row["company_id"], "measure": row["measure"], "value": value}


def _short(number: Decimal) -> str:
    """Without idle zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
