"""Rules that can be asked. Each answers a question, and says from when on it could answer otherwise.

`ask` gives what it saw; `not_before`, called after a no, a moment before which it surely still says no (None: it
never will say yes by itself). The search for the next allowed moment leans on that promise.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, TypeVar

from cartera.contact_rules import kinds as spec
from cartera.contact_rules.context import Context
from cartera.contact_rules.model import Level, Source, Standing
from cartera.contact_rules.pack import Pack

RuleT = TypeVar("RuleT", bound=spec.RuleBase)
NEVER = None
FAR_DAYS = 400
Calendar = tuple[str, str | None]


class Asker(Generic[RuleT]):
    """A rule of a pack for one kind of debtor and one calendar of holidays."""

    order = 50

    def __init__(self, rule: RuleT, pack: Pack, standing: Standing, calendar: Calendar | None) -> None:
        self.rule = rule
        self.id = rule.id
        self.kind: str = getattr(rule, "kind", "")
        self.pack_id = pack.id
        self.text = rule.text
        self.level: Level = rule.level
        self.standing = standing
        self.calendar = calendar
        self.channels = frozenset(rule.channels)
        self.sources: tuple[Source, ...] = tuple(each for each in pack.sources if each.key in rule.sources)

    def ask(self, context: Context) -> tuple[bool, Any]:
        raise NotImplementedError

    def not_before(self, context: Context) -> dt.datetime | None:
        raise NotImplementedError

    def say(self, seen: Any) -> str:
        return str(seen)
