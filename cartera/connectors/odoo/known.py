"""What has landed of entries: a line that an entry has no more leaves no trace in Odoo."""

from __future__ import annotations

from collections.abc import Sequence

from cartera.clock import FOREVER
from cartera.db import Role, transaction


def lines(source: str, entries: Sequence[int]) -> set[str]:
    """The keys of the receivable lines of some entries."""
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw_odoo.account_move_line') is not null")
        if cursor.fetchone() != (True,):
            return set()
        cursor.execute(
            "select record_key from raw_odoo.account_move_line"
            " where source = %s and move_id = any(%s) and recorded_to = %s and not is_deleted",
            [source, [str(entry) for entry in entries], FOREVER],
        )
        return {key for (key,) in cursor}
