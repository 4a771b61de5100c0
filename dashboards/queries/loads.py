"""The rows behind the figures of a load, by the rights of who asks. What landed stays what it is, so it is kept; what
is in quarantine may be settled any moment."""

from __future__ import annotations

from functools import partial

import pandas as pd

from cartera import loads
from cartera.desk import Actor
from cartera.loads import Behind, Load
from dashboards.i18n import Words
from dashboards.queries import export
from dashboards.queries.cache import cached
from dashboards.queries.export import Counted
from dashboards.queries.receivables import EXPORTED_ROWS, frame
from dashboards.queries.session import Reading, actor

__all__ = ["Behind", "Load"]

LISTED = 500
ROWS = ("record_key", "change", "document_date", "amount", "currency_code")


def load(load_id: int) -> Load | None:
    """Raises NotAllowed, DatabaseError."""
    return loads.load(actor(), load_id)


def stated(of: Load) -> dict[str, int]:
    """Every figure of a load that has rows, in order."""
    counts = {figure: loads.stated_rows(of, figure) for figure in loads.FIGURES}
    return {figure: count for figure, count in counts.items() if count}


def behind(reading: Reading, of: Load, figure: str) -> Behind:
    """Raises NotAllowed, DatabaseError."""
    may_change = of.rows_quarantined and figure in ("in", "quarantined")
    ask = loads.behind if may_change else partial(_kept, reading)
    return ask(actor(), of, figure, LISTED)


@cached
def _kept(reading: Reading, who: Actor, of: Load, figure: str, limit: int) -> Behind:
    """Of who asks alone: whose rights are others by now asks again."""
    return loads.behind(who, of, figure, limit)


def listed(found: Behind) -> pd.DataFrame:
    return frame([vars(row) for row in found.rows], ROWS)


def rows_csv(words: Words, of: Load, figure: str) -> Counted:
    """Every row of a figure, the last line counts them. Raises NotAllowed, DatabaseError."""
    found = loads.behind(actor(), of, figure, EXPORTED_ROWS)
    names = {"load_id": of.load_id, "source": of.source, "entity": of.entity}
    rows = [vars(row) for row in found.rows]
    return export.records_csv(words, names, ROWS, rows, is_cut=found.count > len(rows))
