"""Texts of others without our secrets: what a system answers may quote what we logged in with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

LEAST = 8
"""A shorter word of a header or line of a key is a scheme (`Bearer`), or says nothing."""

_CARRIES_SECRETS = re.compile(r"auth|token|key|secret|cookie|session", re.IGNORECASE)
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w.-]+")
"""A signed token, whoever it is of."""


def without(text: str, secrets: Iterable[str]) -> str:
    """Text from outside without these secrets and without what would steer a terminal."""
    # the longest first: one may be a part of another
    for secret in sorted(_as_written(frozenset(secrets)), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _TOKEN.sub("***", text)
    return "".join(letter if letter.isprintable() else " " for letter in text)


def secrets_in(headers: Mapping[str, str]) -> set[str]:
    """What a header carries to log us in is no more for others than the secret it was made of."""
    return {
        word
        for name, value in headers.items()
        if _CARRIES_SECRETS.search(name)
        for word in re.split(r"[\s,;=]+", value)
        if len(word) >= LEAST
    }


def _as_written(secrets: frozenset[str]) -> set[str]:
    """As they are, line by line, and as they are written in addresses and in JSON."""
    whole = secrets | {secret.replace("\\n", "\n") for secret in secrets}
    lines = {line for secret in whole for line in secret.splitlines() if len(line) >= LEAST}
    every = {secret for secret in whole | lines if secret}
    return every | {write(secret) for secret in every for write in (quote, quote_plus, _in_json)}


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]
