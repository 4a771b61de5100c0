"""sources/links.yaml: how the same customer is found in two sources of one company, and what a person decided.

rules: [tax_id, email, reference]   # in this order; `code` too: the same code in both systems. []: none
link:                               # whatever the rules say
  - {customer: "stripe:cus_9", master: "my_erp:C-0042"}
never:
  - {customer: "stripe:cus_7", master: "my_erp:C-0001"}

Without the file the first three rules hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cartera.connectors.files.spec import LINKS_FILE
from cartera.errors import ConfigError
from cartera.settings import Settings
from cartera.yaml_config import guess, line_of, load_yaml_model

SOURCE = "settings"
"""The name under which what a user sets lands."""

Rule = Literal["tax_id", "email", "reference", "code"]
CustomerId = Annotated[str, Field(max_length=500, pattern=r"^[^:\s]+:.*\S$")]
"""As everywhere: the source's name, a colon, the id in the source."""


class Pair(BaseModel):
    """One customer, and the one with which its documents count (or must not)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer: CustomerId
    master: CustomerId


class LinkRules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ("tax_id", "email", "reference")
    link: tuple[Pair, ...] = ()
    never: tuple[Pair, ...] = ()


def links_path(settings: Settings) -> Path:
    return settings.sources_dir / LINKS_FILE


def load_link_rules(path: Path) -> LinkRules:
    """The rules, the usual ones when there is no such file. Raises ConfigError naming file and line."""
    if not path.exists():
        return LinkRules()
    rules = load_yaml_model(path, LinkRules, as_text=True)
    for where, problem in _problems(rules):
        line = line_of(path, where)
        raise ConfigError(f"{path}:{line}: {where[0]}: {problem}", f"correct {path.name} and run again")
    return rules


def check_sources(path: Path, rules: LinkRules, known: list[str]) -> None:
    """Raises ConfigError where a pair names a source that is not connected."""
    for part, pairs in (("link", rules.link), ("never", rules.never)):
        for number, pair in enumerate(pairs):
            for side, customer_id in (("customer", pair.customer), ("master", pair.master)):
                name = customer_id.partition(":")[0]
                if name not in known:
                    line = line_of(path, (part, number, side))
                    raise ConfigError(
                        f"{path}:{line}: {part}: {customer_id!r}: there is no source {name!r}; {guess(name, known)}",
                        "write a customer as SOURCE:ID, as `cartera links` shows it",
                    )


def _problems(rules: LinkRules) -> list[tuple[tuple[str, int], str]]:
    found: list[tuple[tuple[str, int], str]] = []
    for number, rule in enumerate(rules.rules):
        if rule in rules.rules[:number]:
            found.append((("rules", number), f"{rule!r} is written twice; keep one of them"))
    masters = {pair.master for pair in rules.link}
    for number, pair in enumerate(rules.link):
        where = ("link", number)
        if pair.customer == pair.master:
            found.append((where, f"{pair.customer!r} can't be linked to itself"))
        elif pair.customer in masters:
            found.append((where, f"{pair.customer!r} is the master of another one; link that one to its master"))
        elif pair.customer in {other.customer for other in rules.link[:number]}:
            found.append((where, f"{pair.customer!r} is linked twice; keep one of them"))
        elif pair in rules.never:
            found.append((where, f"{pair.customer!r} stands under link and under never; keep one of them"))
    return found
