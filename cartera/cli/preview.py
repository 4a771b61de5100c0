"""`cartera reminders preview`: a message as it will look, before anybody gets it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cartera.cli.output import messages, printable
from cartera.cli.reminders import AsOf, PolicyFile, reminders
from cartera.clock import parse_date
from cartera.errors import ConfigError


def register(app: typer.Typer) -> None:
    """The command is one of the group `reminders`."""
    reminders.command()(preview)


def preview(
    template: Annotated[str, typer.Argument(help="A template, e.g. overdue_firm.")],
    customer: Annotated[str, typer.Option("--customer", help="A customer's id.")],
    language: Annotated[str | None, typer.Option("--language", help="es, en or pt. Default: the customer's.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Default: the first of the step.")] = None,
    company: Annotated[str | None, typer.Option("--company", help="Where the customer owes several.")] = None,
    as_of: AsOf = None,
    policy: PolicyFile = None,
    to: Annotated[Path | None, typer.Option("--to", help="A folder for the HTML, text and PDF files.")] = None,
    part: Annotated[str | None, typer.Option("--part", help="text, html or pdf: only that, to the output.")] = None,
) -> None:
    """The message as it will look, with what is open now; length and cost. Nothing is stored or sent."""
    from cartera.reminders.addresses import NEEDS
    from cartera.reminders.policy import LANGUAGES
    from cartera.reminders.preview import preview as look

    found = look(
        template,
        customer,
        language=_one_of(language, LANGUAGES, "language"),
        channel=_one_of(channel, tuple(NEEDS), "channel"),
        company_id=company,
        as_of=parse_date(as_of) if as_of else None,
        policy_path=policy,
    )
    if to:
        _write(to, found.files)
    elif part:
        _print_part(found.files, part)
    else:
        _show_preview(found)


def _one_of(value: str | None, known: tuple[Any, ...], what: str) -> Any:
    if value is not None and value not in known:
        raise ConfigError(f"{value!r} is no {what}", f"one of {', '.join(known)}")
    return value


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        messages.print(str(folder / name), markup=False)


def _print_part(files: dict[str, bytes], part: str) -> None:
    suffix = {"text": ".txt", "html": ".html", "pdf": ".pdf"}.get(part)
    content = next((content for name, content in files.items() if suffix and name.endswith(suffix)), None)
    if content is None:
        there = sorted({name.rpartition(".")[2] for name in files})
        raise ConfigError(f"this message has no part {part!r}", f"it has: {', '.join(there).replace('txt', 'text')}")
    sys.stdout.buffer.write(content)


def _show_preview(found: Any) -> None:
    from cartera.reminders.content import Rendered, TemplateMessage

    contact, content = found.contact, found.content
    sys.stdout.write(printable(found.text.replace("\xa0", " "), keep="\n").rstrip() + "\n")
    facts: dict[str, Any] = {
        "policy and step": f"{found.policy_name}, {contact.step.name}",
        "channel": contact.channel,
        "to": contact.recipient or "no usable address",
        "language": contact.language,
        "cost": f"{found.cost_currency} {found.cost.normalize():f}",
    }
    if isinstance(content, Rendered):
        facts["subject"] = content.subject
        facts["attachments"] = ", ".join(f"{each.name} ({len(each.content):,} bytes)" for each in content.attachments)
    if isinstance(content, TemplateMessage):
        facts["approved template"] = f"{content.name} ({content.language})"
        facts["parameters"] = " | ".join(content.parameters)
    if found.sms:
        facts["length"] = f"{found.sms.units} in {found.sms.encoding}: {found.sms.segments} segments"
    for name, value in facts.items():
        if value:
            messages.print(printable(f"{name}: {value}"), markup=False)
