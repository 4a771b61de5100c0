"""Of a customer who is erased the log of views has neither id nor names; of everybody else it has what it had."""

from __future__ import annotations

import json

from reminder_world import World, query

from cartera import outgoing, viewed
from cartera.reminders.audit import erase

NAMES = ("Juan Pérez", "Pérez (Lima) S.A.")
TAKEN: dict[str, tuple[dict[str, str], str, dict[str, str]]] = {
    # what was taken, and what is left of it; A is the one name that the customer has now
    "cartera-invoices-PEN-Customer-Juan-Pérez-2026-06-30.csv": (
        {"of": "Unapplied · Juan Pérez", "find": "juan"}, "cartera-invoices-A-2026-06-30.csv",
        {"of": "Unapplied · A", "find": "erased"},
    ),
    "cartera-timeline-Customer-ana-2026-06-30.csv": ({"of": "ana"}, "cartera-timeline-A-2026-06-30.csv", {"of": "A"}),
    "cartera-promises-PEN-Promised-by-Juan-Pérez.csv": (
        {"promised_by": "=ana", "of": "ana/broken"}, "cartera-promises-A.csv", {"promised_by": "=A", "of": "A/broken"},
    ),
    "cartera-juan-perez-s-aging-2026-06-30-raw.xlsx": (
        {"report": "Juan Pérez", "filters": "Aging: Customer: Otro, Juan Pérez; Bucket: x · Items: Customer id: ana"},
        "cartera-report-A-2026-06-30.xlsx",
        {"report": "A", "filters": "Aging: Customer: Otro, A; Bucket: x · Items: Customer id: A"},
    ),
    "cartera-report-rows-PEN-2026-06-30.csv": (
        {"mart": "aging", "where_customer_name": "Pérez (Lima) S.A.,Juan Pérez", "company": "Juan Pérez"},
        "cartera-report-A-2026-06-30.csv",
        {"mart": "aging", "where_customer_name": "A,A", "company": "Juan Pérez"},
    ),
    "segments.csv": ({"find": "JUAN PÉREZ"}, "file-A.csv", {"find": "erased"}),
}  # fmt: skip
OTHERS = {
    "cartera-invoices-PEN-Customer-Juan-Pérez-e-Hijos.csv": {"of": "Open · Juan Pérez e Hijos", "find": "juan"},
    "cartera-promises-PEN-Promised-by-Anabel-2026-06-30.csv": {"promised_by": "=anabel", "of": "anabel/broken"},
    "cartera-aging-2026-06-30.xlsx": {"filters": "Customer: San Juan Pérez, Pérez XLimaX SxAx"},
    "cartera-provision-2026-06-30.xlsx": {"company": "Juan Pérez"},
}  # fmt: skip


def test_erasing_a_customer_takes_its_names_out_of_the_log_of_views(database: str) -> None:
    for file, filters in [*((file, taken[0]) for file, taken in TAKEN.items()), *OTHERS.items()]:
        viewed.record("eva@example.com", "collector", "export", file, filters, 3)
    assert erase("ana", "privacy officer", names=NAMES) == len(TAKEN)
    logged = viewed.listed()[::-1]
    alias = logged[0]["filters"]["of"].rpartition(" ")[2]
    assert alias.startswith("erased:")
    left = [(row["subject"].replace(alias, "A"), json.loads(json.dumps(row["filters"]).replace(alias, "A")))
            for row in logged]  # fmt: skip
    assert left == [*((subject, filters) for _, subject, filters in TAKEN.values()), *OTHERS.items()]
    assert erase("ana", "privacy officer", names=NAMES) == 0


def test_the_names_are_those_that_it_is_published_under(world: World) -> None:
    world.owes("ana", due=-10)
    world.publish()
    (name,) = {row["name"] for row in query("select name from serve.dim_customers where customer_id = 'ana'")}
    viewed.record("eva@example.com", "collector", "export", "a.csv", {"where_customer_name": name}, 3)
    assert outgoing.erase_customer("ana", "privacy officer") == 1
    assert name not in str(viewed.listed())
