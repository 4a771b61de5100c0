"""What a card says of its figure's target."""

from __future__ import annotations

from decimal import Decimal

from cartera.targets import AT_LEAST, Figure, Targets
from dashboards.components.view import View


def against(
    view: View, targets: Targets, figure: Figure, value: Decimal | None, currency_code: str, companies: list[str]
) -> str | None:
    """Whether it is kept, in words; None where there is no target or no figure. A share is in percent."""
    words, target = view.words, targets.of_figure(figure, currency_code, companies)
    if target is None or value is None:
        return None
    if figure in ("overdue_pct", "cei"):
        said = words.percent(target / 100)
    else:
        said = words.days(target) if figure == "dso" else words.headline(target, currency_code)
    if figure in AT_LEAST:
        return words("overview.target_reached" if value >= target else "overview.target_below", target=said)
    return words("overview.target_within" if value <= target else "overview.target_over", target=said)
