"""The Data Docs that Great Expectations wrote: the newest page of each suite. No Streamlit here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cartera.settings import get_settings

URL_PATH = "data-docs"


@dataclass(frozen=True)
class Page:
    """`url` is relative to the dashboard's own address."""

    suite: str
    url: str


def folder() -> Path:
    return get_settings().home / "data_docs"


def newest_pages() -> list[Page]:
    """One page per suite, by name. Its own index needs programs from the internet, so it is not linked.

    A page lies in `validations/<suite>/<run name>/<run time>/<suite>-<table>.html`.
    """
    newest: dict[str, Path] = {}
    for path in folder().glob("validations/**/*.html"):
        suite = path.stem.partition("-")[0]
        if suite not in newest or path.parent.name > newest[suite].parent.name:
            newest[suite] = path
    return [
        Page(suite, f"/{URL_PATH}/{quote(path.relative_to(folder()).as_posix())}")
        for suite, path in sorted(newest.items())
    ]
