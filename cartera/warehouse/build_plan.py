"""What the next build has to do: which of the two slots, from where on, for which two clocks."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.settings import Settings, get_settings

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_SETTINGS_CHANGED = (
    "select max(recorded_at) from ops.loads"
    " where entity in ('companies', 'closed_days') and rows_new + rows_changed + rows_deleted > 0"
)


@dataclass(frozen=True)
class BuildPlan:
    """Which slot to build, from where on, for which two clocks.

    `copy_from`: the slot that serves, where this code built that one and not the one to build.
    """

    slot: str
    as_of: dt.date
    known_at: dt.datetime
    changed_since: dt.datetime
    full_refresh: bool
    code_hash: str
    copy_from: str | None = None


def known_until(connection: Connection) -> dt.datetime | None:
    """The recording time of the newest landed delivery, or None when nothing ever landed.

    Taken under the landing lock: a landing in flight has chosen its time but is not visible yet.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(hashtext('cartera.landing'))")
        cursor.execute("select max(recorded_at) from ops.loads")
        row = cursor.fetchone()
    return row[0] if row else None


def choose(as_of: dt.date, known_at: dt.datetime) -> BuildPlan:
    """Choose the slot that nobody reads and how much of it must be built.

    A slot built by this code before is brought up to date; one that was not (its copy after the first
    publication was interrupted) begins with a copy of the slot that serves, if that was built by this code;
    else everything is built, as when a company's settings changed since.
    """
    hash_now = _code_hash(get_settings())
    with transaction(Role.transformer) as connection, connection.cursor() as cursor:
        cursor.execute("select slot from ops.publications order by publication_id desc limit 1")
        (serving,) = cursor.fetchone() or (None,)
        cursor.execute(
            "select slot, built_known_at from ops.slots where code_hash = %s and built_known_at is not null",
            (hash_now,),
        )
        built: dict[str, dt.datetime] = dict(cursor.fetchall())
        cursor.execute(_SETTINGS_CHANGED)
        ((settings_changed_at,),) = cursor.fetchall()
    # settings decide the due dates of all documents, not only of those that changed
    built = {name: known for name, known in built.items() if not settings_changed_at or known >= settings_changed_at}
    slot = "b" if serving == "a" else "a"
    if slot in built:
        return BuildPlan(slot, as_of, known_at, built[slot], False, hash_now)
    if serving in built:
        return BuildPlan(slot, as_of, known_at, built[serving], False, hash_now, copy_from=serving)
    return BuildPlan(slot, as_of, known_at, EPOCH, True, hash_now)


def _code_hash(settings: Settings) -> str:
    """Hash of everything that decides what a build gives: models, macros, seeds, expectations."""
    digest = hashlib.sha256()
    for folder in (settings.dbt_dir, settings.expectations_dir):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in (".sql", ".yml", ".yaml", ".csv") and "target" not in path.parts:
                digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
