"""The page of the KPIs over the sandbox company, as tests open it, and the figures of the command line."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from streamlit.testing.v1 import AppTest
from support.pages import page_opened, said

from cartera.db import Role, transaction
from cartera.warehouse import metrics, read

UNTIL = dt.date(2026, 6, 30)


def open_kpis(**parameters: str) -> AppTest:
    app = page_opened("kpis", **parameters)
    assert not app.exception and not app.error, said(app)
    return app


def plainly(app: AppTest) -> str:
    """What is said, without the marks that keep text from being read as markup."""
    return said(app).replace("\\", "")


def kpi_figures(
    view: read.View = "transaction", window: int | None = None, as_of: dt.date = UNTIL
) -> list[dict[str, Any]]:
    with transaction(Role.reader) as connection:
        known_at = read.publication(connection).known_at
        return metrics.kpis(connection, as_of, known_at, "company", window, view)


def read_file(content: bytes) -> list[dict[str, str]]:
    """The lines of a CSV file by their headings."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
