"""Law 10 beyond e-mail: hostile names and numbers stay data in SMS, WhatsApp, voice, calls, PDF, CSV and calendars."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import typer
from hostile import PAYLOADS
from ics_reader import events
from pypdf import PdfReader
from reminder_world import AS_OF, World, contacts, query
from test_reminder_texts import POLICY, TEMPLATES, contact
from typer.testing import CliRunner

from cartera.cli import calls as calls_commands
from cartera.cli import preview as preview_command
from cartera.cli import reminders as reminders_commands
from cartera.cli.output import NEGATIVE_AMOUNT
from cartera.reminders import approve_reminders, plan_reminders
from cartera.reminders.call_rows import call_calendar, call_row
from cartera.reminders.calls import Call
from cartera.reminders.content import CallTask, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.model import Customer, PlannedContact
from cartera.reminders.pdf import text_of
from cartera.reminders.policy import Channel
from cartera.reminders.text import clean

INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
STORABLE = [text for text in PAYLOADS if "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)]
"""PostgreSQL itself refuses the others."""


def by(channel: Channel, text: str = "F001-1", name: str = "Ana") -> tuple[PlannedContact, Customer]:
    planned = replace(contact(number=text), channel=channel, recipient="+51987654321", customer_id=name)
    return planned, Customer(name, name, country_code="PE")


def render(channel: Channel, text: str = "F001-1", name: str = "Ana", template: str = "overdue") -> Any:
    return rendered(template, *by(channel, text, name))


def rendered(template: str, planned: PlannedContact, customer: Customer) -> Any:
    return TEMPLATES.render(template, planned, customer, POLICY, AS_OF, stop="alto@acreedor.pe", reference="abc")


def is_plain(text: str, keep: str = "\n") -> bool:
    return all(char in keep or unicodedata.category(char) not in INVISIBLE for char in text)


def test_there_are_three_hundred() -> None:
    assert len(PAYLOADS) >= 300


@pytest.mark.parametrize("channel", ["sms", "voice", "whatsapp"])
def test_short_messages_name_neither_customer_nor_document(channel: Channel) -> None:
    plain = render(channel)
    assert isinstance(plain, (ShortText, TemplateMessage))
    for text in PAYLOADS:
        assert render(channel, text, text) == plain


def test_a_template_of_ones_own_that_names_them_keeps_them_on_one_line() -> None:
    found = TEMPLATES._environment("whatsapp", is_html=False).from_string(
        "{{ customer.name }} {{ groups[0].lines[0].number }}"
    )
    from cartera.reminders.context import Facts, context

    for text in PAYLOADS:
        planned, customer = by("whatsapp", text, text)
        facts = Facts(planned, customer, POLICY, AS_OF, TEMPLATES._words_of("es"), "alto@acreedor.pe")
        shown = found.render(context(facts))
        assert is_plain(shown, keep="") and "    " not in shown and len(shown) <= 170
        assert not clean(text) or clean(text) in shown


def test_call_tasks_keep_their_lines() -> None:
    plain = render("call", template="hand_over")
    assert isinstance(plain, CallTask)
    for text in PAYLOADS:
        task = render("call", text, text, template="hand_over")
        assert task.script.count("\n") == plain.script.count("\n"), text
        assert is_plain(task.summary, keep="") and is_plain(task.script)
        assert clean(text)[:50].rstrip("…") in task.summary


def _active(content: bytes) -> set[str]:
    """What in a PDF could act: nothing of it may be there."""
    reader = PdfReader(io.BytesIO(content))
    root = reader.root_object
    # an array is the place at which the file opens, and no action
    names = {"/AA", "/AcroForm", "/Names", "/JavaScript"} & set(root)
    names |= {"/OpenAction"} if not isinstance(root.get("/OpenAction", []), list) else set()
    return names | {"/Annots" for page in reader.pages if "/Annots" in page}


def _letters(text: str) -> str:
    """Letters and digits of the Latin alphabet, which a font has and no line break or bidi moves."""
    return "".join(char for char in text if char.isascii() and char.isalnum())


LETTERS = 35


def test_letters_carry_names_and_numbers_as_text() -> None:
    # each payload once, as a name or as one of the numbers: a letter takes a third of a second to make and read
    longest_first = sorted(PAYLOADS, key=len, reverse=True)
    for place in range(LETTERS):
        # the first row is not parted by the end of the page
        numbers = longest_first[place::LETTERS]
        name = numbers.pop(place % len(numbers))
        planned, customer = by("letter", name=name)
        lines = [planned.lines[0]._replace(item=replace_item(planned, text, at)) for at, text in enumerate(numbers)]
        content = rendered("final_notice", replace(planned, lines=tuple(lines)), customer)
        assert isinstance(content, Letter) and not _active(content.pdf), name
        said = _letters(text_of(content.pdf))
        assert _letters(clean(name))[:40] in said, name
        for text in numbers:
            assert _letters(clean(text, 60))[:25] in said, text
        assert said.count("PEN700") == len(numbers), "no row is lost, doubled or turned into two"
        assert all(is_plain(line, keep="") for line in content.lines)


def test_a_statement_lists_every_hostile_number() -> None:
    planned, customer = by("email", name="=1+1<b>{nb}")
    items = [
        replace_item(planned, number, position)
        for position, number in enumerate(text for text in PAYLOADS if clean(text))
    ]
    step = planned.step.model_copy(update={"attach": ("statement",)})
    whole = replace(planned, step=step, statement=tuple(items))
    message = TEMPLATES.render("overdue", whole, customer, POLICY, AS_OF, stop="alto@acreedor.pe")
    assert isinstance(message, Rendered)
    (file,) = message.attachments
    assert file.name == "estado-de-cuenta.pdf" and not _active(file.content)
    text = text_of(file.content)
    assert text.count("PEN 7.00") == len(items), "no row is lost, doubled or turned into two"
    assert f"PEN {7 * len(items):,}.00" in text and "=1+1<b>{nb}" in text


def replace_item(planned: PlannedContact, number: str, position: int) -> Any:
    item = planned.lines[0].item
    return item._replace(item_id=str(position), document_number=number, open_amount=Decimal(7))


def _call(text: str, position: int) -> Call:
    planned, customer = by("call", text, text)
    task = render("call", text, text, template="hand_over")
    return Call(
        f"{position:08}-0000-4000-8000-000000000000", customer, text, planned, 10, "PEN", Decimal(7), None, None,
        task.summary, task.script,
    )  # fmt: skip


def test_calendars_hold_one_event_each() -> None:
    (plain,) = events(call_calendar([_call("Ana", 0)], AS_OF))
    content = call_calendar([_call(text, position) for position, text in enumerate(PAYLOADS)], AS_OF)
    for text, event in zip(PAYLOADS, events(content), strict=True):
        assert set(event) == set(plain)
        assert clean(text)[:50].rstrip("…") in event["SUMMARY"]
        assert event["DESCRIPTION"].count("\n") == plain["DESCRIPTION"].count("\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_rows_of_the_call_list_are_one_visible_line_per_cell() -> None:
    for position, text in enumerate(PAYLOADS):
        row = call_row(1, _call(text, position))
        assert all(is_plain(str(value), keep="") for value in row.values()), text


def run(*words: str) -> str:
    return run_bytes(*words).decode()


def run_bytes(*words: str) -> bytes:
    app = typer.Typer()
    for module in (reminders_commands, preview_command, calls_commands):
        module.register(app)
    result = CliRunner().invoke(app, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout_bytes


def test_a_portfolio_of_hostile_customers_goes_through_the_ledger_unchanged(world: World) -> None:
    for position, text in enumerate(STORABLE):
        world.customer(f"c{position}", name=text, collector=text)
        world.owes(f"c{position}", due=-10, document_number=text, item_id=f"files:{position}|{text[:40]}")
    world.publish()
    report = plan_reminders()
    assert report.planned == len(STORABLE)
    stored = {
        row["customer_id"]: (row["item_id"], row["document_number"])
        for row in query(
            "select customer_id, item_id, document_number from ops.contacts join ops.contact_items using (contact_id)"
        )
    }
    for position, text in enumerate(STORABLE):
        # the number is null where the source has none
        assert stored[f"c{position}"] == (f"files:{position}|{text[:40]}", text)
    assert len(contacts()) == len(STORABLE)


def test_the_call_list_of_hostile_customers_in_every_format(world: World, tmp_path: Any, monkeypatch: Any) -> None:
    from cartera.settings import PACKAGE_DIR, get_settings

    (tmp_path / "shared").mkdir()
    for name in ("prices.yaml", "calls.yaml"):
        (tmp_path / "shared" / name).write_text((PACKAGE_DIR.parent / "policies" / "shared" / name).read_text())
    (tmp_path / "p.yaml").write_text(
        "name: p\nsteps: [{name: first, offset_days: 1, template: hand_over, channels: [call]}]\n"
        "creditor: {name: A, contact_name: C, email: c@acreedor.pe}\n"
    )
    monkeypatch.setattr(get_settings(), "policies_dir", tmp_path)
    for position, text in enumerate(STORABLE):
        world.customer(f"c{position}", name=text, collector=text, phone=text, country_code="PE")
        world.owes(f"c{position}", due=-10, document_number=text)
    world.publish()
    plan_reminders()
    approve_reminders()
    rows = list(csv.DictReader(io.StringIO(run("calls", "today", "--format", "csv"), newline="")))
    assert len(rows) == len(STORABLE)
    cells = [cell for row in rows for cell in row.values() if not NEGATIVE_AMOUNT.fullmatch(cell)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    found = json.loads(run("calls", "today", "--format", "json"))
    assert len(found["calls"]) == len(STORABLE)
    names = {row["customer_id"]: row["name"] for row in found["calls"]}
    assert all(names[f"c{position}"] == clean(text) for position, text in enumerate(STORABLE))
    assert len(events(run_bytes("calls", "today", "--format", "ics"))) == len(STORABLE)
    assert is_plain(run("calls", "today"))
    for position in range(0, len(STORABLE), 20):
        assert is_plain(run("reminders", "preview", "hand_over", "--customer", f"c{position}"))
