"""Databases of their own for tests, made as copies of one that is migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cartera import db
from cartera.settings import get_settings

TEMPLATE = "template_of_tests"


@contextmanager
def fresh_database(name: str = "test") -> Iterator[str]:
    """A migrated, empty database that `connect` uses meanwhile, in this process and its children.

    One after the other has the same name: what dbt has read of the project it uses again only for the same database.
    """
    db.copy_database(TEMPLATE, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_DATABASE_NAME", name)
        get_settings.cache_clear()
        yield name
    get_settings.cache_clear()
    db.drop_database(name)
