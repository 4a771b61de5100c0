"""`cartera demo`: a synthetic company walks the whole way, and its figures are on screen."""

from __future__ import annotations

import datetime as dt
import webbrowser
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

import typer

from cartera.cli.output import messages
from cartera.cli.pipeline import AsOf
from cartera.cli.progress import shown_steps, told
from cartera.clock import parse_date, utc_now
from cartera.db import Role, ensure_ready, transaction
from cartera.errors import SourceError
from cartera.targets import Figure

MONTHS = 3
FIGURES: dict[Figure, Decimal] = {"dso": Decimal(60), "overdue_pct": Decimal(35), "cei": Decimal(80)}


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    as_of: AsOf = None,
    headless: Annotated[bool, typer.Option("--headless", help="No browser; end when the figures are there.")] = False,
    invoices: Annotated[int, typer.Option("--invoices", min=100, help="Size of the sandbox company.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed makes another company.")] = 7,
) -> None:
    """Try everything on a synthetic company: its ERP exports are landed, checked, built, published, reminded."""
    from cartera import pipeline
    from cartera.cli.figures import By, aging
    from cartera.cli.output import Format

    date = parse_date(as_of) if as_of else utc_now().date()
    with shown_steps():
        _start_server()
        _make_company(date, invoices, seed)
        report = pipeline.run(date, ["sandbox"])
        for error in report.source_errors.values():
            raise SourceError(error.problem, error.mend)
        others = other_sources()
        if others:
            # a message into the sandbox mailbox would count as sent to a real debtor
            messages.print(f"reminders: left out, because {', '.join(sorted(others))} landed here too", markup=False)
        else:
            set_targets()
            _send_reminders(date)
    aging(as_of=None, known_at=None, by=By.bucket, format=Format.table)
    _show(headless)


def _start_server() -> None:
    with told("database") as report:
        ensure_ready()
        report.message = "embedded PostgreSQL is up, roles and schema are current"


def _make_company(date: dt.date, invoices: int, seed: int) -> None:
    from cartera.sandbox.company import ensure_company
    from cartera.settings import get_settings

    with told("sandbox company") as report:
        made = ensure_company(get_settings().home, until=date, invoices=invoices, seed=seed)
        report.rows_out = sum(made.rows.values())
        report.message = (
            f"{made.rows['customers']:,} customers, {made.rows['invoices']:,} invoices, exports in {made.directory}"
        )


def set_targets() -> None:
    """What the company might have set itself, where no targets are: a little more than it received a month lately."""
    import yaml

    from cartera.settings import get_settings
    from cartera.targets import FigureTarget, Target, Targets
    from cartera.warehouse import headline, read

    path = get_settings().targets_file
    if path.exists():
        return
    collected = []
    with transaction(Role.reader) as connection:
        published = read.publication(connection)
        for place in read.rows(connection, _PLACES):
            company, code = place["company_id"], place["currency_code"]
            asked = headline.Asked(published.as_of_date, published.known_at, code, company)
            *months, _this_month = headline.collected_by_month(connection, asked, 1 + MONTHS)
            amount = sum((received for _, received in months), Decimal(0)) / MONTHS
            if amount > 0:
                two_digits = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1), ROUND_CEILING)
                target = Decimal(f"{two_digits:f}")
                collected.append(Target(company=company, currency=code, amount=target))
    companies = sorted({each.company for each in collected})
    # of these companies alone: the same folder may hold another one's data later
    figures = [FigureTarget(figure=name, target=at, company=each) for each in companies for name, at in FIGURES.items()]
    targets = Targets(collected=tuple(collected), figures=tuple(figures)).model_dump(mode="json", exclude_none=True)
    aside = path.with_suffix(".new")
    aside.write_text(f"# written by `cartera demo`\n{yaml.safe_dump(targets, sort_keys=False)}", encoding="utf-8")
    aside.replace(path)


_PLACES = "select distinct company_id, currency_code from serve.fct_daily_flows order by company_id, currency_code"


def _send_reminders(date: dt.date) -> None:
    """Plan, approve and send into the sandbox mailbox: nothing of the sandbox ever leaves this machine."""
    from cartera.outgoing import sandbox_channels
    from cartera.reminders import approve_reminders, plan_reminders, send_reminders

    _record_consents()
    with told("reminders: plan") as report:
        plan = plan_reminders(date)
        report.rows_out = plan.planned
        report.message = f"{plan.skipped:,} customers skipped, each with its reasons"
    with told("reminders: send") as report:
        approve_reminders(approved_by="cartera demo")
        sent = send_reminders(sandbox_channels())
        sent.raise_if_stopped()
        report.rows_out, report.message = sent.sent, "into the sandbox mailbox"


def other_sources() -> set[str]:
    from cartera.landing.own_sources import OWN_SOURCES
    from cartera.warehouse import read_runs

    with transaction(Role.reader) as connection:
        return {load["source"] for load in read_runs.latest_loads(connection)} - {"sandbox", *OWN_SOURCES}


def _record_consents() -> None:
    """What the sandbox's people in Colombia said: most, not all, that they may be written to by e-mail."""
    from cartera.reminders.consents import authorise_all
    from cartera.warehouse.read import rows

    with transaction(Role.reader) as connection:
        people = [row["customer_id"] for row in rows(connection, _COLOMBIANS)]
    said = [customer_id for number, customer_id in enumerate(people) if number % 5]
    authorise_all(said, "email", reason="agreed when the account was opened", recorded_by="cartera demo")


# a company needs no consent there
_COLOMBIANS = """
select customer_id from serve.dim_customers
where source = 'sandbox' and country_code = 'CO' and customer_type = 'Persona natural' and recorded_to > now()
order by customer_id
"""


def _show(headless: bool) -> None:
    from cartera.dashboard import end, running, start_dashboard
    from cartera.sandbox.mailbox import ensure_mailbox
    from cartera.settings import get_settings

    settings = get_settings()
    mailbox = ensure_mailbox(settings.home)
    messages.print(f"sandbox mailbox: {mailbox.web_address} (or `cartera mailbox list`)", markup=False)
    if headless:
        return
    there = running()
    if there is not None:
        messages.print(f"dashboard: {there.address} (was running already)", style="bold", markup=False)
        return
    process, address = start_dashboard(settings)
    messages.print(f"dashboard: {address}", style="bold", markup=False)
    messages.print("Ctrl-C ends the dashboard; `cartera stop` ends the database and the mailbox too")
    if messages.is_terminal:
        webbrowser.open(address)
    try:
        process.wait()
    except KeyboardInterrupt:
        pass  # how a demo ends
    finally:
        end(process)
