"""Lands what Cartera itself recorded of contacts: as versions, with the recording time of the landing.

What is taken is what was noted since the last landing (`ops.contacts_to_land`), so the work is that of the news alone.
"""

from __future__ import annotations

import datetime as dt
import time

from psycopg2.extensions import connection as Connection

from cartera.landing.delivery import LoadReport
from cartera.landing.load import next_recorded_at

SOURCE = "contacts"
"""What its loads are called: no source that anybody connected, and none that says what is owed or paid."""


def land_contacts(connection: Connection, now: dt.datetime) -> LoadReport:
    """Land the contacts of which something was recorded. The caller commits.

    Without news no load is recorded: what is published is still all there is.
    """
    started = time.perf_counter()
    recorded_at = next_recorded_at(connection, SOURCE, now)
    with connection.cursor() as cursor:
        cursor.execute("select rows_new, rows_changed from ops.land_contacts(%s)", (recorded_at,))
        ((new, changed),) = cursor.fetchall()
        load_id = None
        if new or changed:
            cursor.execute(_LOADED, {"source": SOURCE, "recorded_at": recorded_at, "new": new, "changed": changed})
            ((load_id,),) = cursor.fetchall()
    return LoadReport(
        load_id=load_id,
        source=SOURCE,
        entity="contacts",
        kind="incremental",
        is_unchanged=load_id is None,
        rows_in=new + changed,
        rows_loaded=new + changed,
        rows_new=new,
        rows_changed=changed,
        seconds=time.perf_counter() - started,
    )


_LOADED = """
insert into ops.loads (
    source, entity, kind, fingerprint, files, recorded_at, rows_in, rows_loaded, rows_quarantined,
    rows_new, rows_changed, rows_unchanged, rows_deleted, amounts
) values (
    %(source)s, 'contacts', 'incremental', '', '[]', %(recorded_at)s, %(new)s + %(changed)s, %(new)s + %(changed)s, 0,
    %(new)s, %(changed)s, 0, 0, '{}'
) returning load_id
"""
