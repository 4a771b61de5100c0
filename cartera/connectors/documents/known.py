"""What has landed of a file: while it can't be read that stays, as it was when it could."""

from __future__ import annotations

from psycopg2.sql import SQL, Identifier

from cartera.clock import FOREVER
from cartera.db import Role, transaction

_OF_FILE = SQL(
    "select distinct {key} from raw_documents.document where file_name = %(file_name)s and source = %(source)s"
    " and recorded_to = %(forever)s and not is_deleted"
)


def records_of(source: str, file_name: str, key: str) -> list[str]:
    """The documents or customers of a file, by the name of their key. None before the first reading made the table."""
    values = {"file_name": file_name, "source": source, "forever": FOREVER}
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 where to_regclass('raw_documents.document') is not null")
        if not cursor.fetchall():
            return []
        cursor.execute(_OF_FILE.format(key=Identifier(key)), values)
        return [str(found) for (found,) in cursor.fetchall()]
