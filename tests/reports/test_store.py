"""Saved reports and views: whose they are, versions, and two people at once."""

from __future__ import annotations

import contextlib
import threading
import uuid

import pytest

from cartera.errors import ConfigError
from cartera.reports import schedule, store, views
from cartera.reports.document import Document, Part
from cartera.reports.ready_made import READY

AGING = Document(parts=(Part(mart="aging", dimensions=("bucket",), measures=("open_amount",)),))
OTHER = Document(parts=(Part(mart="aging", measures=("overdue_amount",)),))


@pytest.mark.usefixtures("database")
class TestReports:
    def test_what_is_saved_is_found_again_by_name_and_id(self) -> None:
        saved = store.save("ana", "  My   aging ", AGING)
        assert (saved.name, saved.owner, saved.version, saved.document) == ("My aging", "ana", 1, AGING)
        assert store.find("ana", "My aging") == store.find("ana", saved.report_id) == saved
        assert [each.name for each in store.listed("ana")] == [*READY, "My aging"]

    def test_another_sees_it_only_when_it_is_shared_and_never_changes_it(self) -> None:
        saved = store.save("ana", "Mine", AGING)
        with pytest.raises(ConfigError):
            store.find("luis", saved.report_id)
        shared = store.change("ana", saved.report_id, saved.version, is_shared=True)
        assert store.find("luis", saved.report_id) == shared
        for act in (
            lambda: store.change("luis", saved.report_id, shared.version, document=OTHER),
            lambda: store.delete("luis", saved.report_id, shared.version),
        ):
            with pytest.raises(ConfigError, match="luis has no report"):
                act()
        assert store.find("ana", saved.report_id).document == AGING

    def test_the_second_of_two_changes_is_refused_and_nothing_is_lost(self) -> None:
        seen = store.save("ana", "Mine", AGING)
        store.change("ana", seen.report_id, seen.version, document=OTHER)
        with pytest.raises(store.ChangedMeanwhile, match="after you had opened it"):
            store.change("ana", seen.report_id, seen.version, name="Yours")
        now = store.find("ana", seen.report_id)
        assert (now.name, now.document, now.version) == ("Mine", OTHER, 2)
        store.delete("ana", now.report_id, now.version)
        with pytest.raises(store.ChangedMeanwhile, match="deleted"):
            store.change("ana", now.report_id, now.version, name="Late")

    def test_twenty_at_once_and_one_of_them_wins(self) -> None:
        seen = store.save("ana", "Mine", AGING)
        won: list[str] = []

        def change(number: int) -> None:
            with contextlib.suppress(store.ChangedMeanwhile):
                won.append(store.change("ana", seen.report_id, seen.version, name=f"by {number}").name)

        threads = [threading.Thread(target=change, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        now = store.find("ana", seen.report_id)
        assert won == [now.name] and now.version == 2

    def test_a_double_click_saves_once(self) -> None:
        report_id = str(uuid.uuid4())
        first, second = (store.save("ana", "Mine", AGING, report_id=report_id) for _ in range(2))
        assert first == second and len(store.listed("ana")) == len(READY) + 1
        with pytest.raises(ConfigError, match="you have a report called"):
            store.save("ana", "Mine", AGING)

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\u202eb", "board_pack"])
    def test_names_that_can_not_be_shown_are_refused(self, name: str) -> None:
        with pytest.raises(ConfigError):
            store.save("ana", name, AGING)

    def test_deleting_ends_what_is_scheduled(self) -> None:
        saved = store.save("ana", "Mine", AGING)
        schedule.add("ana", saved.report_id, "x@example.com", schedule.When((1,)))
        store.delete("ana", saved.report_id, saved.version)
        assert schedule.schedules("ana") == []


@pytest.mark.usefixtures("database")
class TestViews:
    def test_each_has_his_own_and_the_address_comes_back_as_it_was(self) -> None:
        address = [("currency", "PEN"), ("where", "a&b=c"), ("where", "ñ"), ("empty", "")]
        views.save_view("ana", "Lima", "segments", address)
        views.save_view("luis", "Lima", "aging", [])
        (own,) = views.saved_views("ana")
        assert (own.name, own.page, own.parameters) == ("Lima", "segments", address)
        views.delete_view("luis", "Lima")
        assert views.saved_views("luis") == [] and len(views.saved_views("ana")) == 1

    def test_the_same_name_takes_the_new_address(self) -> None:
        for page in ("aging", "kpis"):
            views.save_view("ana", "Lima", page, [])
        assert [each.page for each in views.saved_views("ana")] == ["kpis"]

    @pytest.mark.parametrize(
        ("name", "page", "value"),
        [("", "aging", ""), ("x", "../app", ""), ("x", "Aging", ""), ("x", "aging", "y" * 4001), ("\x1b", "aging", "")],
    )
    def test_what_is_no_view_is_refused(self, name: str, page: str, value: str) -> None:
        with pytest.raises(ConfigError):
            views.save_view("ana", name, page, [("a", value)])

    def test_there_is_an_end_to_them(self) -> None:
        for number in range(views.MOST_VIEWS):
            views.save_view("ana", f"v{number}", "aging", [])
        with pytest.raises(ConfigError, match="delete one first"):
            views.save_view("ana", "one more", "aging", [])
        views.save_view("ana", "v1", "kpis", [])
