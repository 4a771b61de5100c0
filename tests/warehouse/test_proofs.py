"""The certificate and the diff at any two clocks, on random histories, against plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from dbt_project.ledger_history import DELIVERIES, FIRST_DAY, KNOWN_AT, Version, random_history, write_raw
from support.databases import fresh_database

from cartera import pipeline
from cartera.clock import FOREVER
from cartera.db import Role, transaction
from cartera.runs import start_run
from cartera.warehouse import learned, read, tie_out

AS_OF = dt.date(2026, 3, 31)
CONTENT = (
    "entry_type", "item_id", "item_type", "company_id", "customer_id", "invoice_id", "settlement_id",
    "currency_code", "amount", "effective_date",
)  # fmt: skip
Key = tuple[str, str]


def with_past_reports(history: list[Version]) -> list[Version]:
    """What invoices said was open is kept where it no longer holds: rarely what the ledger gives."""
    return [
        replace(version, values={**version.values, "open_amount": None})
        if version.entity == "invoices" and version.recorded_to == FOREVER
        else version
        for version in history
    ]


def said_again(history: list[Version], seed: int) -> list[Version]:
    """Half of what holds over the fourth delivery is recorded anew by it, without a change."""
    dice, again = random.Random(seed), []
    for version in history:
        if version.recorded_from < SAID_AGAIN_AT < version.recorded_to and dice.random() < 0.5:
            again.append(replace(version, recorded_to=SAID_AGAIN_AT))
            version = replace(version, recorded_from=SAID_AGAIN_AT)
        again.append(version)
    return again


SAID_AGAIN_AT = DELIVERIES[3]
HISTORY = [version for seed in range(40) for version in said_again(with_past_reports(random_history(seed)), seed)]


@pytest.fixture(scope="module")
def published(home: Any) -> Iterator[None]:
    """The histories built and published once for all tests of this module."""
    with fresh_database():
        with transaction(Role.admin) as connection:
            write_raw(connection, HISTORY)
            with connection.cursor() as cursor:
                cursor.execute(
                    "insert into ops.loads (source, entity, kind, fingerprint, files, recorded_at, rows_in,"
                    " rows_loaded, rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts)"
                    " values ('h', 'invoices', 'full', '', '[]', %s, 0, 0, 0, 0, 0, 0, 0, '{}')",
                    (KNOWN_AT,),
                )
        run_id, plan = start_run(AS_OF, "test"), pipeline.plan_build(AS_OF)
        pipeline.build(run_id, plan)
        pipeline.certify(run_id, plan)
        pipeline.publish_marts(run_id, plan)
        yield


@pytest.mark.usefixtures("published")
def test_what_is_asked_of_both_clocks_may_be_read_by_both_cores() -> None:
    with transaction(Role.reader) as connection:
        functions = read.rows(
            connection, "select proname, proparallel from pg_proc where pronamespace = 'serve'::regnamespace"
        )
    assert functions
    assert {row["proname"] for row in functions if row["proparallel"] != "s"} == set()


def random_clocks(count: int, seed: int) -> list[tuple[dt.date, dt.datetime, dt.datetime]]:
    dice = random.Random(seed)
    moments = [moment + dt.timedelta(seconds=second) for moment in DELIVERIES for second in (-1, 0, 1)]
    return [
        (FIRST_DAY + dt.timedelta(days=dice.randrange(-2, 130)), *sorted(dice.choices(moments, k=2)))
        for _ in range(count)
    ]


CLOCKS = random_clocks(25, 3)


def ledger() -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection:
        return read.rows(connection, "select * from serve.fct_ledger_entries")


def known(entries: list[dict[str, Any]], as_of: dt.date, moment: dt.datetime) -> list[dict[str, Any]]:
    return [
        entry
        for entry in entries
        if entry["effective_date"] <= as_of and entry["recorded_from"] <= moment < entry["recorded_to"]
    ]


def sums(rows: list[dict[str, Any]], column: str) -> dict[Key, Decimal]:
    """By company and currency; zeros left out."""
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["company_id"], row["currency_code"]] += row[column]
    return {key: amount for key, amount in found.items() if amount}


def content(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[column] for column in CONTENT)


def test_what_was_learned_is_the_difference_of_what_was_known(published: None) -> None:
    """Entry by entry as plain Python finds it; their sum is the difference of open items and unapplied credit."""
    entries, seen = ledger(), Counter[str]()
    for as_of, before, after in CLOCKS:
        then = Counter(content(entry) for entry in known(entries, as_of, before))
        now = Counter(content(entry) for entry in known(entries, as_of, after))
        expected = Counter({("appeared", *each): n for each, n in (now - then).items()})
        expected += Counter({("withdrawn", *each): n for each, n in (then - now).items()})
        with transaction(Role.reader) as connection:
            found = learned.entries(connection, as_of, before, after)
            totals = learned.totals(connection, as_of, before, after)
            balances = [sums(read.open_items(connection, as_of, moment), "open_amount") for moment in (before, after)]
        columns = [column for column in CONTENT if column != "settlement_id"]
        expected_shown = Counter[tuple[Any, ...]]()
        for (change, *values), n in expected.items():
            shown = dict(zip(CONTENT, values, strict=True))
            expected_shown[change, *(shown[column] for column in columns)] += n
        assert Counter((row["change"], *(row[column] for column in columns)) for row in found) == expected_shown
        difference = sums(found, "difference_amount")
        assert difference == sums(totals, "difference_amount")
        for key in {*balances[0], *balances[1], *difference}:
            assert balances[1].get(key, 0) - balances[0].get(key, 0) == difference.get(key, 0)
        seen.update(row["change"] for row in found)
    assert min(seen["appeared"], seen["withdrawn"]) > 100


def test_what_was_said_again_without_a_change_is_not_learned(published: None) -> None:
    """Entries that end and begin anew alike are no news; there are many of them here."""
    entries = ledger()
    as_of, before, after = FIRST_DAY + dt.timedelta(days=130), DELIVERIES[2], DELIVERIES[4]
    then, now = known(entries, as_of, before), known(entries, as_of, after)
    changed = {e["ledger_entry_id"] for e in then} ^ {e["ledger_entry_id"] for e in now}
    with transaction(Role.reader) as connection:
        found = learned.entries(connection, as_of, before, after)
    assert 0 < len(found) < len(changed) - 30


def test_each_entry_says_when_it_was_recorded_and_for_whom(published: None) -> None:
    as_of, before, after = FIRST_DAY + dt.timedelta(days=130), DELIVERIES[1], DELIVERIES[4]
    with transaction(Role.reader) as connection:
        found = learned.entries(connection, as_of, before, after)
    assert found
    assert all(before < row["recorded_at"] <= after and row["document_number"] and row["customer_id"] for row in found)
    assert all(set(row) == set(learned.ENTRY_COLUMNS) for row in found)


def reported(moment: dt.datetime) -> dict[Key, Decimal]:
    """The sources' own totals known at a moment, by a plain reading of the versions."""
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for version in HISTORY:
        values = version.values
        if (
            version.entity == "invoices"
            and version.recorded_from <= moment < version.recorded_to
            and not version.is_deleted
            and values.get("open_amount") is not None
            and values["document_type"] in (None, "invoice")
        ):
            owed = Decimal(0) if values["status"] in ("void", "deleted", "draft") else values["open_amount"]
            found[values["company_id"], values["currency_code"]] += owed
    return dict(found)


