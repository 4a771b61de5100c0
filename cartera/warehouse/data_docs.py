"""Great Expectations' Data Docs: where they are, and how they are written in a fraction of its time.

Its renderer makes a Jinja environment for each section of each page, and each compiles the same templates anew: three
quarters of the writing. Here what was compiled once is used again.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from cartera.settings import get_settings


class _Compiled(BytecodeCache):
    """Templates as compiled, kept while the process lasts; one that changed has another checksum."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


_compiled = _Compiled()


def folder() -> Path:
    return get_settings().home / "data_docs"


def write(context: Any, pages: list[Any]) -> None:
    """Write these pages and the index, once for a gate: UpdateDataDocsAction would write the index after each suite."""
    from great_expectations.render.view import view

    view.Environment = partial(Environment, bytecode_cache=_compiled)
    context.build_data_docs(resource_identifiers=pages)
