"""`cartera desk`: what people record about a customer. The actor is whoever sits at this machine."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import FormatOption, current_user
from cartera.clock import parse_date
from cartera.errors import ConfigError

if TYPE_CHECKING:
    from cartera.desk import Actor, CustomerFile

desk = typer.Typer(help="Record calls, promises, plans, disputes, notes, holds, addresses.", no_args_is_help=True)

CustomerId = Annotated[str, typer.Argument(help="A customer's id.", metavar="CUSTOMER")]
Company = Annotated[str, typer.Option("--company", help="To which company it is owed.")]
Currency = Annotated[str, typer.Option("--currency", help="ISO 4217 code, e.g. PEN.")]
Items = Annotated[list[str] | None, typer.Option("--item", help="An open item; again for more. Default: all.")]
NoteOption = Annotated[str, typer.Option("--note", help="A few words.")]
ActionId = Annotated[
    str | None, typer.Option("--action-id", help="A uuid of yours: the same one twice records one thing.")
]
FILE_COLUMNS = ("at", "by", "what", "version", "reference", "summary")


def register(app: typer.Typer) -> None:
    app.add_typer(desk, name="desk")


def _actor() -> Actor:
    from cartera.desk import Actor

    return Actor.local(current_user())


def _id(given: str | None) -> str:
    return given or str(uuid.uuid4())


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{text!r} is no amount", "write it as 1234.50") from None


@desk.command()
def call(
    customer: CustomerId,
    outcome: Annotated[str, typer.Option("--outcome", help="E.g. right_party_promise, no_answer, wrong_party.")],
    contact: Annotated[
        str | None, typer.Option("--contact", help="The task, as `cartera calls today` names it.")
    ] = None,
    seconds: Annotated[int | None, typer.Option("--seconds", min=0, help="How long it took.")] = None,
    note: NoteOption = "",
    action_id: ActionId = None,
) -> None:
    """A call that was made: finishes its task, and counts as a contact."""
    from cartera.desk import OUTCOMES, record_call
    from cartera.reminders.approve import find_contact

    known = next((each for each in OUTCOMES if each == outcome), None)
    if known is None:
        raise ConfigError(f"{outcome!r} is no outcome of a call", f"one of {', '.join(OUTCOMES)}")
    made = record_call(
        _actor(),
        _id(action_id),
        customer,
        outcome=known,
        is_right_party=known.startswith("right_party"),
        note=note,
        contact_id=find_contact(contact) if contact else None,
        duration_seconds=seconds,
    )
    which = "its task is done" if made.had_task else "it had no task"
    messages.print(f"call to {customer} recorded as contact {made.contact_id[:8]}: {which}", markup=False)


@desk.command()
def promise(
    customer: CustomerId,
    company: Company,
    currency: Currency,
    amount: Annotated[str, typer.Option("--amount", help="E.g. 1234.50.")],
    by: Annotated[str, typer.Option("--by", help="The day of payment, YYYY-MM-DD.")],
    item: Items = None,
    note: NoteOption = "",
    action_id: ActionId = None,
) -> None:
    """The customer promised to pay: no reminder until that day has passed."""
    from cartera.desk import promise as record

    made = record(
        _actor(), _id(action_id), customer, company, currency, _amount(amount), parse_date(by),
        item_ids=item or (), note=note,
    )  # fmt: skip
    messages.print(f"promise {made.promise_id[:8]} recorded: {currency} {amount} by {by}", markup=False)


@desk.command()
def plan(
    customer: CustomerId,
    company: Company,
    currency: Currency,
    part: Annotated[list[str], typer.Option("--part", help="YYYY-MM-DD=AMOUNT; again for each.")],
    item: Items = None,
    note: NoteOption = "",
    action_id: ActionId = None,
) -> None:
    """A payment plan: no reminder while each part is paid by its day."""
    from cartera.desk import plan as record

    parts = [(parse_date(day), _amount(amount)) for day, _, amount in (each.partition("=") for each in part)]
    made = record(_actor(), _id(action_id), customer, company, currency, parts, item_ids=item or (), note=note)
    last = made.parts[-1].promised_date
    messages.print(f"plan {made.plan_id[:8]} recorded: {len(made.parts)} parts until {last}", markup=False)


@desk.command()
def dispute(
    customer: CustomerId,
    company: Company,
    currency: Currency,
    reason: Annotated[str, typer.Option("--reason", help="What the customer contests, e.g. goods not delivered.")],
    amount: Annotated[str | None, typer.Option("--amount", help="Only so much of it.")] = None,
    item: Items = None,
    note: NoteOption = "",
    action_id: ActionId = None,
) -> None:
    """The customer contests items: no reminder for them until it is closed."""
    from cartera.desk import dispute as record

    made = record(
        _actor(), _id(action_id), customer, company, currency, item_ids=item or (),
        amount=_amount(amount) if amount else None, reason=reason, note=note,
    )  # fmt: skip
    messages.print(f"dispute {made.dispute_id[:8]} recorded", markup=False)


@desk.command()
def close(
    customer: CustomerId,
    reference: Annotated[str, typer.Argument(help="A promise, plan or dispute: the first characters of its id.")],
    note: Annotated[str, typer.Option("--note", help="Why; of a dispute, how it was decided.")],
    action_id: ActionId = None,
) -> None:
    """A promise or plan no longer holds, or a dispute is decided."""
    from cartera.desk import cancel_plan, cancel_promise, close_dispute

    found, actor = _file(customer), _actor()
    things: dict[str, Any] = {each.dispute_id: each for each in found.disputes}
    things |= {each.plan_id: each for each in found.plans}
    things |= {each.promise_id: each for each in found.promises if each.plan_id is None}
    named = [key for key in things if key.startswith(reference.lower())]
    if len(named) != 1:
        raise ConfigError(f"{reference!r} is not one thing of {customer!r}", "see `cartera desk file`")
    thing, key = things[named[0]], named[0]
    if hasattr(thing, "dispute_id"):
        close_dispute(actor, _id(action_id), customer, key, seen=thing.version, resolution=note)
    elif hasattr(thing, "parts"):
        cancel_plan(actor, _id(action_id), customer, key, seen=thing.version, note=note)
    else:
        cancel_promise(actor, _id(action_id), customer, key, seen=thing.version, note=note)
    messages.print(f"{type(thing).__name__.lower()} {key[:8]} is closed", markup=False)


@desk.command()
def note(
    customer: CustomerId, text: Annotated[str, typer.Argument(help="What to remember.")], action_id: ActionId = None
) -> None:
    """A note for the next one who looks."""
    from cartera.desk import note as record

    record(_actor(), _id(action_id), customer, text)
    messages.print(f"note on {customer} recorded", markup=False)


@desk.command()
def hold(
    customer: CustomerId,
    kind: Annotated[
        str,
        typer.Option("--kind", help="dispute, attorney, insolvency, breathing_space, deceased, vulnerable or other."),
    ] = "other",
    until: Annotated[str | None, typer.Option("--until", help="Last day, YYYY-MM-DD. Default: until released.")] = None,
    note: NoteOption = "",
    action_id: ActionId = None,
) -> None:
    """Leave a customer in peace; one who is vulnerable is called by a person and not written to."""
    from cartera.desk import HOLD_KINDS
    from cartera.desk import hold as record

    known = next((each for each in HOLD_KINDS if each == kind), None)
    if known is None:
        raise ConfigError(f"{kind!r} is no kind of hold", f"one of {', '.join(HOLD_KINDS)}")
    record(_actor(), _id(action_id), customer, known, until=parse_date(until) if until else None, note=note)
    what = "is left to a person" if known == "vulnerable" else "gets no reminders"
    messages.print(f"{customer} {what}" + (f" until {until}" if until else ""), markup=False)


@desk.command()
def release(
    customer: CustomerId,
    kind: Annotated[str | None, typer.Option("--kind", help="Only the hold of this kind. Default: all.")] = None,
    note: NoteOption = "",
) -> None:
    """End a customer's holds."""
    from cartera.desk import release_hold

    held = [each for each in _file(customer).holds if each.released_at is None and kind in (None, each.kind)]
    if not held:
        raise ConfigError(f"customer {customer!r} is not on hold", "see `cartera desk file`")
    for each in held:
        release_hold(_actor(), _id(None), customer, each.hold_id, seen=each.version, note=note)
    messages.print(f"{customer} may get reminders again", markup=False)


