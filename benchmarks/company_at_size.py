"""A company at size, made with whole columns at a time: the data of benchmarks/warehouse.py.

`make(invoices)` gives every record that is ever delivered, with the day on which it is recorded; `deliver` lands
those of a day through cartera.landing, with that day's recording time. One bulk delivery holds all that was known
on 31 May 2026, daily ones follow in June; what comes on 1 July is the changed records of the next run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.db import Role, transaction
from cartera.landing import Batch, DeliveredFile, Delivery, land
from cartera.landing.encode import schema
from cartera.landing.entities import ENTITIES
from cartera.landing.load import next_recorded_at

SOURCE = "big"
FIRST, BULK, LAST = dt.date(2023, 7, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 30)
NEXT = LAST + dt.timedelta(days=1)
EPOCH = dt.date(1970, 1, 1)
COMPANIES = np.array(["andina-pe", "caribe-co", "export-us"])
COMPANY_CURRENCIES = np.array(["PEN", "COP", "USD"])
CURRENCIES = np.array(["PEN", "COP", "USD", "EUR"])
IN_USD = np.array([0.27, 0.00024, 1.0, 1.09])
AT_ONCE = 65_536

Ints = np.ndarray
Days = np.ndarray
"""Whole days since 1970."""


@dataclass(frozen=True)
class Records:
    """All records of one entity; `recorded`: the day on which each is delivered; `owner`: its customer's number."""

    table: pa.Table
    recorded: Days
    owner: Ints


def day(date: dt.date) -> int:
    return (date - EPOCH).days


