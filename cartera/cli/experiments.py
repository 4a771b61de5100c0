"""`cartera reminders experiment`: champion and challenger beside the hold-out, and beside each other."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import AsOf, FormatOption, reminders
from cartera.clock import parse_date

COLUMNS = (
    "experiment", "arm", "against", "currency", "customers", "too_new", "contacts", "paid", "owed", "cash",
    "days_to_pay", "incremental_per_contact", "incremental_low", "incremental_high", "incremental_per_customer",
    "customer_low", "customer_high", "days_gained", "days_low", "days_high", "note",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Its command stands beside those of `cartera reminders`."""


@reminders.command()
def experiment(
    name: Annotated[str | None, typer.Argument(help="An experiment. Default: all.", metavar="[NAME]")] = None,
    as_of: AsOf = None,
    window: Annotated[
        int, typer.Option("--window", min=1, max=3650, help="Days from the draw for which each customer is looked at.")
    ] = 30,
    format: FormatOption = Format.table,
) -> None:
    """Per arm: cash beyond the hold-out's, days gained, challenger beside champion, with intervals; or too few data."""
    from cartera.reminders.experiment_report import METHOD, experiment_report

    figures = experiment_report(name, as_of=parse_date(as_of) if as_of else None, window_days=window)
    rows = [_row(each) for each in figures]
    if format is Format.json:
        print_json({"method": METHOD, "window_days": window, "rows": rows})
        return
    print_rows(rows, COLUMNS, format, f"the first {window} days of each customer")
    messages.print(METHOD if rows else "nobody was drawn for an experiment yet", markup=False)


def _row(figures: Any) -> dict[str, Any]:
    from cartera.money import plain

    code = figures.currency_code
    cash, days, each = figures.incremental_per_contact, figures.days_gained, figures.incremental_per_customer
    return {
        "experiment": figures.experiment,
        "arm": figures.arm,
        "against": figures.against,
        "currency": code,
        "customers": figures.customers,
        "too_new": figures.too_new,
        "contacts": figures.contacts,
        "paid": figures.paid,
        "owed": plain(figures.owed, code),
        "cash": plain(figures.cash, code),
        "days_to_pay": _days(figures.days_to_pay),
        "incremental_per_contact": _money(cash.estimate, code) if cash else None,
        "incremental_low": _money(cash.low, code) if cash else None,
        "incremental_high": _money(cash.high, code) if cash else None,
        "incremental_per_customer": _money(each.estimate, code) if each else None,
        "customer_low": _money(each.low, code) if each else None,
        "customer_high": _money(each.high, code) if each else None,
        "days_gained": _days(days.estimate) if days else None,
        "days_low": _days(days.low) if days else None,
        "days_high": _days(days.high) if days else None,
        "note": figures.note,
    }


def _money(value: Any, currency_code: str) -> str:
    """An estimate, at the minor units of its currency: more digits would only look exact."""
    from cartera.money import minor_units

    return f"{value:.{minor_units(currency_code)}f}"


def _days(value: Any) -> str | None:
    return None if value is None else f"{value:.1f}"
