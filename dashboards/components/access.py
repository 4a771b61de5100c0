"""Which pages a role is offered. Whose figures stand on them is not decided here but in the database."""

from __future__ import annotations

from cartera.desk import Actor

EVERYBODY = frozenset({"finance", "collector", "manager", "analyst", "administrator"})
OFFICE = EVERYBODY - {"collector"}

ROLES = {
    "overview": EVERYBODY,
    "aging": EVERYBODY,
    "segments": EVERYBODY,
    "recovery": OFFICE,
    "customer": EVERYBODY,
    "worklist": frozenset({"collector", "manager", "administrator"}),
    "campaigns": frozenset({"manager", "analyst", "administrator"}),
    "promises": EVERYBODY,
    "kpis": OFFICE,
    "data_health": OFFICE,
    "reports": EVERYBODY,
}
"""A page that stands here not is for nobody."""

OF_ALL_COMPANIES = frozenset({"data_health"})
"""What runs, checks and certificates say is of all companies at once."""


def may_open(actor: Actor, page: str) -> bool:
    if actor.companies is not None and page in OF_ALL_COMPANIES:
        return False
    return actor.role in ROLES.get(page, frozenset())
