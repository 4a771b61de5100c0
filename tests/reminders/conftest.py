from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reminder_world import World, channel_to

from cartera.reminders import EmailChannel
from cartera.sandbox.mailbox import Mailbox


@pytest.fixture
def world(database: str) -> World:
    """An empty published world in a fresh database."""
    return World()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path) as running:
        yield running


@pytest.fixture
def channel(mailbox: Mailbox) -> EmailChannel:
    return channel_to(mailbox)
