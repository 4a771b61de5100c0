"""One form does one thing: the second click comes while the first is still at work, as Streamlit lets it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cartera.errors import PlanChanged
from dashboards.components import once as module
from dashboards.components.once import once


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.st, "session_state", {})


class Slow:
    """Work that a second click meets half done."""

    def __init__(self, raises: Exception | None = None) -> None:
        self.began, self.may_end, self.times, self.raises = threading.Event(), threading.Event(), 0, raises

    def __call__(self) -> int:
        self.times += 1
        self.began.set()
        assert self.may_end.wait(10)
        if self.raises:
            raise self.raises
        return self.times


def test_a_second_click_waits_for_the_first_and_has_its_answer() -> None:
    work = Slow()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(once, "form", work)
        assert work.began.wait(10)
        second = threads.submit(once, "form", work)
        time.sleep(0.05)
        assert not second.done()
        work.may_end.set()
        assert (first.result(10), second.result(10), work.times) == (1, 1, 1)
    # and one that is late
    assert once("form", work) == 1


def test_both_hear_why_nothing_was_done_and_the_form_may_be_sent_again() -> None:
    work = Slow(PlanChanged("changed", "look again"))
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(once, "form", work)
        assert work.began.wait(10)
        second = threads.submit(once, "form", work)
        time.sleep(0.05)
        work.may_end.set()
        for told in (first, second):
            with pytest.raises(PlanChanged):
                told.result(10)
    assert work.times == 1
    work.raises = None
    assert once("form", work) == 2


def test_another_form_is_another_thing() -> None:
    assert (once("one", lambda: 1), once("two", lambda: 2), once("one", lambda: 3)) == (1, 2, 1)
