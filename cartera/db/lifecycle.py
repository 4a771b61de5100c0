"""Stopping and removing what `cartera.db` keeps."""

from __future__ import annotations

from dataclasses import dataclass

from cartera.db import embedded
from cartera.db.connection import forget_ready
from cartera.db.files import locked
from cartera.settings import get_settings


@dataclass(frozen=True)
class ServerStatus:
    """`kind`: embedded or external. `address`: host:port, empty when nothing runs."""

    kind: str
    is_running: bool
    address: str


def status() -> ServerStatus:
    """Whether the server runs, without starting it."""
    settings = get_settings()
    if settings.database_url is not None:
        from cartera.db.servers import current

        server = current(settings)
        assert server is not None
        return ServerStatus("external", True, f"{server.admin['host']}:{server.admin['port']}")
    found = embedded.find(settings.home)
    return ServerStatus("embedded", found is not None, f"127.0.0.1:{found.port}" if found else "")


def stop() -> bool:
    """Stop the embedded server; an external one is left alone. False when nothing was running."""
    settings = get_settings()
    forget_ready()
    if settings.database_url is not None or not settings.home.exists():
        return False
    with locked(settings.home):
        return embedded.stop(settings.home)


def reset() -> None:
    raise NotImplementedError
