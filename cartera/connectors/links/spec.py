"""sources/links.yaml: how the same customer, and the same invoice, is found in two sources of one company, and what a
person decided.

rules: [tax_id, email, reference]   # in this order; `code` too: the same code in both systems. []: none
link:                               # whatever the rules say
  - {customer: "stripe:cus_9", master: "my_erp:C-0042"}
never:
  - {customer: "stripe:cus_7", master: "my_erp:C-0001"}
invoices:
  rules: [reference, number]        # in this order; []: none
  link:                             # the first is left out, the second kept
    - {invoice: "stripe:in_9", master: "my_erp:I-0042"}
  never:
    - {invoice: "stripe:in_7", master: "my_erp:I-0001"}

Without the file the first three rules hold, and both of invoices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cartera.connectors.files.spec import LINKS_FILE
from cartera.errors import ConfigError
from cartera.settings import Settings
from cartera.yaml_config import guess, line_of, load_yaml_model

SOURCE = "settings"
"""The name under which what a user sets lands."""

Where = tuple[str | int, ...]
"""The way to a value in the file."""

Rule = Literal["tax_id", "email", "reference", "code"]
InvoiceRule = Literal["reference", "number"]
RecordId = Annotated[str, Field(max_length=500, pattern=r"^[^:\s]+:.*\S$")]
"""As everywhere: the source's name, a colon, the id in the source."""


class Pair(BaseModel):
    """One customer, and the one with which its documents count (or must not)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer: RecordId
    master: RecordId

    @property
    def one(self) -> str:
        return self.customer


class InvoicePair(BaseModel):
    """One invoice, and the one that is kept in its place (or must not be)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoice: RecordId
    master: RecordId

    @property
    def one(self) -> str:
        return self.invoice


class InvoiceRules(BaseModel):
    """The part `invoices`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[InvoiceRule, ...] = ("reference", "number")
    link: tuple[InvoicePair, ...] = ()
    never: tuple[InvoicePair, ...] = ()


class LinkRules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ("tax_id", "email", "reference")
    link: tuple[Pair, ...] = ()
    never: tuple[Pair, ...] = ()
    invoices: InvoiceRules = InvoiceRules()


def links_path(settings: Settings) -> Path:
    return settings.sources_dir / LINKS_FILE


def load_link_rules(path: Path) -> LinkRules:
    """The rules, the usual ones when there is no such file. Raises ConfigError naming file and line."""
    if not path.exists():
        return LinkRules()
    rules = load_yaml_model(path, LinkRules, as_text=True)
    for where, problem in (*_problems(rules), *_problems(rules.invoices, ("invoices",))):
        line = line_of(path, where)
        said = ".".join(str(part) for part in where if isinstance(part, str))
        raise ConfigError(f"{path}:{line}: {said}: {problem}", f"correct {path.name} and run again")
    return rules


def check_sources(path: Path, rules: LinkRules, known: list[str]) -> None:
    """Raises ConfigError where a pair names a source that is not connected."""
    for where, side, pair in _pairs(rules):
        for key, record_id in ((side, pair.one), ("master", pair.master)):
            name = record_id.partition(":")[0]
            if name not in known:
                line = line_of(path, (*where, key))
                said = ".".join(str(part) for part in where if isinstance(part, str))
                raise ConfigError(
                    f"{path}:{line}: {said}: {record_id!r}: there is no source {name!r}; {guess(name, known)}",
                    f"write {'an' if side == 'invoice' else 'a'} {side} as SOURCE:ID, as `cartera links` shows it",
                )


def _pairs(rules: LinkRules) -> Iterator[tuple[Where, str, Pair | InvoicePair]]:
    for part, pairs in (("link", rules.link), ("never", rules.never)):
        for number, pair in enumerate(pairs):
            yield (part, number), "customer", pair
    for part, invoice_pairs in (("link", rules.invoices.link), ("never", rules.invoices.never)):
        for number, invoice_pair in enumerate(invoice_pairs):
            yield ("invoices", part, number), "invoice", invoice_pair


def _problems(rules: LinkRules | InvoiceRules, within: Where = ()) -> list[tuple[Where, str]]:
    found: list[tuple[Where, str]] = []
    named: Sequence[str] = rules.rules
    link: Sequence[Pair | InvoicePair] = rules.link
    parted: Sequence[Pair | InvoicePair] = rules.never
    for number, rule in enumerate(named):
        if rule in named[:number]:
            found.append(((*within, "rules", number), f"{rule!r} is written twice; keep one of them"))
    masters = {pair.master for pair in link}
    never = {(pair.one, pair.master) for pair in parted}
    for number, pair in enumerate(link):
        where = (*within, "link", number)
        if pair.one == pair.master:
            found.append((where, f"{pair.one!r} can't be linked to itself"))
        elif pair.one in masters:
            found.append((where, f"{pair.one!r} is the master of another one; link that one to its master"))
        elif pair.one in {other.one for other in link[:number]}:
            found.append((where, f"{pair.one!r} is linked twice; keep one of them"))
        elif (pair.one, pair.master) in never:
            found.append((where, f"{pair.one!r} stands under link and under never; keep one of them"))
    return found
