"""More customers than a report offers to filter by."""

from __future__ import annotations

from support.serve_fixture import AS_OF, item, publish_items

from cartera.reports.build import MOST_CHOICES

MANY = MOST_CHOICES + 70


def publish_many() -> None:
    """Cliente 000 and so on, each owing one invoice."""
    names = [f"{number:03}" for number in range(MANY)]
    publish_items(
        [
            item(name, AS_OF, "10", customer_id=f"files:C-{name}", customer_name=f"Cliente {name}") for name in names
        ]
    )  # fmt: skip
