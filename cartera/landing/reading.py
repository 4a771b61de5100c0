"""Decides what becomes of quarantined records that are read again: values in, values out, no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cartera.errors import SourceError
from cartera.landing.delivery import Batch, Reject
from cartera.landing.entities import ENTITIES, Entity
from cartera.landing.inspect import Quarantined


@dataclass(frozen=True)
class Reader:
    """How the records of one source are read: its system, one record's bytes -> a row or a reject, its entities."""

    system: str
    read: Callable[[Quarantined], Batch]
    entities: Mapping[str, Entity] = field(default_factory=lambda: ENTITIES)


@dataclass(frozen=True)
class Outcome:
    """What became of one record; `message` says why where it did not land."""

    record: Quarantined
    status: Literal["replayed", "superseded", "open"]
    reason_code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Reading:
    """A record that can be read now; `values` are its conformed columns."""

    record: Quarantined
    key: str
    values: Mapping[str, Any]


def read_again(reader: Reader, entity: Entity, records: Sequence[Quarantined]) -> tuple[list[Outcome], list[Reading]]:
    """The records that are still bad, and those that can be read now."""
    bad, good = [], []
    for record in records:
        try:
            batch = reader.read(record)
        except SourceError as error:
            bad.append(Outcome(record, "open", "unreadable", error.problem))
            continue
        if batch.rejects or batch.rows.num_rows != 1:
            bad.append(_still_bad(record, batch.rejects))
        else:
            (values,) = batch.rows.to_pylist()
            values["row_number"] = record.row_number
            good.append(Reading(record, values[entity.key], values))
    return bad, good


def _still_bad(record: Quarantined, rejects: Sequence[Reject]) -> Outcome:
    for reject in rejects:
        return Outcome(record, "open", reject.reason_code, reject.message)
    return Outcome(record, "open", "unreadable", "these bytes are not one record")


def one_for_each_key(entity: Entity, readings: Iterable[Reading]) -> tuple[list[Reading], list[Outcome]]:
    """One reading of each key, of the latest load, and what becomes of the others."""
    by_key: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_key[reading.key].append(reading)
    good, others = [], []
    for key, same_key in by_key.items():
        last_load = max(reading.record.load_id for reading in same_key)
        latest = [reading for reading in same_key if reading.record.load_id == last_load]
        others += [
            Outcome(reading.record, "superseded", message="a newer record of this key is in quarantine")
            for reading in same_key
            if reading.record.load_id < last_load
        ]
        first, *rest = latest
        if all(_contents(reading) == _contents(first) for reading in rest):
            good.append(first)
            others += [Outcome(reading.record, "superseded", message="the same record landed") for reading in rest]
        else:
            message = f"{entity.key} {key!r} comes with different values: replay the id of the right one alone"
            others += [Outcome(reading.record, "open", "duplicate_key", message) for reading in latest]
    return good, others


def _contents(reading: Reading) -> dict[str, Any]:
    return {name: value for name, value in reading.values.items() if name != "row_number"}
