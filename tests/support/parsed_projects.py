"""What dbt has read of the project, kept for each slot and set of systems while a worker lasts.

A warehouse has one set of systems and reads the project once. Tests go from one set to the next and back, and each
reading takes seconds. dbt itself decides whether what is kept still holds: it compares variables, connection and files.

What it reads anew is for the most part the same text: dbt keeps the syntax of each, as it does for tests of its own,
and Jinja's code of each template is kept beside it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dbt_common import tests as dbt_tests
from dbt_common.clients.jinja import MacroFuzzEnvironment

from cartera.settings import get_settings
from cartera.warehouse import run_dbt

PARSED = "partial_parse.msgpack"


@contextmanager
def parsed_projects_kept(folder: Path) -> Iterator[None]:
    folder.mkdir()
    invoke = run_dbt.invoke

    def with_kept(arguments: list[str], slot: str, clocks: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        variables = arguments[arguments.index("--vars") + 1]
        place = get_settings().home / "dbt" / slot / PARSED
        of_what = f"{slot} {get_settings().home} {get_settings().database_name} {variables}"
        kept = folder / hashlib.blake2b(of_what.encode(), digest_size=16).hexdigest()
        if kept.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(kept, place)
        try:
            return invoke(arguments, slot, clocks)
        finally:
            if place.exists():
                shutil.copy2(place, kept)

    compile_text = MacroFuzzEnvironment.compile
    # a kind of environment is always made with the same options: it and the text decide what comes out
    compiled: dict[tuple[type, str, tuple[Any, ...]], Any] = {}

    def compile_once(environment: MacroFuzzEnvironment, source: Any, *where: Any) -> Any:
        of_what = (type(environment), source, where)
        if of_what not in compiled:
            compiled[of_what] = compile_text(environment, source, *where)
        return compiled[of_what]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_dbt, "invoke", with_kept)
        patch.setattr(MacroFuzzEnvironment, "compile", compile_once)
        dbt_tests.enable_test_caching()
        yield
        dbt_tests.disable_test_caching()
