"""What a table is narrowed to, in words: its file says so, in its name and in a column."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.components.tables import Column
from dashboards.components.view import View
from dashboards.i18n import Words
from dashboards.queries.export import Said


def narrowed(words: Words, *said: str | None, **chosen: str | None) -> tuple[str, ...]:
    """`Company: norte` of each filter that is set, by its name, then what says itself."""
    named = (f"{words(f'filter.{name}')}: {value}" for name, value in chosen.items() if value)
    return (*named, *filter(None, said))


def in_file(
    view: View, company_id: str | None, columns: Mapping[str, Column], title: str, **chosen: str | None
) -> Said:
    """In a file as on the page: the headings of its columns, what was chosen, and `title`, what its rows are."""
    headings = {name: column.heading for name, column in columns.items()}
    return Said(view.words, headings, narrowed(view.words, title, company=company_id, **chosen))
