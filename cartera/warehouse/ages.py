"""How old a debt is and where its buckets end, when they are asked for otherwise than they are prebuilt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from psycopg2.sql import SQL, Composable, Identifier
from psycopg2.sql import Literal as Text

EDGES = (30, 60, 90, 120)
"""Last days of all buckets but the first (not due) and the last; as dbt's variable `bucket_edges`, after its 0."""


def named(edges: tuple[int, ...]) -> tuple[str, ...]:
    """As dbt's macro aging_bucket names them: (30, 60) gives 1-30, 31-60, 60+."""
    return (*(f"{before + 1}-{edge}" for before, edge in pairwise((0, *edges))), f"{edges[-1]}+")


@dataclass(frozen=True)
class Ages:
    """Days since the due date or since the date of issue. `edges` rise and are above zero."""

    since: Literal["due_date", "issue_date"] = "due_date"
    edges: tuple[int, ...] = EDGES

    @property
    def buckets(self) -> tuple[str, ...]:
        """In order. By date of issue all is due to be counted: 0-30 takes the place of not_due and 1-30."""
        first, *rest = named(self.edges)
        return ("not_due", first, *rest) if self.since == "due_date" else (f"0-{self.edges[0]}", *rest)

    def bucket(self) -> Composable:
        """The bucket of an open item; binds as_of."""
        ends = (0, *self.edges) if self.since == "due_date" else self.edges
        days = SQL("(%(as_of)s::date - {})").format(Identifier(self.since))
        cases = SQL(" ").join(
            SQL("when {} <= {} then {}").format(days, Text(end), Text(name))
            for end, name in zip(ends, self.buckets, strict=False)
        )
        return SQL("case {} when {} is not null then {} end").format(cases, days, Text(self.buckets[-1]))
