"""Views that people keep: the address of a page of the dashboard, under a name. Each user has his own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from cartera.clock import utc_now
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.warehouse.read import rows

MOST_NAME, MOST_QUERY, MOST_VIEWS = 60, 4000, 50
PAGE = re.compile(r"[a-z][a-z-]{0,40}")


@dataclass(frozen=True)
class SavedView:
    name: str
    page: str
    query: str

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


def saved_views(user: str) -> list[SavedView]:
    with transaction(Role.campaign) as connection:
        found = rows(
            connection,
            "select name, page, query from ops.saved_views where owner = %(user)s order by lower(name), name"
            " limit %(most)s",
            {"user": user, "most": MOST_VIEWS},
        )
    return [SavedView(**row) for row in found]


def save_view(user: str, name: str, page: str, parameters: list[tuple[str, str]]) -> SavedView:
    """Keep an address; a name that is there is given the new one. Raises ConfigError."""
    plain, query = " ".join(name.split()), urlencode(parameters)
    if not plain or len(plain) > MOST_NAME or not plain.isprintable():
        raise ConfigError("the name is empty, too long or not printable", f"write 1 to {MOST_NAME} letters")
    if not PAGE.fullmatch(page) or len(query) > MOST_QUERY:
        raise ConfigError("this address can't be kept", "reset some filters and save again")
    with transaction(Role.campaign) as connection:
        own = rows(
            connection,
            "select count(*) as views, count(*) filter (where name = %(name)s) as same from ops.saved_views"
            " where owner = %(user)s",
            {"user": user, "name": plain},
        )[0]
        if own["views"] >= MOST_VIEWS and not own["same"]:
            raise ConfigError(f"you have {MOST_VIEWS} views", "delete one first")
        rows(
            connection,
            "insert into ops.saved_views (owner, name, page, query, saved_at)"
            " values (%(user)s, %(name)s, %(page)s, %(query)s, %(now)s)"
            " on conflict (owner, name) do update set page = excluded.page, query = excluded.query,"
            " saved_at = excluded.saved_at returning name",
            {"user": user, "name": plain, "page": page, "query": query, "now": utc_now()},
        )
    return SavedView(plain, page, query)


def delete_view(user: str, name: str) -> None:
    """Nothing happens when there is none."""
    with transaction(Role.campaign) as connection:
        rows(
            connection,
            "delete from ops.saved_views where owner = %(user)s and name = %(name)s returning name",
            {"user": user, "name": name},
        )
