"""`cartera ghost-shopper`: test debtors that live through a policy at an address of the company's."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows, printable
from cartera.cli.reminders import FormatOption, current_user
from cartera.clock import parse_date
from cartera.errors import ConfigError

ghosts = typer.Typer(
    help="Test debtors: enrol one at an address of yours and see what a debtor lives through.", no_args_is_help=True
)

GhostId = Annotated[str, typer.Argument(help="Its id, with or without `ghost-shopper:`.", metavar="ID")]
LIST_COLUMNS = (
    "customer_id", "policy", "company", "email", "phone", "language", "country", "enrolled_on", "is_removed",
    "messages",
)  # fmt: skip
TIMELINE_COLUMNS = (
    "step", "channel", "status", "reason", "recipient", "language", "planned_date", "contact_date", "sent_at",
    "delivered_at", "answered_at", "time_to_answer",
)  # fmt: skip
KEPT = {True: "kept", False: "BROKEN", None: "nothing to check"}


def register(app: typer.Typer) -> None:
    app.add_typer(ghosts, name="ghost-shopper")


@ghosts.command()
def add(
    email: Annotated[str, typer.Option("--email", help="Where its e-mail goes: an address of the company's.")],
    language: Annotated[str, typer.Option("--language", help="es, en or pt.")],
    country: Annotated[str, typer.Option("--country", help="Two letters, e.g. PE.")],
    policy: Annotated[str, typer.Option("--policy", help="The name of the policy to live through.")],
    phone: Annotated[str | None, typer.Option("--phone", help="Where SMS, WhatsApp and calls go.")] = None,
    name: Annotated[str, typer.Option("--name", help="How it is greeted.")] = "Ghost Shopper",
    company: Annotated[str | None, typer.Option("--company", help="Whom it owes. Default: the policy's.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Of what it owes. Default: the policy's.")] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="What it owes. Default: above the minimum.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Its first day. Default: the publication's.")] = None,
) -> None:
    """Enrol one: it owes a made-up document that reaches the policy's first step on its first day, then each other."""
    from cartera.reminders.enrol import Enrolment
    from cartera.reminders.enrol import add as enrol

    asked = Enrolment(
        email=email, language=language, country=country, policy_name=policy, phone=phone, name=name,
        company_id=company, currency_code=currency, amount=_amount(amount),
    )  # fmt: skip
    customer_id = enrol(asked, current_user(), as_of=parse_date(as_of) if as_of else None)
    typer.echo(customer_id)
    messages.print("`cartera reminders plan` plans for it beside the customers from now on", markup=False)


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 6) or amount >= Decimal(10) ** 15:
        raise ConfigError(f"{text!r} is no amount", "e.g. 250.50")
    return amount


@ghosts.command("list")
def list_(
    all: Annotated[bool, typer.Option("--all", help="Also those removed.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Who is enrolled, the newest first."""
    from cartera.reminders.enrol import listed

    found = listed(with_removed=all)
    if format is Format.json:
        print_json({"rows": found})
    else:
        print_rows(found, LIST_COLUMNS, format)


@ghosts.command()
def remove(ghost: GhostId) -> None:
    """Let one go: it gets nothing more; its report stays."""
    from cartera.reminders.enrol import remove as let_go

    withdrawn = let_go(ghost, current_user())
    messages.print(f"{ghost} is removed; {withdrawn} waiting messages were withdrawn", markup=False)


@ghosts.command()
def report(ghost: GhostId, format: FormatOption = Format.table) -> None:
    """What it lived through: timeline, texts as sent, channels, time to answer, and which rules were kept."""
    from cartera.reminders.ghost_report import ghost_report

    found = ghost_report(ghost)
    if format is Format.json:
        print_json(asdict(found))
        return
    timeline = [_shown(row) for row in found.timeline]
    print_rows(timeline, TIMELINE_COLUMNS, format, f"{found.ghost['customer_id']}, policy {found.policy_name}")
    print_rows(found.ladder, ("step", "tone", "due_on", "came_on", "channels", "outcome"), format, "steps")
    if found.skips:
        print_rows(found.skips, ("as_of_date", "reason"), format, "left in peace")
    rules = [{"rule": each.rule, "kept": KEPT[each.is_kept], "saw": each.saw} for each in found.rules]
    print_rows(rules, ("rule", "kept", "saw"), format, "rules")
    if format is Format.table:
        for row in found.timeline:
            if row["message"] is not None:
                _show_message(row)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    waited = row["time_to_answer"]
    return row | {"time_to_answer": str(waited).partition(".")[0] if waited is not None else None}


def _show_message(row: dict[str, Any]) -> None:
    head = f"--- {row['step']} by {row['channel']}, {row['contact_date']} ---"
    typer.echo(printable("\n".join(["", head, row["subject"] or "", row["message"]]), keep="\n\xa0"))
