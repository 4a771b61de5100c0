"""Folders that files are delivered to: whoever may put files there must not make us read others."""

from __future__ import annotations

import os
from pathlib import Path

from cartera.errors import SourceError


def refuse_outside(source: str, path: Path, folder: Path) -> None:
    """Raises SourceError: a link, or a folder that is one, leads out of the source's folder."""
    target = os.path.realpath(path)
    if not Path(target).is_relative_to(os.path.realpath(folder)):
        raise SourceError(
            f"{source}: {path} is a link that leads out of {folder}, to {target}; nothing was read",
            "put the file itself there, or take the link out",
        )
