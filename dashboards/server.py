"""The dashboard as a web application: the pages, and the Data Docs beside them under /data-docs."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402
from starlette.datastructures import MutableHeaders  # noqa: E402
from starlette.routing import Mount  # noqa: E402
from starlette.staticfiles import StaticFiles  # noqa: E402
from starlette.types import Message, Receive, Scope, Send  # noqa: E402

from cartera.settings import get_settings  # noqa: E402
from dashboards.components.health_tables import DATA_DOCS_PATH  # noqa: E402

# Data Docs quote values of customers (law 10): they may load nothing from elsewhere, and `sandbox` gives
# them an origin of their own, so that nothing in them can act for the reader in the dashboard.
DATA_DOCS_POLICY = "default-src 'self' 'unsafe-inline' data:; sandbox allow-scripts allow-popups"


class DataDocs(StaticFiles):
    """The files that Great Expectations wrote, under a policy that keeps them harmless."""

    async def check_config(self) -> None:
        """The folder appears with the first gate that runs; until then everything in it is not found."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = DATA_DOCS_POLICY
            await send(message)

        await super().__call__(scope, receive, send_with_policy)


docs = DataDocs(directory=get_settings().home / "data_docs", html=True, check_dir=False)

app = st.App("app.py", routes=[Mount(f"/{DATA_DOCS_PATH}", app=docs)])
