"""Saved reports and views: whose they are, versions, and two people at once."""

from __future__ import annotations

import contextlib
import threading
import uuid

import pytest

from cartera import users
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reports import erased, schedule, store, views
from cartera.reports.document import Document, Filter, Part
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

    def test_one_that_asks_for_what_is_gone_is_listed_as_broken_and_hides_no_other(self) -> None:
        gone, whole = store.save("ana", "Gone", AGING), store.save("ana", "Whole", OTHER)
        ask_for_what_is_gone(gone.report_id)
        broken, other = store.listed("ana")[-2:]
        assert isinstance(broken, store.Broken) and other == whole
        assert (broken.name, broken.owner, broken.version) == ("Gone", "ana", 1) and "no measure 'glory'" in broken.why
        with pytest.raises(ConfigError, match="Gone: the report is not possible: aging has no measure 'glory'"):
            store.find("ana", "Gone")
        store.delete("ana", broken.report_id, broken.version)
        assert store.listed("ana")[-1:] == [whole] and len(store.listed("ana")) == len(READY) + 1

    def test_who_sees_some_companies_sees_of_the_shared_ones_what_names_no_other(self) -> None:
        users.add("norte@example.com", "manager", ["norte"], "test")
        users.add("sur@example.com", "manager", ["norte", "sur"], "test")
        asked = {
            "nobody": Filter(column="bucket", among=("1-30",)),
            "norte": Filter(column="company_id", among=("norte",)),
            "both": Filter(column="company_id", among=("norte", "sur")),
            "customer": Filter(column="customer_name", among=("Secreta SA",)),
        }
        for owner in ("boss", "norte@example.com", "sur@example.com"):
            for name, filter in asked.items():
                store.save(owner, f"{name} of {owner}", AGING.with_filters([filter]), is_shared=True)
        broken = store.save("boss", "broken", AGING, is_shared=True)
        ask_for_what_is_gone(broken.report_id)

        def seen(user: str, owner: str) -> set[str]:
            return {each.name.split(" of ")[0] for each in store.listed(user) if each.owner == owner}

        assert seen("norte@example.com", "norte@example.com") == set(asked)
        assert seen("norte@example.com", "boss") == {"nobody", "norte"}
        assert seen("norte@example.com", "sur@example.com") == {"nobody", "norte"}
        # a customer whom somebody of one's own companies named is a customer of one's own
        assert seen("sur@example.com", "norte@example.com") == set(asked)
        assert seen("nobody@example.com", "boss") == {"nobody"}, "who was let out"
        assert seen("ana", "boss") == {*asked, "broken"}
        with pytest.raises(ConfigError, match="no report"):
            store.find("norte@example.com", "customer of boss")
        users.remove("sur@example.com", "test")
        assert seen("norte@example.com", "sur@example.com") == {"nobody", "norte"}


def ask_for_what_is_gone(report_id: str) -> None:
    """As an upgrade leaves it that takes a measure away."""
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update ops.reports set document = jsonb_set(document, '{parts,0,measures}', '[\"glory\"]')"
            " where report_id = %s::uuid",
            (report_id,),
        )


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


@pytest.mark.usefixtures("database")
def test_who_is_erased_is_in_no_view_and_in_no_filter() -> None:
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("create view serve.dim_customers as select 'erp:C-1' as customer_id, 'Ana Ltd' as name")
        cursor.execute("grant select on serve.dim_customers to public")
    for number, (name, value) in enumerate(
        [("customer", "erp:C-1"), ("of", "erp:C-1/acme"), ("only", "erp:C-2,erp:C-1"), ("find", "Ana Ltd")]
    ):
        views.save_view("ana", f"gone {number}", "aging", [("currency", "PEN"), (name, value)])
    views.save_view("ana", "of another", "aging", [("customer", "erp:C-10")])
    views.save_view("luis", "of nobody", "aging", [])
    asked = [
        Filter(column="customer_id", among=("erp:C-1", "erp:C-10")),
        Filter(column="customer_name", among=("Ana Ltd",)),
    ]
    part = Part(mart="aging", dimensions=("customer_name",), measures=("open_amount",), filters=tuple(asked))
    mine, other = store.save("ana", "Mine", Document(parts=(part,))), store.save("ana", "Other", AGING)
    kept = schedule.add("ana", other.report_id, "ana@example.com", schedule.When((1,)), filters=(asked[0],))

    assert erased.forget("erp:C-1") == 4 + 1 + 1
    assert erased.forget("erp:C-1") == 0
    assert [view.name for view in (*views.saved_views("ana"), *views.saved_views("luis"))] == [
        "of another",
        "of nobody",
    ]
    left = store.find("ana", mine.report_id).document.parts[0]
    assert [each.among for each in left.filters] == [("erased", "erp:C-10"), ("erased",)]
    assert store.find("ana", other.report_id).document == AGING
    (scheduled,) = schedule.schedules("ana")
    assert (scheduled.schedule_id, scheduled.filters[0].among) == (kept, ("erased", "erp:C-10"))
