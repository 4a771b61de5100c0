"""What the tests of the dashboard's pages share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PAGES = (
    "overview", "aging", "segments", "recovery", "worklist", "customer", "promises", "campaigns", "kpis", "reports",
    "data_health",
)  # fmt: skip

OpenPage = Callable[..., AppTest]


def page_opened(page: str, **parameters: str) -> AppTest:
    """That page as a link opens it, run once; who follows a link has not seen another page before."""
    app = AppTest.from_file(APP, default_timeout=60)
    if "_" in page:
        # a page whose address is not its file's name is known to an AppTest once the pages are
        if "lang" in parameters:
            app.query_params["lang"] = parameters["lang"]
        app.run()
    if page != "overview":
        app.switch_page(f"app_pages/{page}.py")
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    """Everything that a reader sees as running text."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def still_tables(app: AppTest) -> list[pd.DataFrame]:
    """The tables that are the page's own text, as they are written on the screen."""
    bodies = [each.proto.body for each in app.get("html")]
    return [_still(found.group()) for body in bodies if (found := re.search("<table.*</table>", body, re.DOTALL))]


def _still(table: str) -> pd.DataFrame:
    head, *rows = [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(table).iter("tr")]
    return pd.DataFrame(rows, columns=head)
