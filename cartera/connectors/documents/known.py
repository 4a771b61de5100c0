"""What has landed of a file: while it can't be read that stays, as it was when it could."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from psycopg2.sql import SQL, Composable, Identifier

from cartera.clock import FOREVER
from cartera.connectors.documents.parts import stamp_of
from cartera.db import Role, transaction

_HOLDS = SQL(" source = %(source)s and recorded_to = %(forever)s and not is_deleted")
_OF_FILE = SQL("select distinct {key} from raw_documents.document where file_name = %(file_name)s and")
_REPLACED = SQL(
    "select document_key, kind, replaces from raw_documents.document where file_name = any(%(file_names)s) and"
)
_EVER_REPLACED = SQL(
    "select document_key, kind, replaces from raw_documents.document"
    " where source = %(source)s"
    " and (document_key = any(%(stamps)s) or regexp_replace(document_key, ':[^:]*$', '') = any(%(stamps)s))"
)


def records_of(source: str, file_name: str, key: str) -> list[str]:
    """The documents or customers of a file, by the name of their key. None before the first reading made the table."""
    return [str(found) for (found,) in _rows(_OF_FILE.format(key=Identifier(key)), source, file_name=file_name)]


def replaced_long_ago(source: str, stamps: Collection[str]) -> dict[str, str]:
    """What documents replaced that are not in the folder any more: that one's key, and the replacement's."""
    if not stamps:
        return {}
    rows = _rows(_EVER_REPLACED, source, stamps=list(stamps))
    return {
        one["document_key"]: stamp
        for key, kind, replaces in rows
        if (stamp := stamp_of(key, kind)) in stamps
        for one in replaces or ()
    }


def replacements(source: str, file_names: Sequence[str]) -> dict[str, str]:
    """What the documents of some files replaced: that one's key, and the replacement's."""
    if not file_names:
        return {}
    rows = _rows(_REPLACED, source, file_names=list(file_names))
    return {
        one["document_key"]: stamp_of(key, kind) for key, kind, replaces in rows for one in replaces or ()
    }  # fmt: skip


def _rows(statement: Composable, source: str, **values: object) -> list[tuple[Any, ...]]:
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 where to_regclass('raw_documents.document') is not null")
        if not cursor.fetchall():
            return []
        whole = statement if statement is _EVER_REPLACED else statement + _HOLDS
        cursor.execute(whole, {**values, "source": source, "forever": FOREVER})
        return list(cursor.fetchall())