def test_the_certificate_of_any_clocks_holds_the_ledger_and_the_sources_total(published: None) -> None:
    untied = 0
    for as_of, _, moment in CLOCKS:
        expected_ledger = sums(known(ledger(), as_of, moment), "amount")
        with transaction(Role.reader) as connection:
            marts = tie_out.served(connection, as_of, moment)
            lines = {(line.company_id, line.currency_code): line for line in tie_out.compare(connection, marts)}
            documents = tie_out.differences(connection, marts, list(lines.values()), limit=1000)
        controls = {key: line.source_control_amount for key, line in lines.items()}
        assert {key: amount for key, amount in controls.items() if amount is not None} == reported(moment)
        assert {key: line.ledger_amount for key, line in lines.items() if line.ledger_amount} == expected_ledger
        assert all(line.open_items_amount + line.unapplied_amount == line.ledger_amount for line in lines.values())
        assert all(line.buckets_amount == line.open_items_amount for line in lines.values())
        assert all(each["equation"] == "source control = ledger" for each in documents)
        # what the documents differ by is what the lines differ by
        assert sums(documents, "difference_amount") == {
            key: (line.source_control_amount or 0) - (line.controlled_ledger_amount or 0)
            for key, line in lines.items()
            if not line.is_tied
        }
        untied += sum(not line.is_tied for line in lines.values())
    assert untied > 20


