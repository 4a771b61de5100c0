"""One customer of the page of customers, and its tables as tests read them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from streamlit.testing.v1 import AppTest
from support.serve_fixture import AS_OF, Item, item

ID = "files:C-1"


def items() -> list[Item]:
    """Late, not due, paid late and paid early; and a payment that no invoice has used."""
    return [
        item("1", AS_OF - dt.timedelta(days=45), "1000"),
        item("2", AS_OF + dt.timedelta(days=5), "250.50"),
        item("3", AS_OF - dt.timedelta(days=100), "300", settled_date=AS_OF - dt.timedelta(days=80)),
        item("4", AS_OF - dt.timedelta(days=60), "100", settled_date=AS_OF - dt.timedelta(days=70)),
        item("5", AS_OF - dt.timedelta(days=10), "80", currency_code="USD"),
        item("6", AS_OF - dt.timedelta(days=2), "-40", item_type="unapplied_credit"),
        item("7", AS_OF - dt.timedelta(days=20), "500", customer_id="files:C-2", customer_name="Bodega Norte"),
    ]


def table_of(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)
