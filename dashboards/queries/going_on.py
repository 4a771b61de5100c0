"""A question that took longer than a page may wait goes on behind the page, once, with more time.

One at a time, whoever asked: two such questions at once would both take twice as long.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

from cartera.errors import CarteraError
from dashboards.queries import ahead, cache
from dashboards.queries.cache import CutOff

_one_at_a_time = threading.Lock()
_begins = threading.Lock()
_unanswered: set[Hashable] = set()


def begin(question: CutOff) -> bool:
    """Whether it goes on; not where that was in vain, which is then forgotten."""
    with _begins:
        if question.key in _unanswered:
            _unanswered.discard(question.key)
            return False
        if question.key not in cache.goes_on:
            cache.goes_on.add(question.key)
            threading.Thread(target=_answer, args=(question,), name="goes on", daemon=True).start()
        return True


def goes_on(key: Hashable) -> bool:
    return key in cache.goes_on


def _answer(question: CutOff) -> None:
    is_answered = False
    try:
        with _one_at_a_time, ahead.published_to(question.companies) as opened:
            if opened is not None and opened.cache_key() == question.publication:
                is_answered = ahead.ask(question.again, opened)
    except CarteraError as error:
        ahead.log.warning("%s", error)
    finally:
        if not is_answered:
            _unanswered.add(question.key)
        cache.goes_on.discard(question.key)
