"""Streamlit's own scripts, styles and fonts, sent from memory and compressed once.

A first visit asks for some 150 of them. Streamlit opens and reads each from disk, in pieces, through a thread, and does
not compress them: most of what its server does when people arrive, and four times as much to send.
"""

from __future__ import annotations

import gzip
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


class Bundle:
    """Answers for these files before anything else sees the request; all other requests go on to `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, folder = app, Path(get_static_dir())
        # no other path is ever opened
        self.files = {f"/{file.relative_to(folder).as_posix()}": file for file in folder.glob("static/**/*.*")}
        self.answers: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None or not _may_be_compressed(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        answer = self.answers.get(scope["path"])
        if answer is None:
            answer = self.answers[scope["path"]] = await run_in_threadpool(_answer, file)
        await answer(scope, receive, send)


def _may_be_compressed(asked: Headers) -> bool:
    return "gzip" in asked.get("accept-encoding", "") and "range" not in asked


def _answer(file: Path) -> Response:
    media_type, _ = guess_type(file.name)
    content = file.read_bytes()
    if file.suffix not in COMPRESSED:
        return Response(content, headers=HEADERS, media_type=media_type)
    encoded = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(gzip.compress(content, LEVEL), headers=HEADERS | encoded, media_type=media_type)
