"""The user's own settings of companies: `companies.yaml` in the home folder, landed like any source.

So a setting has versions as every record has: a figure known at a moment before a change keeps (law 4).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cartera.connectors.companies.spec import SOURCE, Companies, CompanySettings, load_companies, settings_path

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from cartera.landing.delivery import Delivery
    from cartera.settings import Settings


def deliveries(settings: Settings, connection: Connection, as_of: dt.date) -> Iterator[Delivery]:
    """What the settings say now; nothing while there never were any. See `delivery.deliveries`. Raises ConfigError."""
    from cartera.connectors.companies.delivery import deliveries

    return deliveries(settings, connection, as_of)


__all__ = ["SOURCE", "Companies", "CompanySettings", "deliveries", "load_companies", "settings_path"]
