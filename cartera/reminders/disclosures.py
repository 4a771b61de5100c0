"""Wording that the law of a country requires in a message, or forbids: the contact rules, asked when templates load."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

from pydantic import RootModel

from cartera.contact_rules import Channel as RuleChannel
from cartera.contact_rules import Requirement, Rulebook
from cartera.errors import ConfigError
from cartera.reminders.policy import Channel, Language, Strict
from cartera.yaml_config import load_yaml_model


class Wording(Protocol):
    """`countries`: those that ask for anything. `texts`: what a message of a channel must say there; `forbidden`: what
    it must not."""

    @property
    def countries(self) -> tuple[str, ...]: ...

    def texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]: ...

    def forbidden(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]: ...


class NoWording:
    """Where no rule asks for any."""

    countries: tuple[str, ...] = ()

    def texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        return ()

    forbidden = texts


class Sentence(Strict):
    es: str
    en: str
    pt: str


class Sentences(RootModel[dict[str, Sentence]]):
    """`disclosures.yaml` of the templates: by the key of the rule that wants it said."""


class LegalWording:
    """What the packs of a rulebook ask for, said in the sentences of a file.

    A rule that gives no words (that the creditor is named, say) can't be looked for: the layouts say those. Each is
    kept to whoever the customer is, as the strict reading. Raises ConfigError where a sentence is missing, or does not
    hold the words of its rule.
    """

    def __init__(self, book: Rulebook, sentences: Path) -> None:
        self._book, self._file = book, sentences
        self._sentences = load_yaml_model(sentences, Sentences).root
        self.countries = _asking(book)
        self.texts = cache(self._texts)
        self.forbidden = cache(self._forbidden)

    def _texts(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        wanted = [each for each in _asked(self._book, country_code, channel) if each.must]
        return tuple(dict.fromkeys(self._sentence(each, country_code, language) for each in wanted))

    def _sentence(self, wanted: Requirement, country_code: str, language: Language) -> str:
        phrases = wanted.phrases.get(language, ())
        said = self._sentences.get(wanted.key)
        text = getattr(said, language) if said else ""
        if any(phrase in text.casefold() for phrase in phrases):
            return text
        raise ConfigError(
            f"{self._file}: {wanted.key}, {language}: the law of {country_code} wants it said in one of these ways:"
            f" {'; '.join(phrases) or 'none is known in this language'}",
            "write a sentence that holds one of them",
        )

    def _forbidden(self, country_code: str, channel: Channel, language: Language) -> tuple[str, ...]:
        unwanted = [each for each in _asked(self._book, country_code, channel) if not each.must]
        return tuple(phrase for each in unwanted for phrase in each.phrases.get(language, ()))


@cache
def _asking(book: Rulebook) -> tuple[str, ...]:
    """The countries whose packs ask for any words."""
    named = sorted({country for pack in book.packs for country in pack.countries})
    return tuple(country for country in named if any(_asked(book, country, channel) for channel in RuleChannel))


@cache
def _asked(book: Rulebook, country_code: str, channel: str) -> list[Requirement]:
    return [each for each in book.requirements(country_code, RuleChannel(channel)) if each.phrases]
