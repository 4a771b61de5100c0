"""One read transaction per page; cached answers belong to one publication and one role."""

from __future__ import annotations

from decimal import Decimal

import psycopg2.errors
import pytest
import streamlit as st
from support.serve_fixture import AS_OF, item, publish_items

from cartera.db import Role, connect
from cartera.errors import NotPublished
from dashboards.queries import receivables
from dashboards.queries.session import ROLE, Reading, reading


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
    monkeypatch.setattr("cartera.warehouse.read.totals", lambda *_: pytest.fail("asked again"))
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


def test_before_the_first_publication(database: str) -> None:
    with reading() as opened:
        assert opened.published is None
        with pytest.raises(NotPublished):
            _ = opened.publication
    assert Reading(connection=None, published=None).cache_key() == (ROLE.value, "")  # type: ignore[arg-type]
