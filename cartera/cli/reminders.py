"""`cartera reminders`: who gets which message, who does not and why; approve, send, look, settle."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows, printable
from cartera.clock import parse_date
from cartera.errors import ConfigError

reminders = typer.Typer(
    help="Plan, approve and send reminders; see why each went out or did not.", no_args_is_help=True
)

AsOf = Annotated[str | None, typer.Option("--as-of", help="Date, YYYY-MM-DD. Default: the publication's.")]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file. Default: all of policies/*.yaml.", show_default=False)
]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json.")]
PlanId = Annotated[int | None, typer.Argument(help="Only contacts of this plan (its number).", metavar="[RUN]")]

PLAN_COLUMNS = (
    "contact", "customer_id", "company_id", "step", "tone", "channel", "recipient", "language", "items", "amounts",
)  # fmt: skip


class Truth(StrEnum):
    sent = "sent"
    not_sent = "not-sent"


def register(app: typer.Typer) -> None:
    app.add_typer(reminders, name="reminders")


@reminders.command()
def plan(
    as_of: AsOf = None,
    policy: PolicyFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and store nothing.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Who gets what; who does not, and why: counts by reason. Planning again plans nothing twice."""
    from cartera.reminders import approve_small, plan_reminders

    date = parse_date(as_of) if as_of else None
    report = plan_reminders(date, policy, planned_by=current_user(), dry_run=dry_run)
    approved = 0 if dry_run else approve_small().approved
    rows = [_planned_row(contact_id, contact) for contact_id, contact in report.contacts.items()]
    summary = {
        "run": None if dry_run else report.plan_id,
        "runs": {} if dry_run else report.plan_ids,
        "policy": report.policy_name,
        "as_of": report.as_of,
        "known_at": report.known_at,
        "planned": report.planned,
        "kept": report.kept,
        "replaced": report.replaced,
        "approved": approved,
        "skipped": dict(report.skips),
        "ghost_shoppers": len(report.ghosts),
    }
    if format is Format.json:
        print_json(summary | {"contacts": rows})
        return
    print_rows(rows, PLAN_COLUMNS, format, f"reminders as of {report.as_of}, policy {report.policy_name}")
    if format is Format.table:
        skips = [{"reason": reason, "customers": count} for reason, count in report.skips.most_common()]
        print_rows(skips, ("reason", "customers"), format, "left in peace")
    _say_plan(summary)


def _planned_row(contact_id: str, contact: Any) -> dict[str, Any]:
    from decimal import Decimal

    from cartera.money import plain

    totals: dict[str, Decimal] = {}
    for line in contact.lines:
        code = line.item.currency_code
        totals[code] = totals.get(code, Decimal(0)) + line.item.open_amount
    return {
        "contact": contact_id[:8],
        "contact_id": contact_id,
        "customer_id": contact.customer_id,
        "company_id": contact.company_id,
        "step": contact.step.name,
        "tone": contact.step.tone,
        "channel": contact.channel,
        "recipient": contact.recipient,
        "language": contact.language,
        "items": len(contact.lines),
        "amounts": "; ".join(f"{code} {plain(amount, code)}" for code, amount in sorted(totals.items())),
    }


def _say_plan(summary: dict[str, Any]) -> None:
    plans = ", ".join(f"{plan_id} ({name})" for name, plan_id in summary["runs"].items())
    run = f"plan {plans}" if plans else "not stored (--dry-run)"
    messages.print(
        f"{run}: {summary['planned']:,} planned, {summary['kept']:,} planned before,"
        f" {summary['replaced']:,} replaced, {sum(summary['skipped'].values()):,} left in peace,"
        f" {summary['approved']:,} approved by the policy"
        + (f"; {summary['ghost_shoppers']:,} for ghost shoppers besides" if summary["ghost_shoppers"] else ""),
        markup=False,
    )
    if summary["skipped"].get("not_by_law"):
        messages.print(
            "not_by_law: `cartera reminders explain CUSTOMER` names the rule. It may want to know the country"
            " or the kind of the customer (`unknown_debtors` in policies/shared/contact_rules.yaml), or a channel that"
            " it authorised (`cartera contacts authorise`)",
            markup=False,
        )
    if summary["run"] is not None and summary["planned"] + summary["ghost_shoppers"] > summary["approved"]:
        messages.print("next: `cartera reminders approve`, then `cartera reminders send`", markup=False)


