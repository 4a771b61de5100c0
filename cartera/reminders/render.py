"""Messages from templates: the debtor's language, money and dates by locale, outside text as data.

Each channel has a folder in `templates/`, each template one file per language: blocks for e-mail (subject, opening,
closing), letter (the same), SMS and voice (body) and calls (summary, script); the approved text for WhatsApp. What
every message needs in its language is in `words.<language>.yaml`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cartera.errors import ConfigError
from cartera.reminders import jinja, pdf, sms
from cartera.reminders.content import Attachment, CallTask, Content, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.context import Facts, context
from cartera.reminders.disclosures import NoWording, Wording
from cartera.reminders.model import Customer, PlannedContact
from cartera.reminders.policy import LANGUAGES, Channel, Language, Policy, Step
from cartera.reminders.samples import AS_OF, samples
from cartera.reminders.text import clean, header
from cartera.reminders.whatsapp import WhatsAppTemplate
from cartera.reminders.words import Words
from cartera.yaml_config import load_yaml_model

BLOCKS: dict[Channel, tuple[str, ...]] = {
    "email": ("subject", "opening", "closing"),
    "letter": ("subject", "opening", "closing"),
    "sms": ("body",),
    "voice": ("body",),
    "push": ("body",),
    "call": ("summary", "script"),
}
MAX_SHORT: dict[Channel, int] = {"voice": 600, "push": 400}
"""Characters that a voice says in about 45 seconds, as nobody listens longer; and that an opened notification shows."""
MAX_PARAMETER = 200


class Templates:
    """The templates of a folder, for all channels."""

    def __init__(self, root: Path, wording: Wording | None = None) -> None:
        self.root = root
        self._wording: Wording = wording or NoWording()
        self._words: dict[Language, Words] = {}
        self._whatsapp: dict[tuple[str, Language], WhatsAppTemplate] = {}
        self._versions: dict[Path, str] = {}

    def _folder(self, channel: Channel) -> Path:
        """A push message says what a text message says."""
        return self.root / ("sms" if channel == "push" else channel)

    def check(self, policy: Policy) -> None:
        """Try every step of a policy by each channel in every language. Raises ConfigError with file and line."""
        for step in policy.ladder:
            for channel in step.channels:
                for language in LANGUAGES:
                    self._check_file(step.template, channel, language)
                    self._try(policy, step, channel, language)

    def _check_file(self, name: str, channel: Channel, language: Language) -> None:
        if channel == "whatsapp":
            self._whatsapp_of(name, language)
        else:
            path = jinja.path_of(self._folder(channel), name, language)
            jinja.check_source(self._environment(channel), path, BLOCKS[channel])

    def _try(self, policy: Policy, step: Step, channel: Channel, language: Language) -> None:
        """Samples for each country that the policy is for, if it says; the law's wording must be in them."""
        countries = policy.audience.countries or tuple(dict.fromkeys(("PE", *self._wording.countries)))
        for country in countries:
            required = self._wording.texts(country, channel, language)
            for contact, customer in samples(policy, step, channel, language, country):
                said = self._tried(step.template, contact, customer, policy)
                for text in required:
                    if _squeezed(self._as_sent(text, channel, policy)) not in said:
                        raise ConfigError(
                            f"{self._file(step.template, channel, language)}: it does not say what the law of {country}"
                            f" requires: {text!r}",
                            "write {{ disclosures }} where it belongs, or the words themselves",
                        )
                for text in self._wording.forbidden(country, channel, language):
                    if _squeezed(text).casefold() in said.casefold():
                        raise ConfigError(
                            f"{self._file(step.template, channel, language)}: it says what the law of {country}"
                            f" forbids: {text!r}",
                            "leave it out; `cartera rules list` says why",
                        )

    def _tried(self, template: str, contact: PlannedContact, customer: Customer, policy: Policy) -> str:
        """What a sample says, without blanks; no PDF is drawn, as what is around a template's own text is ours."""
        words, channel = self._words_of(contact.language), contact.channel
        required = self._wording.texts((customer.country_code or "").upper(), channel, contact.language)
        facts = Facts(contact, customer, policy, AS_OF, words, "stop@example.com", "12345678", required)
        if channel == "letter":
            with self._told(template, facts):
                parts = self._letter_parts(f"{template}.{contact.language}.j2", context(facts))
            return _squeezed(" ".join((*parts.values(), *required)))
        content = self.render(
            template, contact, customer, policy, AS_OF, stop=facts.stop, reference=facts.reference
        )  # fmt: skip
        if isinstance(content, TemplateMessage):
            return _squeezed(self.filled(template, content, contact.language))
        return _squeezed(text_of(content))

    def _as_sent(self, text: str, channel: Channel, policy: Policy) -> str:
        return sms.prepared(text, keep_accents=policy.sms.keep_accents) if channel == "sms" else text

    def render(
        self,
        template: str,
        contact: PlannedContact,
        customer: Customer,
        policy: Policy,
        as_of: dt.date,
        *,
        stop: str,
        reference: str = "",
    ) -> Content:
        """The message of a contact, by its channel. `stop`: the address to write to for no more messages.

        Raises ConfigError when the template can't be used.
        """
        words = self._words_of(contact.language)
        required = self._wording.texts((customer.country_code or "").upper(), contact.channel, contact.language)
        facts = Facts(contact, customer, policy, as_of, words, stop, reference, required)
        with self._told(template, facts):
            return self._content(template, f"{template}.{contact.language}.j2", facts)

    def version(self, template: str, channel: Channel, language: Language) -> str:
        """A hash of the files that a message is made of: its template, what it shares with others, the words."""
        own = self._file(template, channel, language)
        if own not in self._versions:
            # `overdue.es.j2` is another template, `layout.html.j2` is a part of each
            shared = [p for p in self._folder(channel).iterdir() if set(LANGUAGES).isdisjoint(p.name.split("."))]
            files = (own, *sorted(shared), self.root / f"words.{language}.yaml", self.root / "disclosures.yaml")
            content = b"\0".join(path.read_bytes() for path in files if path.is_file())
            self._versions[own] = hashlib.sha256(content).hexdigest()
        return self._versions[own]

    def statement(self, contact: PlannedContact, customer: Customer, policy: Policy, as_of: dt.date) -> bytes:
        """The statement of account of `contact.statement`, as PDF, outside of any message."""
        return pdf.statement(self.statement_facts(contact, customer, policy, as_of), self._fonts)

    def statement_facts(self, contact: PlannedContact, customer: Customer, policy: Policy, as_of: dt.date) -> Facts:
        """What a statement of account says, in whatever form."""
        stop = policy.creditor_of(contact.company_id).email
        return Facts(contact, customer, policy, as_of, self._words_of(contact.language), stop)

    @contextmanager
    def _told(self, template: str, facts: Facts) -> Iterator[None]:
        """What goes wrong in a template, as a ConfigError with its file and line."""
        channel = facts.contact.channel
        try:
            yield
        except jinja2.TemplateNotFound as error:
            jinja.path_of(self._folder(channel), template, facts.contact.language)
            raise ConfigError(f"{self._folder(channel) / str(error.name)}: there is no such file", "write it") from None
        except jinja.FAILURES as error:
            place = jinja.place_of(error) or self._file(template, channel, facts.contact.language)
            raise ConfigError(f"{place}: {error}", "correct the template") from None

    def _content(self, template: str, name: str, facts: Facts) -> Content:
        variables = context(facts)
        match facts.contact.channel:
            case "email":
                return self._email(name, variables, facts)
            case "sms":
                return ShortText(self._sms(name, variables, facts.policy))
            case "voice" | "push":
                return ShortText(self._short(name, variables, facts.contact.channel))
            case "whatsapp":
                return self._whatsapp_message(template, variables, facts.contact.language)
            case "letter":
                return self._letter(name, variables, facts)
            case "call":
                return CallTask(
                    clean(self._block(name, "call", "summary", variables), 300),
                    self._block(name, "call", "script", variables).strip() + "\n",
                )

    def _email(self, name: str, variables: dict[str, Any], facts: Facts) -> Rendered:
        text = self._environment("email", is_html=False).get_template(name)
        html = self._environment("email").get_template(name)
        attached = {"statement": pdf.statement, "invoice_list": pdf.invoice_list}
        names = {"statement": facts.words.file_statement, "invoice_list": facts.words.file_list}
        return Rendered(
            subject=header(self._block(name, "email", "subject", variables)),
            text=text.render(variables | {"layout": "layout.txt.j2"}).strip() + "\n",
            html=html.render(variables | {"layout": "layout.html.j2"}),
            attachments=tuple(
                Attachment(names[kind], "application/pdf", attached[kind](facts, self._fonts))
                for kind in facts.contact.step.attach
            ),
        )

    def _block(self, name: str, channel: Channel, block: str, variables: dict[str, Any]) -> str:
        template = self._environment(channel, is_html=False).get_template(name)
        layout = {"layout": "layout.txt.j2"} if channel == "email" else {}
        return "".join(template.blocks[block](template.new_context(variables | layout)))

    def _sms(self, name: str, variables: dict[str, Any], policy: Policy) -> str:
        text = sms.prepared(self._block(name, "sms", "body", variables), keep_accents=policy.sms.keep_accents)
        size = sms.length(text)
        if size.segments > policy.sms.max_segments:
            raise ValueError(
                f"{size.units} places in {size.encoding} are {size.segments} segments,"
                f" policy {policy.name} allows {policy.sms.max_segments}: {text[:60]!r}..."
            )
        return text

    def _short(self, name: str, variables: dict[str, Any], channel: Channel) -> str:
        text = " ".join(self._block(name, channel, "body", variables).split())
        if len(text) > MAX_SHORT[channel]:
            raise ValueError(f"{len(text)} characters, at most {MAX_SHORT[channel]}")
        return text

    def _whatsapp_message(self, name: str, variables: dict[str, Any], language: Language) -> TemplateMessage:
        template = self._whatsapp_of(name, language)
        env = self._environment("whatsapp", is_html=False)
        filled = (clean(env.from_string(text).render(variables), MAX_PARAMETER) for text in template.parameters)
        # the provider refuses an empty one
        return TemplateMessage(template.name, template.language, tuple(text or "-" for text in filled))

    def _letter(self, name: str, variables: dict[str, Any], facts: Facts) -> Letter:
        parts = self._letter_parts(name, variables)
        address = (facts.name, *(clean(part) for part in facts.contact.recipient.split(";")))
        lines = tuple(line for line in address if line)
        return Letter(pdf.letter(facts, variables, parts, lines, self._fonts), lines)

    def _letter_parts(self, name: str, variables: dict[str, Any]) -> dict[str, str]:
        return {block: self._block(name, "letter", block, variables) for block in BLOCKS["letter"]}

    def filled(self, template: str, message: TemplateMessage, language: Language) -> str:
        """A WhatsApp message as the debtor reads it."""
        return self._whatsapp_of(template, language).filled(message.parameters)

    def _whatsapp_of(self, name: str, language: Language) -> WhatsAppTemplate:
        key = (name, language)
        if key not in self._whatsapp:
            path = jinja.path_of(self.root / "whatsapp", name, language, "yaml")
            template = load_yaml_model(path, WhatsAppTemplate)
            env = self._environment("whatsapp", is_html=False)
            for text in template.parameters:
                jinja.check_text(env, path, text)
            self._whatsapp[key] = template
        return self._whatsapp[key]

    def _words_of(self, language: Language) -> Words:
        if language not in self._words:
            self._words[language] = load_yaml_model(self.root / f"words.{language}.yaml", Words)
        return self._words[language]

    @cached_property
    def _fonts(self) -> pdf.Fonts:
        return pdf.Fonts(self.root / "pdf")

    def _environment(self, channel: Channel, *, is_html: bool = True) -> ImmutableSandboxedEnvironment:
        return jinja.environment(self._folder(channel), is_html=is_html and channel == "email")

    def _file(self, name: str, channel: Channel, language: Language) -> Path:
        return self._folder(channel) / f"{name}.{language}.{'yaml' if channel == 'whatsapp' else 'j2'}"


def text_of(content: Content) -> str:
    """What a message says, as text; a letter is read from its PDF."""
    match content:
        case Rendered(text=text) | ShortText(text=text):
            return text
        case TemplateMessage(parameters=parameters):
            return " ".join(parameters)
        case CallTask(summary=summary, script=script):
            return f"{summary}\n\n{script}"
        case Letter(pdf=content_pdf):
            return pdf.text_of(content_pdf)


def _squeezed(text: str) -> str:
    return "".join(text.split())
