"""SMS as networks count it, WhatsApp as approved, wording that the law requires, charges: wrong ones fail at load."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from test_reminder_texts import AS_OF, contact

from cartera.contact_rules import product_rulebook
from cartera.errors import ConfigError
from cartera.reminders.as_sent import AsSent, as_sent
from cartera.reminders.channels.base import CHANNELS, Outgoing
from cartera.reminders.charges import Charge
from cartera.reminders.content import Letter, Rendered
from cartera.reminders.disclosures import LegalWording
from cartera.reminders.model import Customer
from cartera.reminders.pdf import text_of
from cartera.reminders.policies import load_policy
from cartera.reminders.policy import Channel, Creditor, Language, Policy, Step
from cartera.reminders.render import Templates
from cartera.reminders.sms import length, prepared
from cartera.settings import PACKAGE_DIR

PROJECT = PACKAGE_DIR.parent
CREDITOR = Creditor(
    name="Acreedor S.A.", contact_name="Cobranzas", email="c@acreedor.pe", payment={"PEN": "BCP 1-2"},
    payment_link={"PEN": "https://pay.acreedor.pe/{customer_id}"},
)  # fmt: skip


def policy(*channels: Channel, **columns: object) -> Policy:
    step = Step(name="first", offset_days=1, template="overdue", channels=channels or ("email",))
    return Policy(name="p", steps=(step,), creditor=CREDITOR, **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # 152 and then a letter of two places: it may not be cut, so the first segment has one place less
        ("a" * 152 + "€" * 77, "GSM-7", 306, 3),
        ("ñ" * 160, "GSM-7", 160, 1),
        ("á" * 70, "UCS-2", 70, 1),
        ("á" * 71, "UCS-2", 71, 2),
        ("á" * 134, "UCS-2", 134, 2),
        ("á" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("a" * 66 + "😀" * 34, "UCS-2", 134, 3),
    ],
)
def test_an_sms_is_counted_as_the_network_does(text: str, encoding: str, units: int, segments: int) -> None:
    found = length(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)


def test_accents_that_cost_a_dearer_alphabet_go_and_others_stay() -> None:
    assert prepared("Compañía «Año»\xa0– más\n é ü", keep_accents=False) == 'Compañia "Año" - mas é ü'
    assert prepared("Compañía", keep_accents=True) == "Compañía"
    assert prepared("客户", keep_accents=False) == "客户"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT / "templates", tmp_path / "templates"))


def refused(templates: Templates, checked: Policy) -> str:
    with pytest.raises(ConfigError) as caught:
        templates.check(checked)
    return str(caught.value)


def test_an_sms_over_length_fails_at_load_with_its_file(templates: Path) -> None:
    Templates(templates).check(policy("sms", sms={"max_segments": 2}))
    said = refused(Templates(templates), policy("sms", sms={"max_segments": 1}))
    assert "sms/overdue.es.j2" in said and "in GSM-7 are 2 segments, policy p allows 1" in said
    assert "UCS-2" in refused(Templates(templates), policy("sms", sms={"max_segments": 2, "keep_accents": True}))


@pytest.mark.parametrize(
    ("channel", "name", "right", "wrong", "said"),
    [
        ("sms", "overdue.en.j2", "{{ totals }}", "{{ total }}", "sms/overdue.en.j2:2: unknown variable total"),
        ("sms", "overdue.en.j2", "block body", "block bdy", "block body is missing"),
        ("voice", "overdue.pt.j2", "Muito obrigado.", "x" * 600, "characters, at most 600"),
        ("whatsapp", "overdue.es.yaml", "{{ totals }}", "{{ total }}", "overdue.es.yaml:9: unknown variable total"),
        ("whatsapp", "overdue.es.yaml", "{{3}}", "{{7}}", "body: it has the places [1, 2, 4, 5, 6, 7]"),
        ("whatsapp", "overdue.es.yaml", "Estimado cliente: según los registros de {{1}}", "{{1}}", "begins or ends"),
        ("whatsapp", "overdue.es.yaml", "parameters:", "paramters:", "did you mean parameters?"),
        ("call", "overdue.es.j2", "block summary", "block sumary", "block summary is missing"),
        ("letter", "overdue.es.j2", "block subject", "block subjet", "block subject is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_text_fails_at_load(
    templates: Path, channel: Channel, name: str, right: str, wrong: str, said: str
) -> None:
    path = templates / channel / name
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong, 1))
    assert said in refused(Templates(templates), policy(channel))


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp", "voice", "letter", "call"])
def test_a_language_that_is_missing_fails_at_load(templates: Path, channel: Channel) -> None:
    suffix = "yaml" if channel == "whatsapp" else "j2"
    (templates / channel / f"overdue.pt.{suffix}").unlink()
    assert f"{channel}/overdue.pt.{suffix}: there is no such template" in refused(Templates(templates), policy(channel))


class Law:
    """What a pack would require: a sentence in Peru, whatever the channel."""

    countries = ("PE",)
    sentence = "Ley 29571: puede pedir información."

    def texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        return (self.sentence,) if country_code == "PE" else ()

    def forbidden(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp", "voice", "letter", "call"])
def test_what_the_law_makes_a_message_say_is_said(channel: Channel) -> None:
    checked = policy(channel, sms={"max_segments": 3})
    Templates(PROJECT / "templates", Law()).check(checked)


def test_a_text_without_the_required_wording_fails_at_load(templates: Path) -> None:
    path = templates / "sms" / "overdue.en.j2"
    path.write_text(path.read_text().replace("{{ each }}", ""))
    said = refused(Templates(templates, Law()), policy("sms", sms={"max_segments": 3}))
    assert "sms/overdue.en.j2: it does not say what the law of PE requires" in said


def test_the_required_wording_is_in_the_mail_of_that_country_only() -> None:
    templates = Templates(PROJECT / "templates", Law())
    for country, is_said in (("PE", True), ("CO", False)):
        customer = Customer("c", "Ana", country_code=country)
        message = templates.render("overdue", contact(), customer, policy(), AS_OF, stop="alto@acreedor.pe")
        assert isinstance(message, Rendered)
        assert (Law.sentence in message.text, Law.sentence in message.html) == (is_said, is_said)


def test_the_packs_wording_is_said_where_it_is_law(templates: Path) -> None:
    law = LegalWording(product_rulebook(), templates / "disclosures.yaml")
    for language, sentence in (("es", "no es un procedimiento de embargo"), ("en", "not a procedure to seize")):
        for country, is_said in (("CL", True), ("PE", False)):
            customer = Customer("c", "Ana", country_code=country)
            message = Templates(templates, law).render(
                "overdue", contact(language), customer, policy(), AS_OF, stop="alto@acreedor.pe"
            )  # fmt: skip
            assert isinstance(message, Rendered)
            assert (sentence in " ".join(message.text.split())) == is_said


def test_what_the_law_forbids_to_say_fails_at_load(templates: Path) -> None:
    path = templates / "email" / "overdue.es.j2"
    path.write_text(path.read_text().replace("{% block closing %}", "{% block closing %}Citación judicial. "))
    law = LegalWording(product_rulebook(), templates / "disclosures.yaml")
    assert "it says what the law of PE forbids: 'citación judicial'" in refused(Templates(templates, law), policy())


def test_a_sentence_that_does_not_say_what_the_law_wants_is_refused(templates: Path) -> None:
    path = templates / "disclosures.yaml"
    path.write_text(path.read_text().replace("not a procedure to seize property", "a friendly letter"))
    law = LegalWording(product_rulebook(), path)
    said = refused(Templates(templates, law), policy())
    assert f"{path}: not_a_seizure, en: the law of CL" in said and "not a procedure to seize" in said


def test_interest_is_told_with_its_formula_and_never_added() -> None:
    charge = Charge(
        kind="interest", contract="clause 8", law="art. 1242 CC", countries=("PE",),
        annual_rate_percent=Decimal("12.5"),
        days_in_year=360,
    )  # fmt: skip
    templates, charged = Templates(PROJECT / "templates"), policy(charges=(charge,))
    planned = contact("en", open_amount=Decimal(3600))
    message = templates.render(
        "overdue", planned, Customer("c/1", "Ana", country_code="PE"), charged, AS_OF, stop="x@y.pe"
    )
    assert isinstance(message, Rendered)
    text = " ".join(message.text.split())
    # 3600 x 12.5 / 100 x 10 / 360
    assert "Late interest to date, for information: PEN 12.50 (12.5 % a year on each overdue balance x days" in text
    assert "Total PEN 3,600.00" in text and "3,612.50" not in text
    assert "https://pay.acreedor.pe/c" in text and 'href="https://pay.acreedor.pe/c"' in message.html
    elsewhere = templates.render("overdue", planned, Customer("c", country_code="CO"), charged, AS_OF, stop="x@y.pe")
    assert isinstance(elsewhere, Rendered) and "interest" not in elsewhere.text


def test_letters_are_the_same_bytes_for_the_same_facts_and_hold_accents() -> None:
    def drawn() -> Letter:
        planned = replace(contact(), channel="letter", recipient="Av. Ñandú 1; Lima")
        customer = Customer("c", "Señora Ágata Žižková", country_code="PE")
        content = Templates(PROJECT / "templates").render("overdue", planned, customer, policy(), AS_OF, stop="x@y.pe")
        assert isinstance(content, Letter)
        return content

    first = drawn()
    assert first == drawn() and first.lines == ("Señora Ágata Žižková", "Av. Ñandú 1", "Lima")
    assert "Señora Ágata Žižková" in text_of(first.pdf) and "PEN 1,234,567.50" in text_of(first.pdf)


def test_what_is_kept_of_a_message_is_what_the_debtor_reads_by_each_channel(templates: Path) -> None:
    customer = Customer("c", "Ágata", country_code="PE", phone="+51987654321")

    def kept(channel: Channel, template: str = "overdue") -> AsSent:
        read = Templates(templates)
        planned = replace(contact(), channel=channel, recipient="there")
        content = read.render(template, planned, customer, policy(channel), AS_OF, stop="x@y.pe")
        message = Outgoing("id", "key", "there", "es", content, CREDITOR, "ref")
        return as_sent(read, template, channel, "es", message, "a try")

    for channel in CHANNELS:
        words = kept(channel).words
        assert (words["recipient"], words["redirected_to"]) == ("there", "a try")
        said = f"{words.get('subject')} {words['text']}"
        assert "Acreedor S.A." in said or "1,234,567.50" in said, channel
    assert kept("whatsapp").words["parameters"] and "{{" not in kept("whatsapp").words["text"]
    (letter,) = kept("letter").words["attachments"]
    assert letter["sha256"] == kept("letter").words["attachments"][0]["sha256"] and letter["size"] > 1000
    before = kept("email").template_hash
    (templates / "email" / "upcoming.es.j2").write_text("another template")
    (templates / "email" / "overdue.en.j2").write_text("another language")
    assert kept("email").template_hash == before
    layout = templates / "email" / "layout.txt.j2"
    layout.write_text(layout.read_text() + "\nand more")
    assert kept("email").template_hash != before and kept("sms").template_hash not in (before, "")


def test_the_example_policy_and_its_texts_are_good() -> None:
    example = load_policy(PROJECT / "policies" / "examples" / "b2b_multichannel.yaml")
    Templates(PROJECT / "templates").check(example)
    assert [step.name for step in example.ladder][-1] == "hand_over"
