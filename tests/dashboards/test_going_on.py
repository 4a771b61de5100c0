"""What takes longer than a page may wait goes on behind it, and is shown once it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import streamlit as st
from psycopg2.extensions import connection as Connection
from streamlit.testing.v1 import AppTest
from support.kpi_page import open_kpis
from support.pages import page_opened, said

from cartera.warehouse import metrics, read, segment_moves
from dashboards.queries import going_on, kpis
from dashboards.queries.cache import CutOff
from dashboards.queries.session import reading


class AtOnce(threading.Thread):
    start = threading.Thread.run


def cutting_off(monkeypatch: pytest.MonkeyPatch, *, times: int) -> list[object]:
    """KPIs take too long so many times; gives the dates that they were asked of."""
    asked: list[object] = []
    answered: Callable[..., list[read.Row]] = metrics.kpis

    def slow(connection: object, as_of: object, *given: object, **named: object) -> list[read.Row]:
        asked.append(as_of)
        if len(asked) <= times:
            with connection.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute("set local statement_timeout = '20ms'; select pg_sleep(60)")
        return answered(connection, as_of, *given, **named)

    st.cache_data.clear()
    monkeypatch.setattr(kpis, "MONTHS", 0)  # the trend asks for no other day
    monkeypatch.setattr(metrics, "kpis", slow)
    return asked


def opened_while_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page before anything is answered behind it."""
    with monkeypatch.context() as patch:
        patch.setattr(going_on, "goes_on", lambda _key: True)
        return open_kpis(as_of="2026-05-07")


def wait_for_what_goes_on() -> None:
    for thread in [each for each in threading.enumerate() if each.name == "goes on"]:
        thread.join(60)


def test_the_page_says_that_it_goes_on_and_then_shows_the_figures(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cutting_off(monkeypatch, times=1)
    app = opened_while_it_goes_on(monkeypatch)
    assert "Adding this up takes longer than usual" in said(app)
    assert not app.error and not app.exception and not app.dataframe
    wait_for_what_goes_on()
    app = app.run()
    assert len(app.dataframe) == 2 and "takes longer" not in said(app)
    assert len(asked) == 2, "who comes back finds what was added up meanwhile"


def test_what_is_there_already_is_drawn_at_once(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cutting_off(monkeypatch, times=1)
    monkeypatch.setattr(going_on, "threading", SimpleNamespace(Thread=AtOnce))
    app = open_kpis(as_of="2026-05-07")
    assert len(app.dataframe) == 2 and not app.error


def test_what_more_time_does_not_answer_is_an_error_and_may_be_tried_again(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cutting_off(monkeypatch, times=3)
    app = opened_while_it_goes_on(monkeypatch)
    wait_for_what_goes_on()
    app = app.run()
    (error,) = app.error
    assert "longer than a page may wait" in error.value and "Reference" in error.value
    assert len(asked) == 3
    app = app.run()
    assert len(app.dataframe) == 2 and not app.error, "a third time, when it took less"


def test_a_question_of_an_earlier_publication_is_left(published_company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    with reading() as opened:
        question = CutOff(opened, asked.append, ("earlier",))
    question.publication = ("reader", "0:before")
    assert going_on.begin(question)
    wait_for_what_goes_on()
    assert not asked and not going_on.goes_on(question.key)


def test_who_asks_again_what_is_being_answered_does_not_wait_for_it(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    begun, may_end = threading.Event(), threading.Event()
    answered = metrics.kpis

    def slow(connection: Connection, *given: object, **named: object) -> list[read.Row]:
        if begun.is_set():
            assert may_end.wait(60)
            return answered(connection, *given, **named)  # type: ignore[arg-type]
        begun.set()
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '20ms'; select pg_sleep(60)")
        return []

    monkeypatch.setattr(metrics, "kpis", slow)
    with reading() as opened:
        asked = kpis.Asked(opened.clocks, "transaction", None)
        for _again in range(2):
            with pytest.raises(CutOff) as raised:
                kpis.figures(opened, asked)
            assert going_on.begin(raised.value)
        may_end.set()
        wait_for_what_goes_on()
        assert len(kpis.figures(opened, asked))


def test_who_moved_between_segments_may_take_long_and_the_rest_stands(
    published_company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    judged = segment_moves.moves

    def slow(connection: Connection, compared: segment_moves.Compared) -> list[read.Row]:
        monkeypatch.setattr(segment_moves, "moves", judged)
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '20ms'; select pg_sleep(60)")
        return []

    monkeypatch.setattr(segment_moves, "moves", slow)
    with monkeypatch.context() as patch:
        patch.setattr(going_on, "goes_on", lambda _key: True)
        app = page_opened("segments", scheme="payer_behaviour")
    assert "Adding this up takes longer than usual" in said(app) and not app.error and not app.exception
    (standing,) = app.dataframe
    wait_for_what_goes_on()
    app = app.run()
    assert len(app.dataframe) == 2 and list(app.dataframe[0].value) == list(standing.value)
    assert "takes longer" not in said(app)
