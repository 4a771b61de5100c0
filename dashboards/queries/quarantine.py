"""What waits in quarantine. Not cached: a replay settles it, and it is read by the rights of who asks."""

from __future__ import annotations

from pathlib import PurePath

import pandas as pd

from cartera import quarantine
from cartera.desk import Actor
from cartera.quarantine import Group, Replayed, may_replay, subject
from cartera.warehouse import read_runs
from dashboards.i18n import Words
from dashboards.queries import export
from dashboards.queries.export import Counted
from dashboards.queries.receivables import EXPORTED_ROWS, frame
from dashboards.queries.session import Reading, actor, reading

__all__ = ["Group", "Replayed", "may_replay", "subject"]

LISTED = 200
GROUPS = ("source", "entity", "reason_code", "records", "amounts", "first_at", "last_at")
RECORDS = (
    "quarantine_id", "quarantined_at", "run_at", "file", "row_number", "record_key", "reason_code", "column_name",
    "amount", "currency_code", "delivered", "message",
)  # fmt: skip


def groups() -> pd.DataFrame:
    """GROUPS. Raises NotAllowed, DatabaseError."""
    return frame([vars(group) for group in quarantine.groups(actor())], GROUPS)


def records(reading: Reading, group: Group, limit: int = LISTED) -> pd.DataFrame:
    """RECORDS of a group. Raises NotAllowed, DatabaseError."""
    found = quarantine.records(actor(), group, limit)
    begun = read_runs.runs_at(reading.connection, sorted({record.quarantined_at for record in found}))
    rows = [
        vars(record)
        | {
            "run_at": begun.get(record.quarantined_at),
            "file": PurePath(record.file_name).name,
            "delivered": quarantine.as_delivered(record),
            "message": quarantine.why(record, record.message),
        }
        for record in found
    ]
    return frame(rows, RECORDS)


def replay(actor: Actor, group: Group, quarantine_id: int | None) -> Replayed:
    """Raises NotAllowed, Busy, ConfigError, DatabaseError."""
    return quarantine.replay(actor, group, quarantine_id)


def records_csv(words: Words, group: Group) -> Counted:
    """Every record of a group, the last line counts them. Raises NotAllowed, DatabaseError."""
    with reading() as opened:
        found = records(opened, group, EXPORTED_ROWS + 1)
    kept = found[:EXPORTED_ROWS].to_dict("records")
    of = {"source": group.source, "entity": group.entity}
    return export.records_csv(words, of, RECORDS, kept, is_cut=len(found) > len(kept))
