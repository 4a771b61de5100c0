"""What a table is narrowed to, in words: its file says so, in its name and in a column."""

from __future__ import annotations

from dashboards.i18n import Words


def narrowed(words: Words, *said: str | None, **chosen: str | None) -> tuple[str, ...]:
    """`Company: norte` of each filter that is set, by its name, then what says itself."""
    named = (f"{words(f'filter.{name}')}: {value}" for name, value in chosen.items() if value)
    return (*named, *filter(None, said))
