"""Random histories of deliveries, compared with a model in plain Python."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payments import NOON, Bad, Payment, deliver, known_at, land_now, quarantine, rows, versions
from psycopg2.extensions import connection as Connection

from cartera.clock import FOREVER
from cartera.landing import LoadReport

Record = Payment | Bad
Known = dict[str, tuple[Decimal, str | None]]

_sources = (f"history {number}" for number in itertools.count())

keys = st.sampled_from("ABCDE")
amounts = st.sampled_from([Decimal("0.01"), Decimal("10"), Decimal("99.999999")])
currencies = st.sampled_from(["USD", "PEN"])
payments = st.builds(Payment, keys, amounts, currencies)
bad = st.builds(Bad, st.none() | keys, st.none() | amounts, st.none() | currencies)


@dataclass(frozen=True)
class Step:
    """One delivery; `contents` number stands for the file's bytes, so that a file can be delivered again."""

    kind: str
    records: tuple[Record, ...]
    clock: dt.timedelta
    """Minutes since the start: it also goes back."""


steps = st.builds(
    Step,
    st.sampled_from(["full", "full", "incremental"]),
    st.lists(st.one_of(payments, payments, payments, bad), max_size=8).map(tuple),
    st.integers(0, 3).map(lambda minutes: dt.timedelta(minutes=minutes)),
)


@dataclass
class Model:
    """What landing must do, record by record."""

    live: Known = field(default_factory=dict)
    last: tuple[str, tuple[Record, ...]] | None = None

    def land(self, step: Step) -> Counter[str] | None:
        """Counts of what changes; None when the delivery is the last one again."""
        if self.last == (step.kind, step.records):
            return None
        self.last = (step.kind, step.records)
        good, quarantined_keys = _good(step.records)
        counts = Counter(
            "new" if key not in self.live else "unchanged" if self.live[key] == value else "changed"
            for key, value in good.items()
        )
        if step.kind == "full":
            gone = [key for key in self.live if key not in good and key not in quarantined_keys]
            counts["deleted"] = len(gone)
            for key in gone:
                del self.live[key]
        self.live |= good
        counts["loaded"], counts["quarantined"] = len(good), len(step.records) - len(good)
        return counts


def _good(records: tuple[Record, ...]) -> tuple[Known, set[str | None]]:
    by_key: dict[str, set[Payment]] = defaultdict(set)
    for record in records:
        if isinstance(record, Payment):
            by_key[record.payment_id].add(record)
    contradicting = {key for key, contents in by_key.items() if len(contents) > 1}
    good = {key: _value(*contents) for key, contents in by_key.items() if len(contents) == 1}
    return good, contradicting | {record.payment_id for record in records if isinstance(record, Bad)}


def _value(payment: Payment) -> tuple[Decimal, str | None]:
    return payment.amount, payment.currency_code


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=6), st.lists(st.integers(0, 5), max_size=2))
def test_any_history(connection: Connection, history: list[Step], again: list[int]) -> None:
    source, model = next(_sources), Model()
    snapshots: list[tuple[dt.datetime, Known]] = []
    for step in history + [history[index] for index in again if index < len(history)]:
        expected = model.land(step)
        report = _land(connection, source, step)
        assert report.is_unchanged == (expected is None)
        if expected is not None:
            assert _counts(report) == expected
            _assert_accounted(step, report)
            snapshots.append((_recorded_at(connection, report), dict(model.live)))
    for moment, known in snapshots:
        assert _known(connection, moment, source) == known
    assert _known(connection, NOON - dt.timedelta(days=1), source) == {}
    _assert_contiguous(connection, source)
    _assert_quarantine_is_accounted(connection, source)


def _land(connection: Connection, source: str, step: Step) -> LoadReport:
    # the currency as reference, so that a snapshot shows it too
    records = [
        Payment(record.payment_id, record.amount, record.currency_code, record.currency_code)
        if isinstance(record, Payment)
        else record
        for record in step.records
    ]
    fingerprint = f"{step.kind} {step.records!r}"
    return land_now(connection, deliver(records, source, kind=step.kind, fingerprint=fingerprint), NOON + step.clock)


def _counts(report: LoadReport) -> Counter[str]:
    names = ("loaded", "quarantined", "new", "changed", "unchanged", "deleted")
    return Counter({name: getattr(report, f"rows_{name}") for name in names})


def _assert_accounted(step: Step, report: LoadReport) -> None:
    """Law 1, from what was delivered."""
    delivered: dict[str, Decimal] = defaultdict(Decimal)
    for record in step.records:
        delivered[record.currency_code or "*"] += record.amount or 0
    assert report.rows_in == len(step.records) == report.rows_loaded + report.rows_quarantined
    assert {currency: sums["in"] for currency, sums in report.amounts.items()} == delivered
    assert all(sums["in"] == sums["loaded"] + sums["quarantined"] for sums in report.amounts.values())


def _recorded_at(connection: Connection, report: LoadReport) -> dt.datetime:
    ((moment,),) = rows(connection, "select recorded_at from ops.loads where load_id = %s", [report.load_id])
    assert isinstance(moment, dt.datetime)
    return moment


def _known(connection: Connection, moment: dt.datetime, source: str) -> Known:
    return known_at(connection, moment, source)


def _assert_contiguous(connection: Connection, source: str) -> None:
    """Each key's versions follow each other without gap or overlap, the last one holds, and each says something new."""
    for _key, group in itertools.groupby(versions(connection, source), key=lambda version: version[0]):
        lives = list(group)
        assert lives[-1][5] == FOREVER
        assert all(begins < ends for *_values, begins, ends in lives)
        for earlier, later in itertools.pairwise(lives):
            assert earlier[5] == later[4]
            assert earlier[1:4] != later[1:4]


def _assert_quarantine_is_accounted(connection: Connection, source: str) -> None:
    stored = rows(connection, "select coalesce(sum(rows_quarantined), 0) from ops.loads where source = %s", [source])
    assert stored == [(len(quarantine(connection, source)),)]
