"""Whoever clicks goes first; nobody's morning waits for past days; the answers of an earlier publication go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
import streamlit as st
from support.serve_fixture import AS_OF, item, publish_items

from cartera.warehouse import balances, read
from dashboards.queries import ahead, receivables
from dashboards.queries.session import Reading, reading


@pytest.fixture
def published(database: str, monkeypatch: pytest.MonkeyPatch) -> ahead.Key:
    """What is published, in a dashboard where answers take long; nobody has clicked for long enough."""
    st.cache_data.clear()
    publish_items([item("1", AS_OF, "10")])
    monkeypatch.setattr(ahead, "QUIET_SECONDS", 0.0)
    ahead.takes_long.set()
    with reading() as opened:
        return opened.cache_key()


@pytest.mark.parametrize("waits", [True, False])
def test_who_clicks_cuts_off_a_question_which_is_asked_again(published: ahead.Key, waits: bool) -> None:
    asked, ended = [threading.Event(), threading.Event()], []

    def question(opened: Reading) -> None:
        number = sum(each.is_set() for each in asked)
        asked[number].set()
        with opened.connection.cursor() as cursor:
            cursor.execute("select pg_sleep(%s)", (0 if number else 600,))
        ended.append(number)

    behind = threading.Thread(target=ahead._answered, args=(published, None, question), kwargs={"waits": waits})
    behind.start()
    assert asked[0].wait(30)
    while behind.is_alive():
        with reading():
            pass
        behind.join(0.1)
    assert ended == [1]


def test_a_dashboard_that_is_never_quiet_has_its_questions_answered_too(published: ahead.Key) -> None:
    answers = []

    def question(opened: Reading) -> None:
        with reading():
            answers.append(read.publication(opened.connection))

    assert ahead._answered(published, None, question)
    assert len(answers) == ahead.TRIES + 1


def test_nothing_of_an_earlier_publication_is_asked_again(published: ahead.Key) -> None:
    publish_items([])
    assert not ahead._answered(published, None, lambda _: pytest.fail("asked"))


def test_everybodys_morning_comes_before_past_days(published: ahead.Key, monkeypatch: pytest.MonkeyPatch) -> None:
    some, asked = frozenset({"mx"}), []

    def of(name: str) -> Callable[[Reading], Iterator[ahead.Question]]:
        return lambda _: iter([lambda _: asked.append(name)])

    for name in ("questions", "morning", "_past"):
        monkeypatch.setattr(ahead, name, of(name))
    monkeypatch.setattr(ahead, "scopes", lambda: [None, some])
    looks = iter(["the next one"])
    monkeypatch.setattr(time, "sleep", lambda _: next(looks))
    with pytest.raises(StopIteration):  # the one after it
        ahead._watch(lambda: True)
    assert asked == ["questions", "morning", "_past"]


def test_the_answers_of_an_earlier_publication_are_forgotten(
    published: ahead.Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "questions", lambda _: iter(()))
    answered = ahead.answer()
    with reading() as opened:
        before = Reading(opened.connection, opened.published)
        kept = receivables.totals(opened, opened.clocks)

    def again(*_given: object, **_named: object) -> NoReturn:
        raise AssertionError("asked again")

    monkeypatch.setattr(balances, "aging_and_credit", again)
    assert receivables.totals(before, before.clocks).equals(kept)
    assert ahead.answer(answered) == answered
    assert receivables.totals(before, before.clocks).equals(kept)
    publish_items([])
    assert ahead.answer(answered) != answered
    with pytest.raises(AssertionError, match="asked again"):
        receivables.totals(before, before.clocks)


def test_a_question_that_takes_too_long_is_named_in_the_log(
    published: ahead.Key, caplog: pytest.LogCaptureFixture
) -> None:
    def question(opened: Reading) -> None:
        with opened.connection.cursor() as cursor:
            cursor.execute("select %s,\n  pg_sleep(600)", ("expected losses",))

    with ahead.published_to(None, "10ms") as opened:
        assert opened is not None
        ahead.ask(question, opened)
    [record] = caplog.records
    assert "statement timeout: select 'expected losses', pg_sleep(600)" in record.getMessage()
