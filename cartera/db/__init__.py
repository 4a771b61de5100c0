"""The only room that opens database connections.

`connect` and what stands on it start the embedded server, make the database and its roles and migrate
it, when that has not been done.
"""

from cartera.db.connection import connect, ensure_ready, parameters, role_names, transaction, url
from cartera.db.databases import copy_database, drop_database, ensure_database
from cartera.db.lifecycle import check_reset, reset, status, stop
from cartera.db.servers import Role

__all__ = [
    "Role",
    "check_reset",
    "connect",
    "copy_database",
    "drop_database",
    "ensure_database",
    "ensure_ready",
    "parameters",
    "reset",
    "role_names",
    "status",
    "stop",
    "transaction",
    "url",
]
