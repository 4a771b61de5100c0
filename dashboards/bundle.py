"""Streamlit's own scripts, styles and fonts, sent from memory and compressed once.

A first visit asks for some 150 of them. Streamlit opens and reads each from disk, in pieces, through a thread, and does
not compress them: most of what its server does when people arrive, and four times as much to send.

The first page needs neither Streamlit's dataframe nor Plotly, which draw all others and are more than half of what a
browser works through. They are fetched while somebody reads it.
"""

from __future__ import annotations

import gzip
import json
import re
from mimetypes import guess_type
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

COMPRESSED = (".js", ".css")
LEVEL = 6
HEADERS = {
    # their names hold a hash of what is in them
    "Cache-Control": "public, immutable, max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}

READ_LATER = ("DataFrame", "PlotlyChart")

# added to Streamlit's first script; a page is drawn for a while after its script has ended, and goes first
FETCHING = """
;{const files=%s,waiting=setInterval(()=>{
  if(document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState!=="notRunning")return;
  clearInterval(waiting);
  const next=()=>{const file=files.shift();if(file)requestIdleCallback(()=>import(file).catch(()=>{}).then(next))};
  if(!navigator.connection?.saveData)setTimeout(next,2000)
},300)}
"""


class Bundle:
    """Answers for these files before anything else sees the request; all other requests go on to `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, folder = app, Path(get_static_dir())
        # no other path is ever opened
        self.files = {f"/{file.relative_to(folder).as_posix()}": file for file in folder.glob("static/**/*.*")}
        self.first, self.fetching = _first_script(folder), FETCHING % json.dumps(_later_scripts(folder))
        self.answers: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None or not _may_be_compressed(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        answer = self.answers.get(scope["path"])
        if answer is None:
            further = self.fetching if file == self.first else ""
            answer = self.answers[scope["path"]] = await run_in_threadpool(_answer, file, further)
        await answer(scope, receive, send)


def _may_be_compressed(asked: Headers) -> bool:
    return "gzip" in asked.get("accept-encoding", "") and "range" not in asked


def _first_script(folder: Path) -> Path | None:
    """The one that Streamlit's page names, if it names one."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    named = re.search(r'<script type="module"[^>]* src="\./(static/js/[^"]+)"', page)
    return folder / named[1] if named else None


def _later_scripts(folder: Path) -> list[str]:
    """As the first script imports them: they stand beside it."""
    return [f"./{file.name}" for name in READ_LATER for file in folder.glob(f"static/js/{name}.*.js")]


def _answer(file: Path, further: str) -> Response:
    media_type, _ = guess_type(file.name)
    content = file.read_bytes() + further.encode()
    if file.suffix not in COMPRESSED:
        return Response(content, headers=HEADERS, media_type=media_type)
    encoded = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(gzip.compress(content, LEVEL), headers=HEADERS | encoded, media_type=media_type)
