"""What people recorded about promises and disputes: asked anew each time, changed through cartera.desk alone."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cartera import desk
from cartera.clock import utc_now
from cartera.desk import lately
from dashboards.queries.receivables import frame
from dashboards.queries.session import Reading

LISTED = 200
SINCE = ("kind", "customer_id", "company_id", "currency_code", "amount", "day", "acted_by", "acted_at")
PROMISES = (
    "promise_id", "version", "customer_id", "company_id", "currency_code", "amount", "made_date", "promised_date",
    "note",
)  # fmt: skip
DISPUTES = (
    "dispute_id", "version", "customer_id", "company_id", "currency_code", "amount", "reason", "note", "opened_date",
)  # fmt: skip


def since(reading: Reading, actor: desk.Actor) -> pd.DataFrame:
    """SINCE: what the publication does not know yet."""
    return frame(lately.since(reading.connection, reading.clocks.known_at, actor.companies, LISTED), SINCE)


def promises_to_come(reading: Reading, actor: desk.Actor) -> pd.DataFrame:
    day = utc_now().date()
    return frame(lately.promises_to_come(reading.connection, day, actor.companies, LISTED), PROMISES)


def open_disputes(reading: Reading, actor: desk.Actor) -> pd.DataFrame:
    return frame(lately.open_disputes(reading.connection, actor.companies, LISTED), DISPUTES)


def cancel_promise(actor: desk.Actor, action_id: str, row: Mapping[str, object], note: str) -> None:
    """`row`: as it was listed. Raises Conflict, NotAllowed, ConfigError, DatabaseError."""
    desk.cancel_promise(
        actor, action_id, str(row["customer_id"]), str(row["promise_id"]), seen=_version(row), note=note
    )  # fmt: skip


def close_dispute(actor: desk.Actor, action_id: str, row: Mapping[str, object], resolution: str) -> None:
    """`row`: as it was listed. Raises Conflict, NotAllowed, ConfigError, DatabaseError."""
    desk.close_dispute(
        actor, action_id, str(row["customer_id"]), str(row["dispute_id"]), seen=_version(row), resolution=resolution
    )  # fmt: skip


def _version(row: Mapping[str, object]) -> int:
    return int(str(row["version"]))
