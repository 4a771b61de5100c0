"""Python looks for garbage after each module of tests and else seldom, and never twice among what was in use then.

A worker has imported dbt, Great Expectations, Streamlit and pandas: two million objects, half a second for each whole
search, and a tenth of all the work of the tests was such searches. What goes by itself goes as ever. What a test leaves
open in garbage still fails, with the last test of its module.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""Objects made and not yet gone before the youngest are searched; Python's own number is 700."""


@contextmanager
def garbage_sought_seldom() -> Iterator[None]:
    young, *older = gc.get_threshold()
    gc.set_threshold(YOUNG, *older)
    yield
    gc.set_threshold(young, *older)
    gc.unfreeze()


def seek_garbage() -> None:
    """What is left is modules and what they keep: it is left out from now on."""
    gc.collect()
    gc.freeze()
