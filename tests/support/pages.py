"""What the tests of the dashboard's pages share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PAGES = (
    "overview", "aging", "segments", "recovery", "worklist", "customer", "promises", "campaigns", "kpis", "reports",
    "data_health",
)  # fmt: skip

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    """Everything that a reader sees as running text."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
