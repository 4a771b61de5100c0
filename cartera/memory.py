"""What is worth knowing about memory where many objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """For work that makes millions of small objects which live until it ends, and no rings of them: looking among them
    for what may go takes Python a good part of the time, and finds nothing. It is put off until the work is done."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