@desk.command()
def repair(
    customer: CustomerId,
    channel: Annotated[str, typer.Option("--channel", help="email, sms, whatsapp, voice, letter, call or push.")],
    address: Annotated[str, typer.Option("--address", help="The address or number that works.")],
    action_id: ActionId = None,
) -> None:
    """An address that was found out: the next plan uses it before the source's."""
    from cartera.desk import repair_contact

    made = repair_contact(_actor(), _id(action_id), customer, channel=channel, address=address)
    messages.print(f"{customer} is reached by {channel} at {made.address}", markup=False)


def _file(customer: str) -> CustomerFile:
    from cartera.db import Role, transaction
    from cartera.desk import file_of

    with transaction(Role.desk) as connection:
        return file_of(connection, customer)


@desk.command()
def file(customer: CustomerId, format: FormatOption = Format.table) -> None:
    """Everything that was recorded about a customer, newest first."""
    found = _file(customer)
    if format is Format.json:
        print_json(asdict(found))
        return
    rows = [
        {
            "at": each.at,
            "by": each.by,
            "what": each.kind,
            "version": each.version,
            "reference": each.thing_id[:8],
            "summary": _summary(each.after),
        }
        for each in found.actions
    ]
    print_rows(rows, FILE_COLUMNS, format, f"recorded about {customer}, version {found.version}")


SHOWN = (
    "outcome", "said", "currency_code", "amount", "promised_date", "reason", "resolution", "kind", "until", "channel",
    "address", "text", "note", "statement",
)  # fmt: skip


def _summary(after: Any) -> str:
    told = [str(after[name]) for name in SHOWN if after.get(name)]
    if short := after.get("shortfall"):
        told.append(f"{short['paid_amount']} paid of {short['due_amount']} due by {short['due_date']}")
    return ", ".join(told)
