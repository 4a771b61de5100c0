"""The headline figures of one currency."""

from __future__ import annotations

from cartera.warehouse.headline import Point
from dashboards.components.card_grid import card, headline, places
from dashboards.components.headline_extras import change, sparkline
from dashboards.components.target_note import Goals
from dashboards.components.view import View
from dashboards.queries import overview, receivables
from dashboards.queries.receivables import Headline
from dashboards.queries.session import Clocks


def headline_cards(
    view: View, clocks: Clocks, company_id: str | None, line: Headline, goals: Goals, points: list[Point] | None
) -> None:
    """Total open, overdue, overdue share, unapplied credit; each explains itself and its dates on hover.

    With the points of the trend, the first two say their change since the last one; all but credit draw them.
    """
    words, code = view.words, line.currency_code
    stamp = view.stamp(clocks, code)
    items = words.counted("overview.items", line.open_items)
    late = words.counted("overview.late", line.overdue_items)
    contested = receivables.disputed(view.reading, clocks, code, company_id)
    disputed = words("overview.disputed", amount=words.money(contested, code))
    credits = words.counted("overview.credits", line.unapplied_items)
    compared = words("overview.change_help", days=overview.step_days())
    share = line.overdue_pct
    kept = {
        "open": goals.of("open_amount", line.open_amount),
        "overdue": goals.of("overdue_amount", line.overdue_amount),
        "overdue_pct": goals.of("overdue_pct", None if share is None else share * 100),
    }
    cards = (
        ("open", line.open_amount, items, "open_amount"),
        ("overdue", line.overdue_amount, late, "overdue_amount"),
        ("overdue_pct", None, disputed, "overdue_share"),
        ("unapplied", line.unapplied_amount, credits, "unapplied_amount"),
    )
    for place, (name, amount, detail, drawn) in zip(places(view, len(cards)), cards, strict=True):
        moved = change(view, points, drawn) if amount is not None else None
        exact = "" if amount is None else f"**{words.money(amount, code)}**\n\n"
        with place:
            card(
                view,
                words(f"overview.{name}", currency=code),
                words.percent(share) if amount is None else headline(view, amount, code),
                short=words(f"overview.{name}_short", currency=code),
                chip=moved,
                note=detail,
                goal=kept.get(name),
                chart=sparkline(points, drawn),
                help_text=exact + words(f"overview.{name}_help", stamp=stamp) + (f" {compared}" if moved else ""),
            )
