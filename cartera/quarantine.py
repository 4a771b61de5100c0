"""Quarantine by the rights of who asks: what waits, its records as they were delivered, reading them again.

Raw versions are written by the loader alone, and the dashboard's own role may not even look into quarantine: a row
that could not be read is of no company that is known. So each function asks first who that is, and then opens a
transaction of the loader for this one thing, a read-only one where it looks; approving does the same as campaign.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import connection as Connection

from cartera import viewed
from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.desk.model import Actor
from cartera.desk.rights import DECIDERS
from cartera.errors import Busy, ConfigError, NotAllowed
from cartera.landing import Batch, Quarantined, Reader, ReplayReport, inspect
from cartera.landing import replay as replay_records
from cartera.landing.inspect import Counted, Group
from cartera.settings import get_settings

LOOKERS = frozenset({"finance", "manager", "analyst", "administrator"})
PATIENCE = "15s"
"""How long somebody at a page waits for a landing to end: that of a usual delivery takes some seconds."""
LOOKING = "20s"


@dataclass(frozen=True)
class StillBad:
    """Records that were read again and are as bad as before; `message` is that of one of them."""

    reason_code: str
    records: int
    message: str


@dataclass(frozen=True)
class Replayed:
    """How many landed, how many something newer made needless, and what is still bad."""

    landed: int
    superseded: int
    still_bad: tuple[StillBad, ...]


def may_look(actor: Actor) -> bool:
    return actor.companies is None and actor.role in LOOKERS


def may_replay(actor: Actor) -> bool:
    return actor.companies is None and actor.role in DECIDERS


def groups(actor: Actor) -> list[Counted]:
    """What is open, by source, entity and reason. Raises NotAllowed, DatabaseError."""
    with looking(actor) as connection:
        return inspect.counted(connection)


def records(actor: Actor, group: Group, limit: int) -> list[Quarantined]:
    """The open records of a group, newest loads first. Raises NotAllowed, DatabaseError."""
    with looking(actor) as connection:
        return inspect.search(
            connection, source=group.source, entity=group.entity, reason_code=group.reason_code, limit=limit
        )


@contextmanager
def looking(actor: Actor) -> Iterator[Connection]:
    """A read-only transaction of the loader for who sees all companies. Raises NotAllowed, DatabaseError."""
    if not may_look(actor):
        raise NotAllowed(f"{actor.user} may not see what the sources delivered", "ask an administrator")
    with transaction(Role.loader) as connection:
        with connection.cursor() as cursor:
            cursor.execute("set transaction read only")
            cursor.execute("select set_config('statement_timeout', %s, true)", (LOOKING,))
        yield connection


def replay(actor: Actor, group: Group, quarantine_id: int | None = None) -> Replayed:
    """Read the open records of a group again, or one of them alone, and land what is good now; who did is logged.

    Raises NotAllowed, Busy (a landing goes on), ConfigError (its source is not connected), DatabaseError; then nothing
    is changed.
    """
    if not may_replay(actor):
        raise NotAllowed(f"{actor.user} is {actor.role} and may not replay", "ask a manager who sees all companies")
    ids = None if quarantine_id is None else [quarantine_id]
    with transaction(Role.loader) as connection:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", (PATIENCE,))
        try:
            report = replay_records(connection, ids, utc_now(), reader_of, group)
        except LockNotAvailable:
            raise Busy("deliveries are landing at this moment", "replay in a few minutes") from None
        # before the commit: what can't be logged is not done, and what is logged may still have been cut
        viewed.record(actor.user, actor.role, "replay", subject(group, quarantine_id), {}, len(report.outcomes))
    return _summed(report)


def subject(group: Group, quarantine_id: int | None = None) -> str:
    """What a group is called in the log and in an address."""
    parts = (group.source, group.entity, group.reason_code, quarantine_id)
    return "/".join(str(part) for part in parts if part is not None)


def replay_as_operator(operator: Actor, quarantine_ids: Sequence[int] | None) -> ReplayReport:
    """Those records, or all that are open, for who sits at the machine itself; logged as `replay` is.

    Raises ConfigError, DatabaseError.
    """
    with transaction(Role.loader) as connection:
        report = replay_records(connection, quarantine_ids, utc_now(), reader_of)
        subject = ", ".join(map(str, quarantine_ids or ())) or "all"
        viewed.record(operator.user, operator.role, "replay", subject, {}, len(report.outcomes))
    return report


def _summed(report: ReplayReport) -> Replayed:
    bad = [outcome for outcome in report.outcomes if outcome.status == "open"]
    examples = {outcome.reason_code: why(outcome.record, outcome.message) for outcome in bad}
    counts = Counter(outcome.reason_code for outcome in bad).most_common()
    return Replayed(
        report.count("replayed"),
        report.count("superseded"),
        tuple(StillBad(reason, count, examples[reason]) for reason, count in counts),
    )


def why(record: Quarantined, message: str) -> str:
    """A message of a record without the path of its file, which is of the machine and stands beside it."""
    return message.removeprefix(f"{record.file_name} row {record.row_number}: ")


def as_delivered(record: Quarantined) -> str:
    """A record's values by the names that its file gave them; where it does not fit these, as it came."""
    known: dict[str, object] = {}
    with suppress(ValueError):
        known = json.loads(record.header)
    names = known.get("headers")
    text = _decoded(record.raw_bytes, str(known.get("encoding", "utf-8")))
    if not isinstance(names, list):
        return text
    cells: object = None
    with suppress(ValueError, csv.Error, StopIteration):
        cells = (
            json.loads(text)
            if record.raw_format == "json"
            else next(csv.reader(io.StringIO(text, newline=""), delimiter=str(known.get("delimiter", ","))))
        )
    if not isinstance(cells, list) or len(cells) != len(names):
        return text
    return "; ".join(f"{name}: {'' if cell is None else cell}" for name, cell in zip(names, cells, strict=True))


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except (LookupError, ValueError):
        # what is no text stays visible as \xNN
        return raw.decode("utf-8", "backslashreplace")


def reader_of(name: str) -> Reader:
    """How the records of a connected source are read. Raises ConfigError when it is not connected any more."""
    from cartera.connectors.files import FileSource, read_quarantined
    from cartera.connectors.sources import all_sources

    source = {source.name: source for source in all_sources(get_settings())}.get(name)
    if source is None:
        raise ConfigError(
            f"records of source {name!r} are in quarantine, but it is not connected any more",
            f"put sources/{name}.yaml back, or replay the ids of other sources",
        )
    if not isinstance(source, FileSource):
        from cartera.connectors.api.deliver import reader_of

        return reader_of(source)

    def read(record: Quarantined) -> Batch:
        return read_quarantined(
            source,
            record.entity,
            record.header,
            record.raw_bytes,
            record.raw_format,
            file_name=record.file_name,
            row_number=record.row_number,
        )

    return Reader(source.system, read)
