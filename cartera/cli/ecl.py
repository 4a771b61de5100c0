"""`cartera ecl`: the provision matrix of IFRS 9's simplified approach, with its workings."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg2.extensions import connection as Connection

from cartera.cli.output import Format, messages
from cartera.cli.risk import AsOfOption, KnownAtOption, Row, ask, print_asked
from cartera.errors import ConfigError

NOT_SHOWN = ("factor", "entered_items", "roll_rate", "ecl_pct")


class EclFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    xlsx = "xlsx"


class By(StrEnum):
    company = "company"
    segment = "segment"


def register(app: typer.Typer) -> None:
    app.command()(ecl)


def ecl(
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    factor: Annotated[str, typer.Option("--factor", help="Forward-looking factor on the loss rates.")] = "1",
    history: Annotated[int, typer.Option("--history", min=1, max=3650, help="Days of due dates learned from.")] = 365,
    loss_after: Annotated[
        int, typer.Option("--loss-after", min=121, max=3650, help="Days past due after which unpaid counts as lost.")
    ] = 180,
    by: Annotated[
        By, typer.Option("--by", help="One matrix per company, or per segment of its customers.")
    ] = By.company,
    scheme: Annotated[str | None, typer.Option("--scheme", help="Whose segments; see `cartera segments`.")] = None,
    format: Annotated[EclFormat, typer.Option("--format", help="How to print it.")] = EclFormat.table,
    output: Annotated[Path | None, typer.Option("--output", help="File to write; needed for xlsx.")] = None,
) -> None:
    """Expected credit losses: what of each bucket was finally unpaid in our own history, times what is open now."""
    from cartera.warehouse import risk

    times = _factor(factor)
    if (by is By.segment) != (scheme is not None):
        raise ConfigError("--by segment and --scheme go together", "give e.g. --by segment --scheme payer_behaviour")

    def asked(connection: Connection, date: dt.date, moment: dt.datetime) -> list[Row]:
        if scheme is not None and scheme not in (known := risk.schemes(connection, moment)):
            raise ConfigError(
                f"there is no scheme {scheme!r}", f"give one of: {', '.join(known) or 'none was known then'}"
            )
        return risk.expected_losses(
            connection, date, moment, factor=times, history_days=history, loss_days=loss_after, scheme=scheme
        )

    inputs: dict[str, Any] = {
        "factor": times,
        "history_days": history,
        "loss_days": loss_after,
        "scheme": scheme or "all",
    }
    if format is EclFormat.xlsx:
        if output is None:
            raise ConfigError("xlsx needs a file", "add --output provision.xlsx")
        _write_workbook(output, *ask(asked, as_of, known_at), inputs)
    elif output is None:
        print_asked("Expected credit losses", asked, as_of, known_at, inputs, Format(format.value), _narrowed)
        return
    else:
        with output.open("w", encoding="utf-8", newline="") as file, contextlib.redirect_stdout(file):
            print_asked("Expected credit losses", asked, as_of, known_at, inputs, Format(format.value))
    messages.print(f"wrote {output}")


def _factor(text: str) -> Decimal:
    with contextlib.suppress(InvalidOperation):
        factor = Decimal(text)
        if factor.is_finite() and 0 <= factor <= 100:
            return factor
    raise ConfigError(f"--factor {text!r} is not a number from 0 to 100", "give e.g. --factor 1.05")


def _narrowed(rows: Sequence[Row]) -> list[Row]:
    """What fits a terminal; csv, json and xlsx have every intermediate column."""
    return [{name: row[name] for name in row if name not in NOT_SHOWN} for row in rows]


def _write_workbook(path: Path, date: dt.date, moment: dt.datetime, rows: list[Row], inputs: dict[str, Any]) -> None:
    from cartera.warehouse.provision_workbook import stated, write_workbook

    write_workbook(path, rows, stated(date, moment, inputs))
