"""What a load brought, by the rights of who asks: its rows by their keys, which add up to its figures.

The dashboard's own roles may not read raw, and a load is of all companies at once. So each function asks first who that
is, as for quarantine, and reads in a read-only transaction of the loader.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from cartera import quarantine
from cartera.desk.model import Actor
from cartera.errors import ConfigError
from cartera.landing import brought
from cartera.landing.brought import HELD, QUARANTINED, Brought, Load, Total
from cartera.landing.delivery import NO_CURRENCY
from cartera.landing.entities import Entity

FIGURES: dict[str, tuple[str, ...]] = {
    "in": ("new", "changed", "unchanged", *QUARANTINED),
    "loaded": ("new", "changed", "unchanged"),
    "quarantined": QUARANTINED,
    "new": ("new",),
    "changed": ("changed",),
    "unchanged": ("unchanged",),
    "deleted": ("deleted",),
    "written": ("new", "changed", "deleted"),
}
"""Each figure of a load and what its rows are to it; a step of a run says how many were `written`."""


@dataclass(frozen=True)
class Behind:
    """The rows behind one figure of a load: the first of them, and the totals of all.

    `stated`: the amounts that the load says by currency, of the figures of which it does. `unlisted`: rows that arrived
    as they were known already and of which it is not kept which they were. `waiting`: rows still in quarantine by
    reason, where the figure is of such.
    """

    load: Load
    figure: str
    rows: tuple[Brought, ...]
    totals: tuple[Total, ...]
    unlisted: int
    waiting: dict[str, int]

    @property
    def count(self) -> int:
        return sum(total.rows for total in self.totals)

    @property
    def stated_rows(self) -> int:
        return stated_rows(self.load, self.figure)

    @property
    def stated(self) -> dict[str, Decimal]:
        return {code: Decimal(sums[self.figure]) for code, sums in self.load.amounts.items() if self.figure in sums}

    @property
    def amounts(self) -> dict[str, Decimal]:
        """By currency what the rows add up to, of currencies in which anything is."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for total in self.totals:
            if total.amount is not None:
                found[total.currency_code] += total.amount
        return found

    @property
    def adds_up(self) -> bool:
        """In rows with what can't be listed, and in cents where every row is known."""
        if self.count + self.unlisted != self.stated_rows:
            return False
        codes = self.amounts.keys() | self.stated.keys()
        return (
            bool(self.unlisted)
            or not self.stated
            or all(self.amounts.get(code, Decimal(0)) == self.stated.get(code, Decimal(0)) for code in codes)
        )


def stated_rows(of: Load, figure: str) -> int:
    """What the load itself says."""
    if figure == "written":
        return of.rows_new + of.rows_changed + of.rows_deleted
    counted: int = getattr(of, f"rows_{figure}")
    return counted


def load(actor: Actor, load_id: int) -> Load | None:
    """Raises NotAllowed, DatabaseError."""
    with quarantine.looking(actor) as connection:
        return brought.load(connection, load_id)


def behind(actor: Actor, of: Load, figure: str, limit: int) -> Behind:
    """The rows of a figure, the first `limit` of them listed. Raises NotAllowed, DatabaseError."""
    with quarantine.looking(actor) as connection:
        changes = FIGURES[figure]
        relation = brought.rows_of(connection, of, partial(_declared, of), changes)
        added = brought.totals(connection, of, relation, [*changes, HELD])
        rows = tuple(brought.listed(connection, of, relation, changes, limit))
        waiting = brought.waiting(connection, of) if {*changes} & {*QUARANTINED} else {}
    totals = tuple(total for total in added if total.change != HELD)
    unlisted = 0
    if "unchanged" in changes:
        missing = of.rows_unchanged - sum(total.rows for total in totals if total.change == "unchanged")
        held = sum(total.rows for total in added if total.change == HELD)
        unlisted = missing if of.kind != "full" or 0 <= missing <= held else 0
    return Behind(of, figure, rows, totals, unlisted, waiting)


def _declared(of: Load) -> Entity | None:
    """None: its system is not connected any more."""
    with suppress(ConfigError):
        return quarantine.reader_of(of.source).entities.get(of.entity)
    return None


__all__ = ["FIGURES", "NO_CURRENCY", "Behind", "Brought", "Load", "Total", "behind", "load", "stated_rows"]
