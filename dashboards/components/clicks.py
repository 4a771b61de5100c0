"""What a click does is done once, and told.

A click runs the script anew, its callback first, and the script that ran before ends where it next meets Streamlit.
`runner.fastReruns` is off, so that it is one thread after the other: a second click waits until the first one's work is
done, and its page is drawn of what is there then. The rest is done here: a callback takes its dict before it acts, and
what it writes there afterwards nothing can cut off. What a click does with what the page chooses further down is wished
for by the callback, and done by the run that gets that far: another click in the same second only puts it off.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

import streamlit as st

from cartera.errors import CarteraError
from dashboards.components import states
from dashboards.i18n import Words

ANSWERS, DONE, WISHES, MOVED, TOLD = "click_answers", "click_done", "click_wishes", "click_moved", "click_told"
SOON = 1.0
"""Seconds for which nobody has read what has just moved under the pointer: so long do browsers, too, keep shut the
buttons of what they ask of their own accord."""
T = TypeVar("T")


def answers() -> dict[str, Any]:
    """What clicks of this session did, by subject, until a page tells it. Taken before acting, written after."""
    kept: dict[str, Any] = st.session_state.setdefault(ANSWERS, {})
    return kept


def _as_text(_error: Exception, text: str) -> object:
    return text


@contextmanager
def clicked(
    words: Words, subject: str, refused: Callable[[Exception, str], object] = _as_text
) -> Iterator[dict[str, Any]]:
    """Around what a callback does: gives the answers to write into, and writes there itself why nothing was done.

    `refused` makes the answer of an error and of its text in plain words.
    """
    kept = answers()

    def tell(error: Exception, text: str) -> None:
        kept[subject] = refused(error, text)

    with states.clicked(words, tell):
        yield kept


@contextmanager
def refusing(
    subject: str, answer: Callable[[states.Refusal], object] = lambda refusal: refusal
) -> Iterator[dict[str, Any]]:
    """As `clicked`, told in the language in which it is drawn: `answer` makes the answer of the refusal."""
    kept = answers()

    def tell(refusal: states.Refusal) -> None:
        kept[subject] = answer(refusal)

    with states.refusing(tell):
        yield kept


@contextmanager
def telling() -> Iterator[None]:
    """Around what a page draws: what is told in it is forgotten once it is drawn to its end.

    Another click may cut it off before that; then the page that this one asks for tells it.
    """
    st.session_state[TOLD] = set()
    yield
    for subject in st.session_state.pop(TOLD):
        answers().pop(subject, None)


def told(subject: str) -> Any:
    """For a page: what a click did, to be told once; None where none did."""
    answer = answers().get(subject)
    if answer is not None:
        st.session_state[TOLD].add(subject)
    return answer


def once(form: Hashable, act: Callable[[], T]) -> T:
    """`act`, unless this very form was sent before: then what it gave. What raised may be sent again."""
    done: dict[Hashable, T] = st.session_state.setdefault(DONE, {})
    if form not in done:
        done[form] = act()
    return done[form]


class NotMeant(CarteraError):
    """The second of two clicks, which met another's button where the first one's was."""


@contextmanager
def one_of(subject: str) -> Iterator[None]:
    """Around what a click does to one of several, of which the next then moves into its place.

    Raises NotMeant where the next was drawn there less than SOON ago. `drawn_anew` says when it was.
    """
    moved: dict[str, float | None] = st.session_state.setdefault(MOVED, {})
    drawn_at = moved.get(subject)
    if drawn_at is not None and monotonic() - drawn_at < SOON:
        raise NotMeant("the page had just changed under the pointer", "click again")
    try:
        yield
    finally:  # what was refused, too, may be drawn anew: a plan that somebody else had approved, say
        moved[subject] = None


def drawn_anew(subject: str) -> None:
    """Before the several are drawn."""
    moved: dict[str, float | None] = st.session_state.setdefault(MOVED, {})
    if moved.get(subject, 0.0) is None:
        moved[subject] = monotonic()


def wish(subject: str, of: Hashable, act: Callable[[Any], None], drawn: Any) -> None:
    """For a callback: `act` on what the page shows of `of` once it is drawn anew. `drawn`: what it showed so far."""
    answers().setdefault(WISHES, {})[subject] = (of, act, drawn)


def granted(subject: str, of: Hashable, now: Any) -> bool:
    """Where the page knows what it shows: do what was wished for, if anything was; of another, as it was drawn."""
    found = answers().get(WISHES, {}).pop(subject, None)
    if found is None:
        return False
    wished_of, act, drawn = found
    act(now if wished_of == of else drawn)
    return True


def settle() -> None:
    """The page was left before it got that far: what was wished for is done with what it showed."""
    wishes = answers().get(WISHES, {})
    while wishes:
        _, act, drawn = wishes.pop(next(iter(wishes)))
        act(drawn)
