"""One login: how every connection of ours is opened."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg2
from psycopg2.extensions import connection, make_dsn

DEFAULTS = {"connect_timeout": "10", "options": "-c timezone=UTC", "client_encoding": "utf8"}


def login(parameters: Mapping[str, str], application_name: str = "cartera") -> connection:
    """A connection in UTC with the given parameters. Raises psycopg2.OperationalError."""
    return psycopg2.connect(make_dsn(**{**DEFAULTS, "application_name": application_name, **parameters}))
