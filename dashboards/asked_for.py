"""The page that somebody's link asked for before they signed in: where they are led once they have.

The provider sends everybody back to the dashboard's first page. So the link waits in a cookie of its own, for as long
as signing in takes; who has arrived is led on, and it is gone.
"""

from __future__ import annotations

import contextlib
from urllib.parse import quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cartera.desk import Actor
from cartera.errors import CarteraError
from cartera.settings import get_settings
from dashboards.components.access import ROLES
from dashboards.components.actor import Refused, admitted
from dashboards.components.cookie import said_in

FIRST = "/"
PAGES = frozenset({FIRST, *(f"/{name.replace('_', '-')}" for name in ROLES)})
COOKIE, SECONDS, LONGEST = "cartera_asked_for", 900, 3_000


class AskedFor:
    """Keeps the link of who has to sign in, and follows it when they have; all else goes on to `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in PAGES:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        reader = await run_in_threadpool(_reader, request)
        link = kept_link(request.cookies.get(COOKIE, ""))
        if isinstance(reader, Actor) and scope["path"] == FIRST and link:
            response = RedirectResponse(link, status_code=303)
            response.delete_cookie(COOKIE)
            await response(scope, receive, send)
            return
        has_to_sign_in = isinstance(reader, Refused) and reader.why in ("signed_out", "expired")

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", _cookie(request))
            await send(message)

        await self.app(scope, receive, with_cookie if has_to_sign_in else send)


def _reader(request: Request) -> Actor | Refused | None:
    """None: the database can't say now, as the page itself will tell."""
    with contextlib.suppress(CarteraError):
        return admitted(said_in(request.cookies))
    return None


def _cookie(request: Request) -> str:
    """Of the link; of the first page, or of one that is longer than any of ours, the end of an older one."""
    query = request.url.query
    link = quote(f"{request.url.path}?{query}" if query else request.url.path, safe="")
    response = Response()
    if request.url.path == FIRST and not query or len(link) > LONGEST:
        response.delete_cookie(COOKIE)
    else:
        is_secure = get_settings().sign_in_address.startswith("https:")
        response.set_cookie(COOKIE, link, max_age=SECONDS, secure=is_secure, httponly=True, samesite="lax")
    return response.headers["set-cookie"]


def kept_link(text: str) -> str | None:
    """Where a cookie leads; None unless that is a page of ours, whoever wrote it."""
    link = unquote(text)
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    is_ours = link.isprintable() and not parts.scheme and not parts.netloc and parts.path in PAGES
    return link if is_ours and link != FIRST else None
