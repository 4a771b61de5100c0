"""The payers that have landed: dLocal is asked for each payment once, not each time that a report names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg2.sql import SQL, Identifier

from cartera.clock import FOREVER
from cartera.connectors.dlocal.entities import PAYER
from cartera.db import Role, transaction


def payers(source: str, references: Sequence[str]) -> dict[str, Mapping[str, str | None]]:
    """By reference what is known of who paid; only where something is."""
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('raw_dlocal.transactions') is not null")
        if cursor.fetchone() != (True,):
            return {}
        columns = SQL(", ").join(map(Identifier, PAYER))
        cursor.execute(
            SQL(
                "select reference, {columns} from raw_dlocal.transactions where source = %s and record_key = any(%s)"
                " and recorded_to = %s and num_nonnulls({columns}) > 0"
            ).format(columns=columns),
            [source, [f"Payment:{reference}" for reference in references], FOREVER],
        )
        return {reference: dict(zip(PAYER, found, strict=True)) for reference, *found in cursor}
