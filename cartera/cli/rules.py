"""`cartera rules`: may this debtor be contacted then, when next, and what the packs say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from cartera.cli.asked import company_of, country_of, question_of
from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.contact_rules.model import Channel, Place, Recipient

if TYPE_CHECKING:
    from cartera.contact_rules import Question

rules = typer.Typer(help="Contact rules: what the law and the company allow, and where from.", no_args_is_help=True)

Country = Annotated[str | None, typer.Option("--country", help="Where the debtor lives, ISO 3166: PE, CO, US.")]
Region = Annotated[str | None, typer.Option("--region", help="State or province: SP, MA, C. Default: not known.")]
Timezone = Annotated[
    str | None, typer.Option("--timezone", help="The debtor's, as America/Lima. Default: every one of the country.")
]
ChannelOption = Annotated[Channel, typer.Option("--channel", help="How the debtor would be contacted.")]
Kind = Annotated[
    bool | None, typer.Option("--business/--consumer", help="Who the debtor is. Default: not known, both hold.")
]
HistoryFile = Annotated[
    Path | None,
    typer.Option("--history", help="CSV or JSON of earlier contacts: at, channel, outcome, direction, debts, place."),
]
Authorised = Annotated[
    list[Channel] | None, typer.Option("--authorised", help="A channel the debtor consented to; can be repeated.")
]
OptedOut = Annotated[
    list[Channel] | None, typer.Option("--opted-out", help="A channel the debtor opted out of; can be repeated.")
]
HoldOption = Annotated[
    list[str] | None, typer.Option("--hold", help="What stops contact: dispute, breathing_space:2026-11-01, ...")
]
Debts = Annotated[list[str] | None, typer.Option("--debt", help="What the contact is about; can be repeated.")]
CustomerOption = Annotated[
    str | None,
    typer.Option(
        "--customer", help="A customer: residence, history, holds, consents as known. Other options go first."
    ),
]
RecipientOption = Annotated[Recipient, typer.Option("--recipient", help="Who would be contacted.")]
PlaceOption = Annotated[Place, typer.Option("--place", help="The debtor's own address or number, or one at work.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Also the rules that packs keep for a strict mode.")]
CompanyFile = Annotated[
    Path | None,
    typer.Option("--company-rules", help="The company's own rules. Default: policies/shared/contact_rules.yaml."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv or json.")]

ANSWER_COLUMNS = ("answer", "rule", "weight", "text", "saw", "source")
LIST_COLUMNS = ("pack", "rule", "weight", "channels", "text", "says", "level", "source")


def register(app: typer.Typer) -> None:
    app.add_typer(rules, name="rules")


@rules.command()
def check(
    channel: ChannelOption,
    at: Annotated[str, typer.Option("--at", help="When, as 2026-11-21T10:00: the debtor's time, or with an offset.")],
    customer: CustomerOption = None,
    country: Country = None,
    region: Region = None,
    timezone: Timezone = None,
    is_business: Kind = None,
    history: HistoryFile = None,
    authorised: Authorised = None,
    opted_out: OptedOut = None,
    hold: HoldOption = None,
    debt: Debts = None,
    recipient: RecipientOption = Recipient.debtor,
    place: PlaceOption = Place.home,
    strict: StrictOption = False,
    company_rules: CompanyFile = None,
    format: FormatOption = Format.table,
) -> None:
    """Yes or no (exit status 0 or 1), with every rule that was asked, its source and what it saw. Not legal advice."""
    book, question, said = question_of(
        channel, at, customer, country, region, timezone, is_business, history, authorised, opted_out, hold, debt,
        recipient, place, strict, company_rules,
    )  # fmt: skip
    verdict = book.check(question)
    answers = [answer.as_json() for answer in verdict.answers]
    notes = [*verdict.notes, *said]
    if format is Format.json:
        print_json(
            {
                "is_allowed": verdict.is_allowed,
                "reason": verdict.reason,
                "at": question.at,
                "time_zones": list(verdict.time_zones),
                "next_allowed": question.at if verdict.is_allowed else book.next_allowed(question),
                "notes": notes,
                "answers": answers,
            }
        )
    else:
        print_rows([_answer_row(answer) for answer in answers], ANSWER_COLUMNS, format, _title(question, verdict))
        _say(notes)
        for answer in verdict.refusals:
            messages.print(f"no: {answer.rule.text} ({answer.saw})", markup=False)
    if not verdict.is_allowed:
        raise typer.Exit(1)


@rules.command("next")
def next_(
    channel: ChannelOption,
    after: Annotated[str, typer.Option("--after", help="Not before, as 2026-11-21T10:00: the debtor's time.")],
    customer: CustomerOption = None,
    country: Country = None,
    region: Region = None,
    timezone: Timezone = None,
    is_business: Kind = None,
    history: HistoryFile = None,
    authorised: Authorised = None,
    opted_out: OptedOut = None,
    hold: HoldOption = None,
    debt: Debts = None,
    recipient: RecipientOption = Recipient.debtor,
    place: PlaceOption = Place.home,
    strict: StrictOption = False,
    company_rules: CompanyFile = None,
    format: FormatOption = Format.table,
) -> None:
    """The next moment that every rule allows, if nothing else happens until then. Exit status 1: there is none."""
    book, question, said = question_of(
        channel, after, customer, country, region, timezone, is_business, history, authorised, opted_out, hold, debt,
        recipient, place, strict, company_rules,
    )  # fmt: skip
    found = book.next_allowed(question)
    verdict = book.check(question)
    zones = [ZoneInfo(name) for name in verdict.time_zones]
    rows = [{"time_zone": zone.key, "next_allowed": f"{found.astimezone(zone):%a %Y-%m-%d %H:%M}"}
            for zone in zones if found]  # fmt: skip
    lasting = sorted({answer.rule.text for answer in verdict.refusals})
    if format is Format.json:
        print_json({"next_allowed": found, "local": rows, "notes": [*verdict.notes, *said], "refused_now": lasting})
    else:
        print_rows(rows, ("time_zone", "next_allowed"), format, f"{channel} from {after} on")
        _say([*verdict.notes, *said])
        for text in lasting:
            messages.print(f"not before: {text}" if found else f"no: {text}", markup=False)
    if not found:
        if format is not Format.json:
            messages.print("there is no allowed moment in the next 400 days as things stand", markup=False)
        raise typer.Exit(1)


@rules.command("list")
def list_(
    country: Country = None,
    region: Region = None,
    company_rules: CompanyFile = None,
    format: FormatOption = Format.table,
) -> None:
    """What the packs say, where from, and how sure it is. Not legal advice."""
    from cartera.contact_rules.shown import pack_json, rule_rows

    _, book = company_of(company_rules)
    packs = book.packs_of(country_of(country), region=region) if country else book.packs
    if format is Format.json:
        print_json({"packs": [pack_json(pack) for pack in packs]})
        return
    print_rows([row for pack in packs for row in rule_rows(pack)], LIST_COLUMNS, format, "contact rules")
    for pack in packs:
        for text in pack.unverified:
            messages.print(f"{pack.id}: not verified: {text}", markup=False)


def _title(question: Question, verdict: Any) -> str:
    answer = "yes" if verdict.is_allowed else "no"
    where = question.country or "a country not known"
    local = question.at.astimezone(ZoneInfo(verdict.time_zones[0] if verdict.time_zones else "UTC"))
    return f"{answer}: {question.channel} to {where} at {local:%a %Y-%m-%d %H:%M %z}"


def _answer_row(answer: dict[str, Any]) -> dict[str, Any]:
    source = "; ".join(each["title"] + (f" <{each['url']}>" if each["url"] else "") for each in answer["sources"])
    return {
        "answer": "yes" if answer["passed"] else "no",
        "rule": answer["rule"],
        "weight": answer["standing"],
        "text": answer["text"],
        "saw": answer["saw"],
        "source": source or "Cartera's own, not law",
    }


def _say(notes: list[str]) -> None:
    for note in notes:
        messages.print(f"note: {note}", markup=False)
