"""Answers beside the questions: of a day that nobody asked for yet.

Who looks back to a day opens more than one page of it, and a page has more than one question. While the page asks from
its first question on, a thread asks from its last one; then, once the page is read, what the other pages of any day
open with. Where two ask the same, the second waits for the first (see cache.py). Only where answering takes long.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cartera.errors import CarteraError
from dashboards.queries import ahead, of_a_day
from dashboards.queries.session import STATEMENT_TIMEOUT, Clocks, Reading

Day = tuple[ahead.Key, Clocks]


@dataclass
class _Work:
    """One question at a time, however many look back; of the day that was chosen last."""

    wanted: Day | None = None
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)


_work = _Work()


def follow(reading: Reading, clocks: Clocks, page: str) -> None:
    """Begin with what `page` asks, unless that day is the publication's own or the one begun last; returns at once."""
    wanted = (reading.cache_key(), clocks)
    if not ahead.takes_long.is_set() or clocks == reading.clocks or wanted == _work.wanted:
        return
    _work.wanted = wanted
    pages = sorted(of_a_day.PAGES, key=page.__ne__)
    threading.Thread(
        target=_answer, args=(wanted, reading.companies, pages), name="answers beside", daemon=True
    ).start()


def _answer(wanted: Day, companies: ahead.Companies, pages: list[str]) -> None:
    current, clocks = wanted
    asked = [(page == pages[0], each) for page in pages for each in reversed([*of_a_day.PAGES[page](clocks)])]
    with _work.one_at_a_time:
        for is_open, question in asked:
            if not is_open:
                # the page itself still asks what depends on its filters
                ahead.give_way()
            if _work.wanted != wanted:
                return
            try:
                # no longer than the page would take for it, which may be waiting
                with ahead.published_to(companies, STATEMENT_TIMEOUT) as opened:
                    if opened is None or opened.cache_key() != current:
                        return
                    ahead.ask(question, opened)
            except CarteraError as error:
                ahead.log.warning("%s", error)
                return
