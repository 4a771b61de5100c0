"""Sign-in switched on for a test, and people who are signed in."""

from __future__ import annotations

import pytest

from cartera.clock import utc_now
from cartera.settings import get_settings

SETTINGS = {
    "CARTERA_SIGN_IN_PROVIDER": "https://login.example.com/.well-known/openid-configuration",
    "CARTERA_SIGN_IN_CLIENT_ID": "cartera",
    "CARTERA_SIGN_IN_CLIENT_SECRET": "not-a-real-secret",
    "CARTERA_SIGN_IN_ADDRESS": "https://cartera.example.com",
}


def require_sign_in(patch: pytest.MonkeyPatch, **more: str) -> None:
    for name, value in (SETTINGS | more).items():
        patch.setenv(name, value)
    get_settings.cache_clear()


def claims_of(email: str, **more: object) -> dict[str, object]:
    """What the provider says of somebody who has just signed in."""
    return {
        "is_logged_in": True,
        "email": email,
        "email_verified": True,
        "iat": int(utc_now().timestamp()),
    } | more


def sign_in_as(patch: pytest.MonkeyPatch, email: str, **more: object) -> None:
    said = claims_of(email, **more)
    patch.setattr("dashboards.components.actor.claims", lambda: said)
