"""What the pages of any day ask of it as they open, whatever currency is looked at: page by page, in their order.

Asked ahead of people (ahead.py), or beside the first page that somebody opens of a day (looking_back.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from cartera.clock import months_before
from dashboards.queries import aging, kpis, receivables, recovery, segments
from dashboards.queries.session import Clocks, Reading

Question = Callable[[Reading], object]


def _aging(clocks: Clocks) -> Iterator[Question]:
    yield lambda opened: receivables.totals(opened, clocks)
    for months in (0, *aging.EARLIER.values()):
        dated = replace(clocks, as_of=months_before(clocks.as_of, months))
        yield lambda opened, dated=dated: receivables.in_buckets(opened, dated)


def _kpis(clocks: Clocks) -> Iterator[Question]:
    yield lambda opened: kpis.figures(opened, kpis.Asked(clocks, kpis.VIEWS[0], None))


def _segments(clocks: Clocks) -> Iterator[Question]:
    """Each answers for every scheme, whichever is named."""
    asked = segments.Asked(clocks, "", "", None)

    def moves(opened: Reading) -> object:
        between = segments.opening_moves(opened, asked)
        return between and segments.moves(opened, between)

    yield lambda opened: segments.totals(opened, clocks, asked.scheme)
    yield moves


def _recovery(clocks: Clocks) -> Iterator[Question]:
    yield lambda opened: recovery.rolled(opened, clocks, recovery.OPENING_PERIODS)
    yield lambda opened: recovery.cures(opened, clocks)


PAGES: dict[str, Callable[[Clocks], Iterator[Question]]] = {
    "aging": _aging, "kpis": _kpis, "segments": _segments, "recovery": _recovery,
}  # fmt: skip


def questions(clocks: Clocks) -> Iterator[Question]:
    """Those of all of the pages."""
    for ask in PAGES.values():
        yield from ask(clocks)
