"""What lands of our own is told from what people connected by one list of names."""

from __future__ import annotations

import datetime as dt
import uuid

from cartera.cli.demo import other_sources
from cartera.clock import utc_now
from cartera.connectors import companies, desk, links, segments
from cartera.db import Role, transaction
from cartera.landing import contacts
from cartera.landing.own_sources import OWN_SOURCES
from cartera.reminders import ghosts, portfolio
from cartera.warehouse import read_runs
from cartera.warehouse.read import Publication


def test_the_list_names_all_of_them() -> None:
    assert set(OWN_SOURCES) == {module.SOURCE for module in (companies, contacts, desk, links, segments)}


def test_they_are_neither_stale_nor_fresh_and_no_system(database: str) -> None:
    now = utc_now()
    before = now - dt.timedelta(days=9)
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.loads (source, entity, kind, fingerprint, files, recorded_at, rows_in, rows_loaded,"
            " rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts)"
            " values (%s, 'invoices', 'full', '', '[]', %s, 0, 0, 0, 0, 0, 0, 0, '{}')",
            [("erp", before), ("sandbox", before), *((name, now) for name in OWN_SOURCES)],
        )
    with transaction(Role.viewer) as connection:
        later = now + dt.timedelta(seconds=1)
        assert read_runs.sources_not_read_since(connection, later) == ["erp", "sandbox"]
    with transaction(Role.campaign) as connection:
        published = Publication(1, str(uuid.uuid4()), now.date(), now, now)
        landed_on = portfolio.standing(connection, published).landed_on
    assert landed_on == dict.fromkeys(["erp", "sandbox", ghosts.SOURCE], before.date())
    assert other_sources() == {"erp"}, "also when a demo sent something before"
