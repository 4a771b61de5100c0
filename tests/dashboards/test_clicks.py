"""A form is sent once, whatever is clicked twice; and the dashboard runs one script of a session after the other."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cartera.errors import PlanChanged
from dashboards.components import clicks
from dashboards.components.clicks import answers, once


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicks.st, "session_state", {})


def test_a_second_click_of_a_form_has_the_answer_of_the_first() -> None:
    done: list[int] = []

    def act() -> int:
        done.append(1)
        return len(done)

    assert [once("form", act), once("form", act), once("another", act)] == [1, 1, 2]


def test_what_was_not_done_may_be_sent_again() -> None:
    def refused() -> int:
        raise PlanChanged("changed", "look again")

    with pytest.raises(PlanChanged):
        once("form", refused)
    assert once("form", lambda: 2) == 2


def test_answers_are_of_the_session_and_outlive_a_script_that_was_told_to_end() -> None:
    taken = answers()
    taken["subject"] = "done"
    assert answers().pop("subject") == "done" and not answers()


def test_what_is_wished_for_is_done_once_with_what_is_shown_by_then() -> None:
    done: list[str] = []
    clicks.wish("report", "one", done.append, "as drawn")
    assert [clicks.granted("view", "one", "now"), clicks.granted("report", "one", "now")] == [False, True]
    assert not clicks.granted("report", "one", "later") and done == ["now"]


def test_a_wish_of_what_is_not_shown_any_more_is_done_as_it_was_drawn() -> None:
    done: list[str] = []
    clicks.wish("report", "one", done.append, "the one")
    clicks.granted("report", "another", "the other")
    clicks.wish("report", "one", done.append, "the one again")
    clicks.wish("view", "kpis", done.append, "a view")
    clicks.settle()
    clicks.settle()
    assert done == ["the one", "the one again", "a view"]


def test_the_server_runs_one_script_of_a_session_after_the_other() -> None:
    """Else a second click runs beside the first one's work, and draws what was before it."""
    config = tomllib.loads((Path(clicks.__file__).parents[1] / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["runner"]["fastReruns"] is False


def test_the_second_of_two_clicks_does_nothing_to_what_moved_into_the_place_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 100.0
    monkeypatch.setattr(clicks, "monotonic", lambda: clock)
    done: list[str] = []

    def click(what: str) -> None:
        with clicks.one_of("rows"):
            done.append(what)

    def draw(at: float) -> None:
        nonlocal clock
        clock = at
        clicks.drawn_anew("rows")

    draw(100.0)
    click("first")
    click("first, before it is drawn anew")
    draw(103.0)
    clock += clicks.SOON / 2
    with pytest.raises(clicks.NotMeant):
        click("the one that moved up")
    draw(103.0 + clicks.SOON * 0.6)
    clock = 103.0 + clicks.SOON
    click("the one that moved up, meant")
    assert done == ["first", "first, before it is drawn anew", "the one that moved up, meant"]


def test_what_a_page_told_before_it_was_cut_off_is_told_by_the_next_one() -> None:
    answers().update(mine="done", other="of another page")
    with pytest.raises(KeyboardInterrupt), clicks.telling():
        assert clicks.told("mine") == "done"
        raise KeyboardInterrupt
    with clicks.telling():
        assert clicks.told("other") == "of another page"
    with clicks.telling():
        assert clicks.told("mine") == "done"
    with clicks.telling():
        assert [clicks.told(subject) for subject in ("mine", "other", "none")] == [None, None, None]