def make(invoices: int, seed: int = 7) -> dict[str, Records]:
    """By entity, in the order in which they are landed."""
    dice = np.random.default_rng(seed)
    customers = max(invoices // 50, 20)
    sold = _sales(dice, invoices, customers)
    parts = _instalments(dice, sold)
    noted = _credit_notes(dice, sold)
    paid = _payments(dice, sold, parts, noted)
    lost = _write_offs(dice, parts)
    return {
        "customers": _customer_records(dice, customers),
        "invoices": _invoice_records(sold),
        "instalments": _instalment_records(sold, parts),
        "credit_notes": _credit_note_records(sold, noted),
        "payments": _payment_records(paid),
        "allocations": _allocation_records(sold, parts, noted, paid),
        "write_offs": _write_off_records(sold, parts, lost),
        "disputes": _dispute_records(dice, sold),
        "promises": _promise_records(dice, sold, parts),
    }


@dataclass(frozen=True)
class _Sales:
    customer: Ints
    company: Ints
    currency: Ints
    terms: Ints
    issued: Days
    cents: Ints
    recorded: Days


def _days_ahead(invoices: int) -> int:
    """Of sales and payments after the last day, enough for two runs of 5,000 records."""
    return max(3, min(60, 3_000_000 // invoices))


def _sales(dice: np.random.Generator, invoices: int, customers: int) -> _Sales:
    """A few customers buy much; sales grow; they go on after the last day, for the next run."""
    days = day(NEXT) + _days_ahead(invoices) - day(FIRST)
    customer = (customers * dice.random(invoices) ** 2).astype("int64")
    issued = np.sort(day(FIRST) + (days * dice.random(invoices) ** 0.85).astype("int64"))
    own = customer * 7 % 3
    currency = np.where(dice.random(invoices) < 0.85, own, dice.integers(0, 4, invoices))
    in_usd = np.exp(dice.normal(6.5, 1.1, invoices))
    cents = np.maximum((in_usd / IN_USD[currency] * 100).astype("int64"), 100)
    terms = np.array([15, 30, 30, 30, 45, 60, 90])[customer * 13 % 7]
    late = np.where(dice.random(invoices) < 0.05, dice.integers(1, 5, invoices), 0)
    return _Sales(customer, customer % 3, currency, terms, issued, cents, issued + late)


@dataclass(frozen=True)
class _Instalments:
    invoice: Ints
    position: Ints
    due: Days
    cents: Ints
    paid: Days
    is_paid: np.ndarray
    is_at_once: np.ndarray


def _instalments(dice: np.random.Generator, sold: _Sales) -> _Instalments:
    """70% of invoices have one, 20% two, 10% three; some are paid as a whole with the first."""
    invoices = len(sold.cents)
    count = dice.choice([1, 2, 3], invoices, p=[0.7, 0.2, 0.1])
    invoice = np.repeat(np.arange(invoices), count)
    position = np.arange(len(invoice)) - np.repeat(np.cumsum(count) - count, count)
    share = sold.cents[invoice] // count[invoice]
    rest = sold.cents[invoice] - share * (count[invoice] - 1)
    cents = np.where(position == count[invoice] - 1, rest, share)
    due = sold.issued[invoice] + sold.terms[invoice] + 30 * position
    manner = (sold.customer * 31 % 100) / 100  # how a customer pays: early, at the end, weeks late
    late = dice.normal(-4 + 38 * manner[invoice] ** 2, 9, len(invoice)).astype("int64")
    paid = np.maximum(due + late, sold.issued[invoice] + 1)
    at_once = (dice.random(invoices) < 0.4)[invoice] & (count[invoice] > 1)
    first = np.repeat(np.flatnonzero(position == 0), count)
    paid = np.where(at_once, paid[first], paid)
    is_paid = dice.random(len(invoice)) > 0.02 + 0.05 * (manner[invoice] > 0.9)
    is_paid = np.where(at_once, is_paid[first], is_paid)
    return _Instalments(invoice, position, due, cents, paid, is_paid, at_once)


@dataclass(frozen=True)
class _CreditNotes:
    invoice: Ints
    cents: Ints
    issued: Days


def _credit_notes(dice: np.random.Generator, sold: _Sales) -> _CreditNotes:
    """3% of invoices; every tenth for more than the first instalment takes, the rest stays unapplied."""
    invoice = np.flatnonzero(dice.random(len(sold.cents)) < 0.03)
    cents = (sold.cents[invoice] * dice.choice([0.05, 0.1, 0.2, 0.3], len(invoice))).astype("int64")
    return _CreditNotes(invoice, np.maximum(cents, 1), sold.issued[invoice] + dice.integers(2, 40, len(invoice)))


@dataclass(frozen=True)
class _Payments:
    """Payments, and what each allocation takes from them."""

    customer: Ints
    company: Ints
    currency: Ints
    received: Days
    cents: Ints
    recorded: Days
    instalment: Ints
    payment: Ints
    applied_cents: Ints


def _payments(dice: np.random.Generator, sold: _Sales, parts: _Instalments, noted: _CreditNotes) -> _Payments:
    credited = np.zeros(len(parts.cents), "int64")
    firsts = np.flatnonzero(parts.position == 0)
    credited[firsts[noted.invoice]] = noted.cents
    owed = np.maximum(parts.cents - credited, 0)
    whole = np.flatnonzero(parts.is_paid & (owed > 0))
    is_split = (dice.random(len(whole)) < 0.14) & ~parts.is_at_once[whole] & (owed[whole] > 200)
    now = np.where(is_split, owed[whole] * 2 // 5, owed[whole])
    later = whole[is_split]
    instalment = np.concatenate([whole, later])
    applied = np.concatenate([now, (owed[whole] - now)[is_split]])
    received = np.concatenate([parts.paid[whole], parts.paid[later] + dice.integers(5, 40, len(later))])
    happened = received < day(NEXT) + _days_ahead(len(sold.cents))
    return _grouped(dice, sold, parts, instalment[happened], applied[happened], received[happened])


def _grouped(
    dice: np.random.Generator, sold: _Sales, parts: _Instalments, instalment: Ints, applied: Ints, received: Days
) -> _Payments:
    """One payment per instalment, but one per invoice paid at once and one per day of customers who bundle."""
    invoice = parts.invoice[instalment]
    customer = sold.customer[invoice]
    bundles = customer % 5 == 0
    alone = np.where(parts.is_at_once[instalment], invoice, len(sold.cents) + np.arange(len(instalment)))
    key = np.where(bundles, -1 - (customer * 4 + sold.currency[invoice]) * 100_000 - received, alone)
    _, first, payment = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(received[first], kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first, payment = first[order], rank[payment]
    cents = np.bincount(payment, weights=applied, minlength=len(first)).astype("int64")
    more = np.where(dice.random(len(first)) < 0.01, cents // 20, 0)  # paid too much
    late = np.where(dice.random(len(first)) < 0.1, dice.integers(1, 5, len(first)), 0)
    owner = invoice[first]
    return _Payments(
        customer[first], sold.company[owner], sold.currency[owner], received[first], cents + more,
        np.maximum(received[first], sold.recorded[owner]) + late, instalment, payment, applied,
    )  # fmt: skip


def _write_offs(dice: np.random.Generator, parts: _Instalments) -> Ints:
    """Half of what is never paid, half a year after it was due."""
    return np.flatnonzero(~parts.is_paid & (parts.due + 180 <= day(LAST)) & (dice.random(len(parts.due)) < 0.5))


def _table(entity: str, **columns: object) -> pa.Table:
    """With every column of the entity; those not given are null."""
    fields = [field for field in schema(ENTITIES[entity]) if field.name != "row_number"]
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
    arrays = [pa.array(columns[f.name]) if f.name in columns else pa.nulls(rows, f.type) for f in fields]
    return pa.table([array.cast(f.type) for array, f in zip(arrays, fields, strict=True)], schema=pa.schema(fields))


def _id(prefix: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers + 1).cast(pa.string()), "")


def _amount(cents: Ints) -> pa.Array:
    return _decimal(cents * 10_000, pa.decimal128(24, 6))


def _decimal(units: Ints, kind: pa.DataType) -> pa.Array:
    """Numbers not below zero, as they lie in memory: the low half, and a high half of zeros."""
    halves = np.zeros((len(units), 2), "int64")
    halves[:, 0] = units
    return pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(halves.tobytes())])


def _date(days: Days) -> pa.Array:
    return pa.array(days.astype("int32")).cast(pa.date32())


def _customer_records(dice: np.random.Generator, customers: int) -> Records:
    number = np.arange(customers)
    country = np.array(["PE", "CO", "US"])[number % 3]
    table = _table(
        "customers",
        customer_id=_id("C", number),
        company_id=COMPANIES[number % 3],
        name=_id("Comercial ", number),
        country_code=country,
        payment_terms_days=np.array([15, 30, 30, 30, 45, 60, 90])[number * 13 % 7],
        credit_limit_amount=_amount(dice.integers(1, 500, customers) * 100_000),
        currency_code=CURRENCIES[number * 7 % 3],
        collector=np.array(["Ana", "Luis", "Rosa", "Hugo", "Eva"])[number % 5],
        is_active=np.ones(customers, bool),
    )
    return Records(table, np.full(customers, day(BULK)), number)


def _rate(sold: _Sales) -> pa.Array:
    """Company currency per unit of the document's, moving with the month."""
    base = IN_USD[sold.currency] / IN_USD[sold.company]
    moved = base * (1 + 0.04 * np.sin(sold.issued / 60 + sold.currency))
    units = np.where(sold.currency == sold.company, 10**6, np.rint(moved * 10**6))
    return _decimal(units.astype("int64") * 10**6, pa.decimal128(24, 12))


def _invoice_records(sold: _Sales) -> Records:
    number = np.arange(len(sold.cents))
    table = _table(
        "invoices",
        invoice_id=_id("I", number),
        company_id=COMPANIES[sold.company],
        customer_id=_id("C", sold.customer),
        number=_id("F001-", number),
        document_type=np.full(len(number), "invoice"),
        status=np.full(len(number), "open"),
        issue_date=_date(sold.issued),
        due_date=_date(sold.issued + sold.terms),
        currency_code=CURRENCIES[sold.currency],
        total_amount=_amount(sold.cents),
        company_currency_code=COMPANY_CURRENCIES[sold.company],
        document_fx_rate=_rate(sold),
    )
    return Records(table, sold.recorded, sold.customer)


def _instalment_records(sold: _Sales, parts: _Instalments) -> Records:
    table = _table(
        "instalments",
        instalment_id=_id("T", np.arange(len(parts.cents))),
        invoice_id=_id("I", parts.invoice),
        due_date=_date(parts.due),
        amount=_amount(parts.cents),
    )
    return Records(table, sold.recorded[parts.invoice], sold.customer[parts.invoice])


def _credit_note_records(sold: _Sales, noted: _CreditNotes) -> Records:
    table = _table(
        "credit_notes",
        credit_note_id=_id("N", np.arange(len(noted.cents))),
        company_id=COMPANIES[sold.company[noted.invoice]],
        customer_id=_id("C", sold.customer[noted.invoice]),
        invoice_id=_id("I", noted.invoice),
        status=np.full(len(noted.cents), "open"),
        issue_date=_date(noted.issued),
        currency_code=CURRENCIES[sold.currency[noted.invoice]],
        total_amount=_amount(noted.cents),
    )
    recorded = np.maximum(noted.issued, sold.recorded[noted.invoice])
    return Records(table, recorded, sold.customer[noted.invoice])


def _payment_records(paid: _Payments) -> Records:
    table = _table(
        "payments",
        payment_id=_id("P", np.arange(len(paid.cents))),
        company_id=COMPANIES[paid.company],
        customer_id=_id("C", paid.customer),
        received_date=_date(paid.received),
        currency_code=CURRENCIES[paid.currency],
        amount=_amount(paid.cents),
        method=np.full(len(paid.cents), "transfer"),
        status=np.full(len(paid.cents), "received"),
    )
    return Records(table, paid.recorded, paid.customer)


def _allocation_records(sold: _Sales, parts: _Instalments, noted: _CreditNotes, paid: _Payments) -> Records:
    """Every fiftieth names the invoice alone; a credit note takes no more than the first instalment holds."""
    firsts = np.flatnonzero(parts.position == 0)[noted.invoice]
    credited = np.minimum(noted.cents, parts.cents[firsts])
    rows, notes = len(paid.payment), len(credited)
    instalment = np.concatenate([paid.instalment, firsts])
    on_whole = np.concatenate([np.arange(rows) % 50 == 0, np.zeros(notes, bool)])
    none = pa.nulls(1, pa.string())[0]
    invoice = parts.invoice[instalment]
    table = _table(
        "allocations",
        allocation_id=_id("A", np.arange(rows + notes)),
        payment_id=pa.concat_arrays([_id("P", paid.payment), pa.nulls(notes, pa.string())]),
        credit_note_id=pa.concat_arrays([pa.nulls(rows, pa.string()), _id("N", np.arange(notes))]),
        invoice_id=_id("I", invoice),
        instalment_id=pc.if_else(pa.array(on_whole), none, _id("T", instalment)),
        amount=_amount(np.concatenate([paid.applied_cents, credited])),
        allocated_date=_date(np.concatenate([paid.received[paid.payment], noted.issued])),
    )
    recorded = np.concatenate([paid.recorded[paid.payment], noted.issued])
    return Records(table, np.maximum(recorded, sold.recorded[invoice]), sold.customer[invoice])


def _write_off_records(sold: _Sales, parts: _Instalments, lost: Ints) -> Records:
    """What is left of the instalment: nothing of it was ever paid, but a credit note may have taken a part."""
    cents = np.maximum(parts.cents[lost] * 7 // 10, 1)
    table = _table(
        "write_offs",
        write_off_id=_id("W", np.arange(len(lost))),
        invoice_id=_id("I", parts.invoice[lost]),
        instalment_id=_id("T", lost),
        amount=_amount(cents),
        write_off_date=_date(parts.due[lost] + 180),
        reason=np.full(len(lost), "uncollectable"),
    )
    return Records(table, parts.due[lost] + 180, sold.customer[parts.invoice[lost]])


def _dispute_records(dice: np.random.Generator, sold: _Sales) -> Records:
    invoice = np.flatnonzero(dice.random(len(sold.cents)) < 0.015)
    opened = sold.issued[invoice] + dice.integers(3, 50, len(invoice))
    resolved = opened + dice.integers(5, 120, len(invoice))
    is_resolved = resolved <= day(LAST)
    table = _table(
        "disputes",
        dispute_id=_id("D", np.arange(len(invoice))),
        invoice_id=_id("I", invoice),
        opened_date=_date(opened),
        resolved_date=pc.if_else(pa.array(is_resolved), _date(resolved), pa.scalar(None, pa.date32())),
        reason=np.full(len(invoice), "price"),
    )
    return Records(table, np.where(is_resolved, resolved, opened), sold.customer[invoice])


def _promise_records(dice: np.random.Generator, sold: _Sales, parts: _Instalments) -> Records:
    late = np.flatnonzero((parts.paid > parts.due + 10) & (dice.random(len(parts.due)) < 0.06))
    made = parts.due[late] + 7
    table = _table(
        "promises",
        promise_id=_id("Q", np.arange(len(late))),
        customer_id=_id("C", sold.customer[parts.invoice[late]]),
        invoice_id=_id("I", parts.invoice[late]),
        made_date=_date(made),
        promised_date=_date(made + dice.integers(3, 20, len(late))),
        currency_code=CURRENCIES[sold.currency[parts.invoice[late]]],
        amount=_amount(parts.cents[late]),
    )
    return Records(table, np.maximum(made, sold.recorded[parts.invoice[late]]), sold.customer[parts.invoice[late]])


def deliveries_until_last(made: dict[str, Records]) -> Iterator[tuple[dt.date, dict[str, pa.Table]]]:
    """The bulk delivery and the daily ones, each with its date and what it holds by entity."""
    yield BULK, {name: records.table.filter(pa.array(records.recorded <= day(BULK))) for name, records in made.items()}
    for number in range(day(BULK) + 1, day(LAST) + 1):
        today = {name: records.table.filter(pa.array(records.recorded == number)) for name, records in made.items()}
        yield dt.date.fromordinal(EPOCH.toordinal() + number), _corrected(made, today, number)


def _corrected(
    made: dict[str, Records], today: dict[str, pa.Table], number: int, least: int = 1, seed: int = 0
) -> dict[str, pa.Table]:
    """With due dates that moved and payments that bounced, of records delivered before that day."""
    dice = np.random.default_rng([number, seed])
    invoices = len(made["invoices"].recorded)
    moved = _some(dice, made["instalments"], number, max(invoices // 20_000, 3 * least))
    dates = pc.add(moved.column("due_date").cast(pa.int32()), pa.scalar(15, pa.int32())).cast(pa.date32())
    moved = moved.set_column(moved.schema.get_field_index("due_date"), "due_date", dates)
    bounced = _some(dice, made["payments"], number, max(invoices // 100_000, least))
    words = pa.array(["cancelled"] * bounced.num_rows, pa.string())
    bounced = bounced.set_column(bounced.schema.get_field_index("status"), "status", words)
    return today | {
        "instalments": pa.concat_tables([today["instalments"], moved]),
        "payments": pa.concat_tables([today["payments"], bounced]),
    }


def _some(dice: np.random.Generator, records: Records, number: int, count: int) -> pa.Table:
    """Records of the months before, which are likely still open."""
    candidates = np.flatnonzero((records.recorded < number) & (records.recorded > number - 120))
    return records.table.take(pa.array(dice.choice(candidates, min(count, len(candidates)), replace=False)))


def changed_records(made: dict[str, Records], count: int, after: int = 0) -> dict[str, pa.Table]:
    """The next `count` records to be recorded after the last day, whole customers at a time, with corrections.

    `after`: how many have been delivered already.
    """
    names = list(made)
    places = [np.flatnonzero(records.recorded > day(LAST)) for records in made.values()]
    recorded = np.concatenate([r.recorded[p] for r, p in zip(made.values(), places, strict=True)])
    owner = np.concatenate([r.owner[p] for r, p in zip(made.values(), places, strict=True)])
    entity = np.repeat(np.arange(len(names)), [len(p) for p in places])
    place = np.concatenate(places)
    corrections = count // 10
    order = np.lexsort((place, entity, owner, recorded))
    # an invoice comes with its instalments: what a customer was sent on a day is never cut in two
    begins = np.flatnonzero(np.diff(recorded[order], prepend=-1) | np.diff(owner[order], prepend=-1))
    first = after - (after // count) * corrections
    first, end = begins[np.searchsorted(begins, [first, first + count - corrections])]
    chosen = order[first:end]
    today = {
        name: records.table.take(pa.array(place[chosen][entity[chosen] == number]))
        for number, (name, records) in enumerate(made.items())
    }
    known = {
        name: Records(r.table, np.where(r.recorded > day(LAST), 2**30, r.recorded), r.owner) for name, r in made.items()
    }
    return _corrected(known, today, day(NEXT), corrections // 4, seed=after)


def deliver(date: dt.date, tables: dict[str, pa.Table]) -> tuple[int, dt.datetime]:
    """Land what a day delivers: the number of versions written, and when they are recorded.

    That is 22:00 UTC of the day, or right after the last landing where one is recorded later (the settings, which a
    run lands at the time it runs).
    """
    written = 0
    with transaction(Role.loader) as connection:
        recorded_at = next_recorded_at(connection, SOURCE, dt.datetime.combine(date, dt.time(22), dt.UTC))
        for name, table in tables.items():
            if table.num_rows:
                report = land(connection, _delivery(date, name, table), recorded_at)
                written += report.rows_new + report.rows_changed
    return written, recorded_at


def _delivery(date: dt.date, name: str, table: pa.Table) -> Delivery:
    numbered = table.add_column(0, "row_number", pa.array(np.arange(table.num_rows)))
    file = DeliveredFile(f"{name}-{date}.parquet", f"{name}-{date}", "[]")
    batches = (
        Batch(numbered.slice(start, AT_ONCE).combine_chunks(), [], file.name)
        for start in range(0, table.num_rows, AT_ONCE)
    )
    return Delivery(SOURCE, "files", ENTITIES[name], "incremental", file.content_hash, (file,), batches)
