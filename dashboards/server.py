"""The dashboard as a web application: sign-in, the pages, and the Data Docs beside them under /data-docs."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402
import streamlit.config as streamlit_config  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402
from starlette.exceptions import HTTPException  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import HTMLResponse, Response  # noqa: E402
from starlette.routing import Mount  # noqa: E402
from starlette.staticfiles import StaticFiles  # noqa: E402
from starlette.types import Scope  # noqa: E402
from streamlit import runtime  # noqa: E402

import dashboards.components.health_tables  # noqa: E402
import dashboards.components.overview_parts  # noqa: E402, F401 now, not while the first reader waits
from cartera import sign_in  # noqa: E402
from cartera.desk import Actor  # noqa: E402
from cartera.settings import get_settings  # noqa: E402
from dashboards.asked_for import AskedFor  # noqa: E402
from dashboards.bundle import Bundle  # noqa: E402
from dashboards.components.access import may_open  # noqa: E402
from dashboards.components.actor import admitted  # noqa: E402
from dashboards.components.cookie import said_in  # noqa: E402
from dashboards.queries import ahead, docs  # noqa: E402

logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("dashboards").setLevel(logging.INFO)

# Data Docs quote values of customers (law 10): they may load nothing from elsewhere, and `sandbox` gives
# them an origin of their own, so that nothing in them can act for the reader in the dashboard.
POLICY = "default-src 'self' 'unsafe-inline' data:; sandbox allow-scripts allow-popups"
STYLE = (HERE / "assets" / "data_docs.css").read_text(encoding="utf-8")


class DataDocs(StaticFiles):
    """The files that Great Expectations wrote, harmless and legible without the internet."""

    async def check_config(self) -> None:
        """The folder appears with the first gate that runs; until then everything in it is not found."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not await run_in_threadpool(_may_read, Request(scope)):
            raise HTTPException(404)
        response: Response = await super().get_response(path, scope)
        file, _ = self.lookup_path(path)
        if response.status_code == 200 and file.endswith(".html"):
            page = Path(file).read_text(encoding="utf-8")
            response = HTMLResponse(page.replace("</head>", f"<style>{STYLE}</style></head>", 1))
        response.headers["Content-Security-Policy"] = POLICY
        return response


def _may_read(request: Request) -> bool:
    """Whether the page that links to them would be shown to whoever asks."""
    if not sign_in.is_required(get_settings()):
        return True
    reader = admitted(said_in(request.cookies))
    return isinstance(reader, Actor) and may_open(reader, "data_health")


if sign_in.is_required(get_settings()):
    streamlit_config.set_option("secrets.files", [str(sign_in.secrets_file(get_settings()))])
    # what leaves a page leaves by its own buttons, which write it down
    streamlit_config.set_option("client.disableDataExport", True)

middleware = [Middleware(Bundle)]
if sign_in.is_required(get_settings()):
    middleware.append(Middleware(AskedFor))
app = st.App(
    "app.py",
    routes=[Mount(f"/{docs.URL_PATH}", app=DataDocs(directory=docs.folder(), check_dir=False))],
    middleware=middleware,
)
ahead.start(runtime.exists)
# what was imported stays until the end: no collection need look through it again, while readers wait
gc.freeze()
