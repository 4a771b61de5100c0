"""Three customers of the worklist as of today, and what tests of the desk do on its page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from streamlit.testing.v1 import AppTest
from support.serve_fixture import Item, item, publish_items

from cartera.clock import utc_now
from cartera.desk import Actor
from dashboards.queries import worklist
from dashboards.queries.session import reading

TODAY = utc_now().date()
NOW = dt.datetime.combine(TODAY, dt.time(0, 1), dt.UTC)
ME, ALSO = Actor.local(), Actor.local("bea")


def three_customers() -> list[Item]:
    """C-1 owes most, C-2 half of it, C-3 is not late."""
    return [
        item("1", TODAY - dt.timedelta(days=20), "1000"),
        item("2", TODAY - dt.timedelta(days=20), "500", customer_id="files:C-2", customer_name="Bodega Norte"),
        item("3", TODAY + dt.timedelta(days=20), "900", customer_id="files:C-3", customer_name="Casa Sur"),
    ]


def publish_today(items: list[Item]) -> None:
    publish_items(items, as_of=TODAY, known_at=NOW)


def day_of(currency: str = "PEN") -> worklist.Day:
    with reading() as opened:
        return worklist.day(opened, worklist.Asked(opened.clocks, currency, None, None))


def names_of(found: worklist.Day) -> list[str]:
    return [task.late["customer_name"] for task in found.tasks]


def table_with(app: AppTest, column: str) -> Any:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def record(app: AppTest) -> AppTest:
    return next(button for button in app.button if str(button.key).startswith("record_")).click().run()


def field_of(app: AppTest, name: str) -> Any:
    kinds = (app.text_input, app.selectbox, app.date_input, app.multiselect)
    return next(
        each for kind in kinds for each in kind if str(each.key).endswith(f"_{name}") and "desk_" in str(each.key)
    )


def action_id(number: int) -> str:
    return f"6f2f6ab0-0000-4000-8000-{number:012}"
