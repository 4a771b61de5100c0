"""What a card says of its figure's target."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import streamlit as st

from cartera.errors import ConfigError
from cartera.targets import AT_LEAST, Amount, Figure, Targets
from dashboards.components.view import View, as_text
from dashboards.queries import overview


@dataclass(frozen=True)
class Goal:
    """`mark` is what stands beside the label, `said` is that in words."""

    mark: str
    said: str


def goals(view: View, currency_code: str, companies: list[str]) -> Goals:
    """Without any where their file is wrong, which is said: no figure depends on it."""
    targets = Targets()
    try:
        targets = overview.targets()
    except ConfigError as error:
        told = view.words("overview.targets_refused", problem=as_text(error.problem), mend=as_text(error.mend))
        st.warning(told, icon=":material/flag:")
    return Goals(view, targets, currency_code, companies)


@dataclass(frozen=True)
class Goals:
    """The targets of one currency of the companies that are shown, read once for a page."""

    view: View
    targets: Targets
    currency_code: str
    companies: list[str]

    def of(self, figure: Figure, value: Decimal | None) -> Goal | None:
        """Whether it is kept; None where there is no target or no figure. A share is in percent."""
        words, target = self.view.words, self.targets.of_figure(figure, self.currency_code, self.companies)
        if target is None or value is None:
            return None
        if figure in get_args(Amount):
            short, exact = words.compact(target), words.money(target, self.currency_code)
        else:
            short = exact = words.days(target) if figure == "dso" else words.percent(target / 100)
        if figure in AT_LEAST:
            is_kept, sign = value >= target, "≥"
            said = words("overview.target_reached" if is_kept else "overview.target_below", target=exact)
        else:
            is_kept, sign = value <= target, "≤"
            said = words("overview.target_within" if is_kept else "overview.target_over", target=exact)
        # the cross last: before a sign, in some fonts, it is the x of a formula
        return Goal(f"{sign} {short} {'✓' if is_kept else '✗'}", said)

    def collected(self, month: dt.date) -> Decimal | None:
        """What should be collected in the month."""
        return self.targets.of(month, self.currency_code, self.companies)
