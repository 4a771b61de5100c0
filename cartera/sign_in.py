"""Sign-in of the dashboard by OpenID Connect: what the settings say of the provider, as Streamlit wants to read it.

The provider knows the person (password, second factor); `cartera users` knows what they may see.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from cartera.db import credentials
from cartera.db.files import locked, make_home, plain_os_errors, write_private
from cartera.errors import ConfigError
from cartera.settings import Settings

KEY = "dashboard"
"""Under which credentials.json has the secret that signs the cookies."""

COOKIE = "cookie"
CALLBACK = "/oauth2callback"
LOCAL = ("localhost", "127.0.0.1", "::1")
NEEDED = ("sign_in_provider", "sign_in_client_id", "sign_in_client_secret", "sign_in_address")


def is_required(settings: Settings) -> bool:
    """Whether nothing is shown to anybody who has not signed in: as soon as one of the settings is there."""
    return any(getattr(settings, name) for name in NEEDED)


def check(settings: Settings) -> None:
    """Raises ConfigError where sign-in is begun and not finished, or would send secrets in the clear."""
    if not is_required(settings):
        return
    missing = [f"CARTERA_{name.upper()}" for name in NEEDED if not getattr(settings, name)]
    if missing:
        raise ConfigError(f"sign-in lacks {', '.join(missing)}", "set it, or unset the others: docs/deploy.md")
    for name in ("sign_in_provider", "sign_in_address"):
        address = urlsplit(getattr(settings, name))
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOCAL):
            raise ConfigError(f"CARTERA_{name.upper()} is no https address", "write it as https://...")


def secrets_file(settings: Settings) -> Path:
    """Write the file that Streamlit reads, for its owner's eyes alone, and return its place. Raises ConfigError."""
    check(settings)
    client_secret = settings.sign_in_client_secret
    assert client_secret is not None
    path = settings.home / "run" / "sign_in.toml"
    values = {
        "redirect_uri": settings.sign_in_address.rstrip("/") + CALLBACK,
        "cookie_secret": _cookie_secret(settings.home),
        "client_id": settings.sign_in_client_id,
        "client_secret": client_secret.get_secret_value(),
        "server_metadata_url": settings.sign_in_provider,
    }
    # TOML reads a basic string as JSON writes it
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    with plain_os_errors("write the settings of sign-in", path):
        write_private(path, "\n".join(["[auth]", *lines, ""]))
    return path


def _cookie_secret(home: Path) -> str:
    """Made once: a new one would sign everybody out."""
    make_home(home)
    with locked(home):
        stored = credentials.read(home, KEY)
        if COOKIE not in stored:
            stored = {COOKIE: credentials.generate()}
            credentials.store(home, KEY, stored)
    return stored[COOKIE]