@reminders.command()
def approve(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Plan numbers or contact ids (first characters). Default: all.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Approve planned contacts for sending."""
    from cartera.reminders import approve_reminders
    from cartera.reminders.approve import find_contact, waiting

    plans = [int(each) for each in ids or [] if each.isdigit() and len(each) < 8]
    contacts = [find_contact(each) for each in ids or [] if not (each.isdigit() and len(each) < 8)]
    choices: list[tuple[int | None, list[str]]] = [(plan_id, []) for plan_id in plans] + (
        [(None, contacts)] if contacts or not plans else []
    )
    found = sum(len(waiting(plan_id, named)) for plan_id, named in choices)
    count = min(found, limit) if limit else found
    if not count:
        messages.print("nothing waits for approval; see `cartera reminders list`", markup=False)
        return
    if not yes and not _asked(f"approve {count:,} of {found:,} waiting reminders?"):
        raise typer.Exit(1)
    approved, left = 0, limit
    for plan_id, named in choices:
        done = approve_reminders(plan_id, named, limit=left, approved_by=current_user()).approved
        approved, left = approved + done, None if left is None else max(left - done, 0)
    messages.print(f"{approved:,} approved; next: `cartera reminders send`", markup=False)


def _asked(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("approval needs an answer and there is no terminal", "add --yes")
    return typer.confirm(question, err=True)


@reminders.command()
def send(
    run: PlanId = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """Send what is approved; each contact is checked again at that very moment."""
    from cartera.outgoing import gateways, reminder_channels, waiting, where_to
    from cartera.reminders import send_reminders

    channels = reminder_channels()
    report, where = send_reminders(channels, run, limit=limit, gateways=gateways()), where_to(channels)
    summary: dict[str, Any] = {
        "sent": report.sent,
        "skipped": dict(report.skipped),
        "failed": report.failed,
        "unknown": report.unknown,
        "retry_later": report.later,
        "outside_send_window": report.outside_window,
        "settled": dict(report.settled),
        "waiting": waiting(channels),
        "channel": where,
    }
    if format is Format.json:
        print_json(summary)
    else:
        rows = [{"what": name, "contacts": count} for name, count in _flat(summary)]
        print_rows(rows, ("what", "contacts"), format, f"sent to {where}")
    if report.unknown or report.settled["unknown"]:
        messages.print(
            "unknown: whether these arrived must be looked up; `cartera reminders list --status unknown`,"
            " then `cartera reminders settle ID --as sent|not-sent`",
            style="yellow",
            markup=False,
        )
    if summary["waiting"]:
        messages.print(
            f"waiting: {', '.join(summary['waiting'])} is not configured beside the channels that are;"
            " `cartera channels` shows them",
            style="yellow",
            markup=False,
        )
    report.raise_if_stopped()


def _flat(summary: dict[str, Any]) -> list[tuple[str, int]]:
    flat: list[tuple[str, int]] = []
    for name, value in summary.items():
        if isinstance(value, int):
            flat.append((name, value))
        elif isinstance(value, dict):
            flat += [(f"{name}: {key}", count) for key, count in sorted(value.items())]
    return flat


@reminders.command("list")
def list_(
    status: Annotated[str | None, typer.Option("--status", help="planned, approved, sent, unknown ...")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Planned for this date, YYYY-MM-DD.")] = None,
    run: Annotated[int | None, typer.Option("--run", help="Only of this plan.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows.")] = 1000,
    format: FormatOption = Format.table,
) -> None:
    """Contacts and what became of them, the newest plan first."""
    from cartera.reminders.explain import LIST_COLUMNS, list_contacts
    from cartera.reminders.model import Status

    if status and status not in list(Status):
        raise ConfigError(f"{status!r} is no status of a contact", f"one of {', '.join(Status)}")
    rows = list_contacts(status=status, as_of=parse_date(as_of) if as_of else None, plan_id=run, limit=limit)
    if format is Format.json:
        print_json({"rows": rows})
    else:
        print_rows(rows, LIST_COLUMNS, format)


@reminders.command()
def explain(
    name: Annotated[str, typer.Argument(help="A contact (first characters of its id) or a customer.", metavar="ID")],
    as_of: AsOf = None,
    policy: PolicyFile = None,
    format: FormatOption = Format.table,
) -> None:
    """Each rule that was asked, what it saw, what it answered."""
    from cartera.reminders.explain import explain as look

    found = look(name, as_of=parse_date(as_of) if as_of else None, policy_path=policy)
    if format is Format.json:
        print_json(found)
    elif "contact" in found:
        _show_contact(found, format)
    else:
        _show_customer(found, format)


def _show_contact(found: dict[str, Any], format: Format) -> None:
    contact = found["contact"]
    print_rows([{"field": key, "value": value} for key, value in contact.items()], ("field", "value"), format)
    if found["items"]:
        print_rows(found["items"], list(found["items"][0]), format, "items")
    for said in found["messages"]:
        _show_words(said, format)
    columns = ("happened_at", "from_status", "to_status", "actor", "reason_code")
    print_rows(found["events"], columns, format, "what happened")
    for event in found["events"]:
        _show_answers(event["detail"].get("answers", []), format, f"asked when it became {event['to_status']}")
        if "answer" in event["detail"] and format is Format.table:
            print_rows([{"the mail server said": event["detail"]["answer"]}], ("the mail server said",), format)


def _show_words(said: dict[str, Any], format: Format) -> None:
    """What was made ready to be handed over; the last of a contact that went out is what went out."""
    words = said["words"]
    files = (f"{each['name']} sha256:{each['sha256']}" for each in words.get("attachments", ()))
    facts = {"made_ready_at": said["kept_at"], "template_hash": said["template_hash"]}
    facts |= {name: words.get(name) for name in ("recipient", "redirected_to", "subject")} | {
        "attachments": "; ".join(files)
    }
    if format is Format.csv:
        print_rows([facts | {"text": words["text"]}], (*facts, "text"), format)
        return
    print_rows([{"field": name, "value": value} for name, value in facts.items()], ("field", "value"), format, "words")
    typer.echo(printable(words["text"], keep="\n\xa0"))


def _show_customer(found: dict[str, Any], format: Format) -> None:
    messages.print(f"as of {found['as_of']}, policy {found['policy']}", markup=False)
    for now in found["now"]:
        _show_answers(now["answers"], format, f"company {now['company_id']}: {now['verdict']}")
        if not now["answers"]:
            messages.print(f"company {now['company_id']}: {now['verdict']}", markup=False)
    if not found["now"]:
        messages.print("nothing is open", markup=False)
    for name in ("contacts", "skips"):
        if found[name]:
            print_rows(found[name], list(found[name][0]), format, name)


def _show_answers(answers: list[dict[str, Any]], format: Format, title: str) -> None:
    rows = [each | {"answer": "allowed" if each["passed"] else "not allowed"} for each in answers]
    if rows:
        print_rows(rows, ("rule", "saw", "answer"), format, title)


@reminders.command()
def settle(
    contact: Annotated[str, typer.Argument(help="An unknown contact (first characters of its id).", metavar="ID")],
    truth: Annotated[Truth, typer.Option("--as", help="What you found out.")],
) -> None:
    """Say what became of a contact whose sending was cut off. Not sent: it is approved again."""
    from cartera.reminders import settle as settle_contact
    from cartera.reminders.approve import find_contact

    contact_id = find_contact(contact)
    status = settle_contact(contact_id, truth.value, current_user())
    messages.print(f"contact {contact_id[:8]} is {status} now", markup=False)


def current_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "cartera"
