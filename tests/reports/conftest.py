"""What the tests of scheduled reports share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.serve_fixture import publish_items, sample_items

from cartera.sandbox.mailbox.smtp import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path, database: str) -> Iterator[Mailbox]:
    publish_items(sample_items())
    with Mailbox(tmp_path, refuse={"bad@.*": 550, "busy@.*": 451}) as running:
        yield running
