"""What people keep of a customer by name: views, and filters of reports and of their schedules. Erasing takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from cartera.db import Role, transaction
from cartera.warehouse.read import rows

ERASED = "erased"

_PUT_BACK = "update {table} set {column} = %(left)s where {key} = %(id)s::uuid returning 1 as one"
_OF_REPORTS = (
    ("reports", "report_id", "document"),
    ("report_schedules", "schedule_id", "filters"),
)


def forget(customer_id: str) -> int:
    """Delete the views that ask for this customer, and put a name that is nobody's into the filters that do; how many.

    By its id and by the names that it is published under, in full: what else a person wrote is not looked through.
    """
    with transaction(Role.campaign) as connection:
        words = {customer_id, *_names(connection, customer_id)}
        return _forget_views(connection, words) + _forget_filters(connection, words)


def names(customer_id: str) -> list[str]:
    """Those that a customer is published under."""
    with transaction(Role.campaign) as connection:
        return _names(connection, customer_id)


def _names(connection: Connection, customer_id: str) -> list[str]:
    if rows(connection, "select to_regclass('serve.dim_customers') is null as is_missing")[0]["is_missing"]:
        return []
    query = "select distinct name from serve.dim_customers where customer_id = %(id)s"
    return [row["name"] for row in rows(connection, query, {"id": customer_id}) if row["name"]]


def _forget_views(connection: Connection, words: set[str]) -> int:
    found = rows(connection, "select owner, name, query from ops.saved_views")
    asking = [{"owner": row["owner"], "name": row["name"]} for row in found if _asks(row["query"], words)]
    query = (
        "delete from ops.saved_views using jsonb_to_recordset(%(views)s) as asking (owner text, name text)"
        " where saved_views.owner = asking.owner and saved_views.name = asking.name returning 1 as one"
    )
    return len(rows(connection, query, {"views": json.dumps(asking)}))


def _asks(query: str, words: set[str]) -> bool:
    """A value may be a list, or an id with what is asked of it after a stroke."""
    values = {value for _, value in parse_qsl(query)}
    parts = {part for value in values for part in value.split(",")}
    return bool(words & (values | parts | {value.partition("/")[0] for value in values}))


def _forget_filters(connection: Connection, words: set[str]) -> int:
    changed = 0
    for table, key, column in _OF_REPORTS:
        names = {"table": Identifier("ops", table), "key": Identifier(key), "column": Identifier(column)}
        every = SQL("select {key}::text as id, {column} as kept from {table} for update").format(**names)
        update = SQL("update {table} set {column} = %(left)s where {key} = %(id)s::uuid returning 1 as one").format(
            **names
        )
        for row in rows(connection, every):
            left = _without(row["kept"], words)
            if left != row["kept"]:
                changed += len(rows(connection, update, {"left": json.dumps(left), "id": row["id"]}))
    return changed


def _without(kept: Any, words: set[str]) -> Any:
    if isinstance(kept, list):
        return [_without(each, words) for each in kept]
    if isinstance(kept, Mapping):
        return {
            name: [ERASED if word in words else word for word in each] if name == "among" else _without(each, words)
            for name, each in kept.items()
        }
    return kept
