"""The customers of one value of a dimension: what narrows a figure to a collector, a country, a segment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from psycopg2.sql import SQL, Composable, Identifier

ATTRIBUTES = {"country": "country_code", "collector": "collector"}
"""The columns of dim_customers by the dimension that they are."""


@dataclass(frozen=True)
class Group:
    """As they were at two clocks of the group's own, so that the same customers can be asked for on other dates.

    `value` None: those of whom it is not known, which is everybody but those of whom it is.
    """

    by: Literal["country", "collector", "segment"]
    value: str | None
    as_of: dt.date
    known_at: dt.datetime
    scheme: str | None = None

    def condition(self, *, is_published: bool) -> Composable:
        """On company_id and customer_id; `is_published`: these clocks are those of what is served."""
        within = SQL("in" if self.value is not None else "not in")
        if self.by == "segment":
            return SQL(
                "(company_id, customer_id) {within} (select company_id, customer_id from {members} as members"
                " where scheme = %(group_scheme)s and {test})"
            ).format(
                within=within,
                members=SQL(
                    "serve.fct_customer_segments"
                    if is_published
                    else "serve.customer_segments(%(group_as_of)s, %(group_known_at)s)"
                ),
                test=self._test("segment"),
            )
        return SQL(
            "customer_id {within} (select customer_id from serve.dim_customers"
            " where recorded_from <= %(group_known_at)s and recorded_to > %(group_known_at)s and {test})"
        ).format(within=within, test=self._test(ATTRIBUTES[self.by]))

    def _test(self, column: str) -> Composable:
        return SQL("{} {}").format(
            Identifier(column), SQL("= %(group_value)s" if self.value is not None else "is not null")
        )

    def bound(self) -> dict[str, Any]:
        """What the condition binds."""
        return {
            "group_value": self.value, "group_scheme": self.scheme,
            "group_as_of": self.as_of, "group_known_at": self.known_at,
        }  # fmt: skip