def test_the_computed_certificate_of_the_publication_is_the_stored_one(published: None) -> None:
    from cartera.warehouse import read_runs

    with transaction(Role.reader) as connection:
        publication = read.publication(connection)
        stored = read_runs.certificate(connection, publication.run_id)
        marts = tie_out.served(connection, publication.as_of_date, publication.known_at)
        lines = tie_out.compare(connection, marts)
    assert lines and all(line.is_tied for line in lines)
    assert [tuple(row.values())[:8] for row in stored] == [tuple(vars(line).values()) for line in lines]


@pytest.mark.parametrize(
    ("change", "equation", "document"),
    [
        ("delete from marts_a.fct_item_balances where item_id = {item}", "open items = ledger", "{invoice}"),
        ("update marts_a.fct_open_items set open_amount = open_amount + 1 where item_id = {item}", "both", "{invoice}"),
        ("update marts_a.fct_aging set open_amount = open_amount + 1 where customer_id = {customer}", "buckets", None),
    ],
)
def test_a_broken_mart_is_found_and_the_document_named(
    published: None, change: str, equation: str, document: str | None
) -> None:
    """As the transformer sees it in the slot: a certificate over a mart with one row wrong, rolled back after."""
    with transaction(Role.reader) as connection:
        items = read.open_items(connection, AS_OF, KNOWN_AT, item_type="instalment")
        item = next(row for row in items if row["invoice_id"])
    with transaction(Role.transformer) as connection:
        served = read.publication(connection)
        names = {"item": "%(item_id)s", "customer": "%(customer_id)s"}
        with connection.cursor() as cursor:
            cursor.execute(change.format(**names), item)
        clock = served.known_at if "fct_item_balances" not in change else served.known_at + dt.timedelta(microseconds=1)
        marts = tie_out.served(connection, served.as_of_date, clock)
        lines = tie_out.compare(connection, marts)
        documents = tie_out.differences(connection, marts, lines)
        connection.rollback()
    assert [line.company_id for line in lines if not line.is_tied] == [item["company_id"]]
    equations = {each["equation"] for each in documents}
    expected = {"both": {"open items = ledger", "buckets = open items"}, "buckets": {"buckets = open items"}}
    assert equations == expected.get(equation, {equation})
    if document:
        assert item["invoice_id"] in {each["document_id"] for each in documents}
    (check,) = [check for check in tie_out.checks(lines, documents) if not check.passed]
    # its number, its id where the item itself is missing, its customer where a bucket is wrong
    assert any(name in check.message for name in (item["document_number"], item["invoice_id"], item["customer_id"]))


@pytest.mark.parametrize("by", ["customer", "country", "collector", "parent", "bucket", "company"])
def test_disputed_and_promised_are_parts_of_what_is_open(published: None, by: read.By) -> None:
    """By either way, prebuilt and computed, and as added up from the open items in plain Python."""
    seen = Counter[str]()
    for as_of, moment in [
        (AS_OF, KNOWN_AT),
        (AS_OF, KNOWN_AT + dt.timedelta(seconds=1)),
        *((c[0], c[2]) for c in CLOCKS),
    ]:
        with transaction(Role.reader) as connection:
            rows = read.aging(connection, as_of, moment, by)
            items = read.open_items(connection, as_of, moment, item_type="instalment")
        assert all(tuple(row) == read.aging_columns(by) for row in rows)
        assert sums(rows, "open_amount") == sums(items, "open_amount")
        disputed, promised = (
            [item for item in items if item["is_disputed"]],
            [item for item in items if item["promised_date"]],
        )
        assert sums(rows, "disputed_amount") == sums(disputed, "open_amount")
        assert sums(rows, "promised_amount") == sums(promised, "open_amount")
        seen.update(disputed=len(disputed), promised=len(promised))
    assert min(seen.values()) > 10
