"""The person in a request's cookie, outside a page: Streamlit signs it, and has no public way to read it there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks


def said_in(cookies: Mapping[str, str]) -> Mapping[str, Any]:
    """The provider's claims; nothing where there is no cookie, or it is not as it was signed."""
    signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    if signed is None:
        return {}
    claims = json.loads(signed)
    return claims if isinstance(claims, dict) else {}
