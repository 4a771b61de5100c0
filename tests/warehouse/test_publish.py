"""Law 5: a reader sees the last published set or the new one, never a mixture."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from psycopg2.sql import SQL, Identifier, Literal

from cartera.clock import utc_now
from cartera.db import Role, connect, transaction
from cartera.errors import BuildFailed
from cartera.runs import start_run
from cartera.warehouse import publish, read, scope
from cartera.warehouse.build_plan import BuildPlan

AS_OF = dt.date(2026, 6, 30)
MARTS = ("fct_aging", "fct_open_items")


def plan_for(slot: str) -> BuildPlan:
    return BuildPlan(slot, AS_OF, utc_now(), utc_now(), True, "code")


def fill(slot: str, number: int, *, extra_column: bool = False) -> None:
    """Marts of a slot that all hold one number, and the function over them."""
    marts = f"marts_{slot}"
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(SQL("drop function if exists {}.open_items(date, timestamptz)").format(Identifier(marts)))
        for table in MARTS:
            cursor.execute(SQL("drop table if exists {} cascade").format(Identifier(marts, table)))
            cursor.execute(
                SQL("create table {} as select {}::int as number{}").format(
                    Identifier(marts, table), Literal(number), SQL(", 'x'::text as added" if extra_column else "")
                )
            )
        cursor.execute(
            SQL(
                "create function {marts}.open_items(p_as_of date, p_known_at timestamptz) returns table (number int)"
                " language sql stable as $$ select f.number from {marts}.fct_open_items as f $$"
            ).format(marts=Identifier(marts))
        )


def certify(run_id: str, *, is_tied: bool = True) -> None:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.certificates values (%s, %s, %s, %s, %s)", (run_id, utc_now(), AS_OF, utc_now(), is_tied)
        )


def publish_number(slot: str, number: int, *, extra_column: bool = False) -> None:
    fill(slot, number, extra_column=extra_column)
    publish_filled(slot)


def publish_filled(slot: str) -> None:
    run_id = start_run(AS_OF, "test")
    certify(run_id)
    publish.publish(run_id, plan_for(slot))


NUMBERS = (
    "select number from serve.fct_aging",
    "select number from serve.fct_open_items",
    "select number from serve.open_items('2026-06-30', now())",
)


def read_all(pause: float = 0.0, *, queries: Sequence[str] = NUMBERS, in_any_order: bool = False) -> set[int]:
    """Every number a reader's transaction sees, one query after the other.

    The package's own readers read the publication first, and never cross the publisher's way; a person with psql may
    read `in_any_order`.
    """
    seen = set()
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        if not in_any_order:
            read.publication(connection)
        for query in reversed(queries) if in_any_order else queries:
            cursor.execute(query)
            seen.add(cursor.fetchall()[0][0])
            time.sleep(pause)
        cursor.execute("select publication_id from serve.publication")
    return seen


@contextmanager
def polling() -> Iterator[list[set[int]]]:
    """Readers at 10 Hz and more, until the block ends; a reader's error fails the test."""
    seen: list[set[int]] = []
    errors: list[BaseException] = []
    ended = threading.Event()

    def poll(in_any_order: bool, wait: float) -> None:
        try:
            while not ended.is_set():
                seen.append(read_all(0.01, in_any_order=in_any_order))
                ended.wait(wait)
        except BaseException as error:  # noqa: BLE001 - handed to the test below
            errors.append(error)

    readers = [(False, 0.02), (False, 0.02), (True, 0.1)]
    threads = [threading.Thread(target=poll, args=reader) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert errors == []


def test_no_transaction_sees_two_publications(database: str) -> None:
    publish_number("a", 1)
    with polling() as seen:
        for number in range(2, 10):
            publish_number("ab"[(number + 1) % 2], number)
            time.sleep(0.05)
    mixed = [numbers for numbers in seen if len(numbers) != 1]
    assert mixed == []
    assert len(seen) > 20
    assert len(set().union(*seen)) > 5, "readers saw publications come by"


def test_a_slow_reader_keeps_its_publication_and_the_publisher_waits(database: str) -> None:
    publish_number("a", 1)
    reader = connect(Role.reader)
    with reader.cursor() as cursor:
        cursor.execute("select number from serve.fct_aging")
        assert cursor.fetchall() == [(1,)]
        publisher = threading.Thread(target=publish_number, args=("b", 2))
        publisher.start()
        time.sleep(0.8)
        assert publisher.is_alive()
        cursor.execute("select number from serve.fct_open_items")
        assert cursor.fetchall() == [(1,)]
    reader.close()
    publisher.join(10)
    assert read_all() == {2}


def test_where_somebody_always_reads_the_publisher_gets_its_turn(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_number("a", 1)
    fill("b", 2)
    monkeypatch.setattr(publish, "PATIENCE_SECONDS", 20.0)
    ended = threading.Event()

    def read_on(later: float) -> None:
        time.sleep(later)
        while not ended.is_set():
            with transaction(Role.reader) as connection:
                read.publication(connection)
                time.sleep(0.6)

    readers = [threading.Thread(target=read_on, args=(later,)) for later in (0.0, 0.2, 0.4)]
    for reader in readers:
        reader.start()
    try:
        publish_filled("b")
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert read_all() == {2}


def test_rebuilding_the_idle_slot_changes_nothing_for_readers(database: str) -> None:
    publish_number("a", 1)
    publish_number("b", 2)
    fill("a", 3)
    assert read_all() == {2}


def test_columns_may_be_added(database: str) -> None:
    publish_number("a", 1)
    publish_number("b", 2, extra_column=True)
    publish_number("a", 3)
    assert read_all() == {3}


@pytest.mark.parametrize("is_tied", [False, None])
def test_nothing_is_published_without_a_tied_certificate(database: str, is_tied: bool | None) -> None:
    publish_number("a", 1)
    fill("b", 2)
    run_id = start_run(AS_OF, "test")
    if is_tied is not None:
        certify(run_id, is_tied=is_tied)
    with pytest.raises(BuildFailed):
        publish.publish(run_id, plan_for("b"))
    assert read_all() == {1}


def served_functions() -> list[str]:
    with transaction(Role.reader) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select p.oid::regprocedure::text from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace"
            " where n.nspname = 'serve' order by 1"
        )
        return [row[0] for row in cursor.fetchall()]


def in_marts(slot: str, text: str) -> None:
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute(SQL(text).format(marts=Identifier(f"marts_{slot}")))


TWICE = (
    "create function {marts}.twice(p_as_of date, p_known_at timestamptz, p_times int default 2)"
    " returns table (number int) language sql stable as $$"
    " select p_times * o.number from {marts}.open_items(p_as_of, p_known_at) as o $$"
)


def test_every_function_of_the_marts_is_served_and_reads_the_same_publication(database: str) -> None:
    """Also one that calls another; with its default; with another result; and no more once it is gone."""
    fill("a", 21)
    in_marts("a", TWICE)
    publish_filled("a")
    asked = (*NUMBERS, "select number / 2 as number from serve.twice('2026-06-30', now())")
    assert read_all(queries=asked) == {21}
    in_marts("b", "drop function if exists {marts}.twice(date, timestamptz, int)")
    fill("b", 22)
    in_marts("b", TWICE.replace("number int)", "number bigint)"))
    publish_filled("b")
    assert read_all(queries=asked) == {22}
    in_marts("a", "drop function {marts}.twice(date, timestamptz, int)")
    publish_number("a", 23)
    assert served_functions() == ["serve.open_items(date,timestamp with time zone)"]
    assert read_all() == {23}


def test_a_mart_that_does_not_say_whose_it_is_is_for_nobody_of_some_companies(database: str) -> None:
    publish_number("a", 1)
    with transaction(Role.viewer) as connection:
        scope.limit_to(connection, ["main"])
        with connection.cursor() as cursor:
            for query in NUMBERS:
                cursor.execute(query)
                assert cursor.fetchall() == []
    assert read_all() == {1}
