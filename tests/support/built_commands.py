"""The command line as click runs it, built once while a worker lasts.

Typer builds all commands anew for each call of `CliRunner.invoke`, a tenth of a second; they hold nothing of a call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import typer
import typer.testing


@contextmanager
def built_commands_kept() -> Iterator[None]:
    @cache
    def built(app: typer.Typer, _commands: int, _groups: int) -> Any:
        return typer.main.get_command(app)

    def get_command(app: typer.Typer) -> Any:
        # one that commands were added to since is another
        return built(app, len(app.registered_commands), len(app.registered_groups))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", get_command)
        yield
