"""A report's words, numbers and dates in one language: en, es or pt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from babel.core import Locale
from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol

from cartera.money import minor_units
from cartera.reports.document import Filter, Part
from cartera.warehouse import metrics
from cartera.warehouse.read import BUCKETS
from cartera.yaml_config import PARSER

Language = Literal["en", "es", "pt"]
SMALLEST = Decimal("0.000001")
"""Of the decimals that are kept: at least so much is more than nothing."""
DATE = "d MMM y"
"""Of dates, in reports and on pages alike: 30 Jun 2026."""
LOCALES: dict[Language, str] = {"en": "en_US", "es": "es_419", "pt": "pt_BR"}


@cache
def texts(language: Language) -> dict[str, str]:
    """Every text of a language by its key."""
    path = Path(__file__).parent / "texts" / f"{language}.yaml"
    found: dict[str, str] = yaml.load(path.read_text(encoding="utf-8"), Loader=PARSER)
    return found


@dataclass(frozen=True)
class Wording:
    language: Language

    @property
    def locale(self) -> Locale:
        return Locale.parse(LOCALES[self.language])

    def __call__(self, key: str, **values: object) -> str:
        return texts(self.language)[key].format(**values)

    def column(self, name: str) -> str:
        return self.bucket(name) if name in BUCKETS else self(f"column.{name}")

    def bucket(self, name: str) -> str:
        return self("value.not_due") if name == "not_due" else self("value.days", days=name)

    def date(self, day: dt.date) -> str:
        return format_date(day, DATE, self.locale)

    def moment(self, moment: dt.datetime) -> str:
        """To the second, in UTC."""
        return f"{self.date(moment.astimezone(dt.UTC).date())} {moment.astimezone(dt.UTC):%H:%M:%S} UTC"

    def amount(self, amount: Decimal, currency_code: str | None) -> str:
        """In the currency's own decimals, more where they are not zero; nothing is rounded."""
        exponent = amount.normalize().as_tuple().exponent
        least = minor_units(currency_code) if currency_code else 0
        digits = max(least, -exponent if isinstance(exponent, int) else 0)
        return self.number(amount, digits)

    def number(self, value: Decimal | int, digits: int = 0) -> str:
        marks: dict[str, int | str | None] = {",": get_group_symbol(self.locale), ".": get_decimal_symbol(self.locale)}
        return f"{value:,.{digits}f}".translate(str.maketrans(marks))

    def value(self, column: str, value: Any) -> Any:
        """A value of a dimension in words where it is one of ours; what comes from outside stays as it is."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return self("value.yes" if value else "value.no")
        if column == "bucket":
            return self.bucket(value) if value in BUCKETS else value
        if column in ("item_type", "promise_state"):
            return texts(self.language).get(f"value.{value}", value)
        if column in ("scheme", "segment"):
            # who has segments of his own names them in their rules
            return texts(self.language).get(f"{column}.{value}", value)
        if column == "unit":
            return texts(self.language).get(f"value.unit_{value}", value)
        if column == "kpi":
            return self._kpi(value)
        return value

    def _kpi(self, kpi: str) -> str:
        """With the days that it is of: the same KPI of a year is another figure, and a row is read alone."""
        metric = metrics.load_catalogue().find(kpi)
        if metric is None:
            return kpi
        label, days = metric.label.of(self.language), metrics.window_of(kpi)
        return self("value.kpi_of", kpi=label, days=days) if days else label

    def filters(self, part: Part, as_of: dt.date) -> str:
        """What the rows were narrowed to, in one line."""
        said = [self._filter(each, as_of) for each in part.all_filters()]
        return "; ".join(said) or self("said.no_filters")

    def _filter(self, each: Filter, as_of: dt.date) -> str:
        if each.among:
            values = [str(self.value(each.column, value) or self("value.none")) for value in each.among]
            if set(each.among) <= {"yes", "no"}:
                values = [self(f"value.{value}") for value in each.among]
            return f"{self.column(each.column)}: {', '.join(values)}"
        if each.at_least is not None or each.below is not None:
            if each.at_least == SMALLEST and each.below is None:
                return f"{self.column(each.column)}: {self('said.above_zero')}"
            parts = [
                self(f"said.{key}", amount=f"{value:f}")
                for key, value in (("at_least", each.at_least), ("below", each.below))
                if value is not None
            ]
            return f"{self.column(each.column)}: {' '.join(parts)}"
        ends = zip(("from", "to"), each.days(as_of), strict=True)
        dates = " ".join(self(f"said.{end}", date=self.date(day)) for end, day in ends if day)
        named = f"{self(f'period.{each.period}')} ({dates})" if each.period else dates
        return f"{self.column(each.column)}: {named}"
