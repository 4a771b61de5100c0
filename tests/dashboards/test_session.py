"""One read transaction per page; cached answers belong to one publication and one role."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import psycopg2.errors
import pytest
import streamlit as st
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier
from support.serve_fixture import AS_OF, item, publish_items
from support.signed_in import require_sign_in

from cartera.db import Role, connect, parameters
from cartera.desk import Actor
from cartera.errors import NotPublished
from dashboards.queries import receivables
from dashboards.queries.session import ROLE, STATEMENT_TIMEOUT, NotSignedInError, Reading, acting, in_time, reading


def _open_amount() -> Decimal:
    with reading() as opened:
        return Decimal(receivables.totals(opened, opened.clocks)["open_amount"].sum())


def test_a_new_publication_is_never_answered_from_the_old_ones_cache(database: str) -> None:
    st.cache_data.clear()
    publish_items([item("1", AS_OF, "10")])
    assert _open_amount() == 10
    publish_items([item("1", AS_OF, "25")])
    assert _open_amount() == 25


def test_the_same_publication_is_asked_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    publish_items([item("1", AS_OF, "10")])
    assert _open_amount() == 10
    monkeypatch.setattr("cartera.warehouse.read.aging", lambda *_, **__: pytest.fail("asked again"))
    assert _open_amount() == 10


def test_the_key_tells_roles_and_publications_apart(database: str) -> None:
    publish_items([])
    with reading() as opened:
        one = opened.cache_key()
    publish_items([])
    with reading() as opened:
        other = opened.cache_key()
    assert one[0] == other[0] == ROLE.value
    assert one != other


def test_the_transaction_only_reads_and_holds_the_publication(database: str) -> None:
    publish_items([item("1", AS_OF, "10")])
    with reading() as opened:
        with opened.connection.cursor() as cursor:
            cursor.execute("select current_setting('transaction_isolation'), current_setting('transaction_read_only')")
            assert cursor.fetchone() == ("repeatable read", "on")
        # what the publisher does: it has to wait until the page is drawn
        with connect(Role.admin) as publisher, publisher.cursor() as cursor:
            cursor.execute("set local lock_timeout = '100ms'")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                cursor.execute("lock table serve.publication in access exclusive mode")
            publisher.rollback()
        publisher.close()


class _Slow:
    """A connection whose first way back to a savepoint takes longer than there is time, as on a busy machine."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.was_slow = connection, False

    @contextmanager
    def cursor(self) -> Iterator[_Slow]:
        with self.connection.cursor() as self._cursor:
            yield self

    def execute(self, statement: str, values: object = None) -> None:
        if statement.startswith("rollback") and not self.was_slow:
            self.was_slow = True
            self._cursor.execute("select pg_sleep(5)")
        self._cursor.execute(statement, values)


def test_what_takes_too_long_leaves_the_transaction_whole(database: str) -> None:
    """However little time there is: what ends it may take longer than that too."""
    publish_items([item("1", AS_OF, "10")])
    with reading() as opened:
        slow = _Slow(opened.connection)
        with in_time(replace(opened, connection=slow), 0.005):  # type: ignore[arg-type]
            pass
        assert slow.was_slow
        with opened.connection.cursor() as cursor:
            cursor.execute("select current_setting('statement_timeout')")
            assert cursor.fetchone() == (STATEMENT_TIMEOUT,)


def test_before_the_first_publication(database: str) -> None:
    with reading() as opened:
        assert opened.published is None
        with pytest.raises(NotPublished):
            _ = opened.publication
    assert Reading(connection=None, published=None).cache_key() == (ROLE.value, "")  # type: ignore[arg-type]


def test_two_people_at_once_never_meet_each_others_answers(database: str) -> None:
    """The cache is the process's: both ask the same questions again and again, now one first, now the other."""
    st.cache_data.clear()
    publish_items([item("1", AS_OF, "10", company_id="main"), item("2", AS_OF, "25", company_id="norte")])
    people = {name: Actor(f"{name}@example.com", "manager", frozenset({name})) for name in ("main", "norte")}
    people["all"] = Actor("boss@example.com", "administrator", None)
    start, seen = threading.Barrier(len(people)), {name: set() for name in people}

    def ask(name: str) -> None:
        for number in range(15):
            if number % 5 == 0:
                start.wait(30)
            with acting(people[name]), reading() as opened:
                totals = receivables.totals(opened, opened.clocks)
                items = receivables.open_items(opened, opened.clocks, "PEN", None, None, None, limit=10)
                seen[name].add((totals["open_amount"].sum(), frozenset(items["company_id"])))

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(ask, people))
    assert seen == {
        "main": {(10, frozenset({"main"}))},
        "norte": {(25, frozenset({"norte"}))},
        "all": {(35, frozenset({"main", "norte"}))},
    }


def test_the_key_tells_companies_apart(database: str) -> None:
    publish_items([])
    keys = set()
    for companies in (None, frozenset(), frozenset({"a"}), frozenset({"a", "b"}), frozenset({"a,b"})):
        with acting(Actor("x", "manager", companies)), reading() as opened:
            keys.add(opened.cache_key())
    assert len(keys) == 5


def test_with_sign_in_and_nobody_signed_in_nothing_is_read(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_items([item("1", AS_OF, "10")])
    require_sign_in(monkeypatch)
    with pytest.raises(NotSignedInError), reading():
        pytest.fail("a transaction was opened")
    with acting(Actor("x", "manager", frozenset())), reading() as opened:
        assert receivables.totals(opened, opened.clocks).empty


def test_what_an_earlier_cartera_published_is_not_shown_to_who_sees_some_companies(database: str) -> None:
    publish_items([item("1", AS_OF, "10")])
    with connect(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(SQL("revoke all on all tables in schema serve from {}").format(_viewer()))
        connection.commit()
    connection.close()
    someone = Actor("x", "manager", frozenset({"main"}))
    with pytest.raises(NotPublished, match="no company scope"), acting(someone), reading():
        pytest.fail("read")


def _viewer() -> Identifier:
    return Identifier(str(parameters(Role.viewer)["user"]))
