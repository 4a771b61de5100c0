"""What a report asks for: parts, each of one mart, validated against its declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cartera.errors import ConfigError
from cartera.reports.marts import CURRENCY, MARTS, Mart

Period = Literal[
    "last_7_days", "last_30_days", "last_90_days", "this_month", "last_month", "this_year", "next_7_days",
    "next_30_days",
]  # fmt: skip
"""Of days up to the as-of date, or from the day after it."""

Name = Annotated[str, Field(min_length=1, max_length=60)]
MOST_VALUES = 200
MOST_PARTS = 12
MOST_COLUMNS = 20


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filter(_Model):
    """One condition on one column: any of some values ("" stands for none known), a period, dates, or amounts."""

    column: Name
    among: tuple[Annotated[str, Field(max_length=300)], ...] = Field((), max_length=MOST_VALUES)
    period: Period | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    at_least: Decimal | None = Field(None, allow_inf_nan=False, max_digits=24)
    below: Decimal | None = Field(None, allow_inf_nan=False, max_digits=24)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Filter:
        said = [
            bool(self.among),
            self.period is not None,
            (self.since or self.until) is not None,
            (self.at_least if self.at_least is not None else self.below) is not None,
        ]
        if sum(said) != 1:
            raise ValueError(f"{self.column}: say values, a period, dates or amounts, and one of them only")
        return self

    def days(self, as_of: dt.date) -> tuple[dt.date | None, dt.date | None]:
        """The first and last day of a period or of the dates."""
        if self.period is None:
            return self.since, self.until
        return period_days(self.period, as_of)


def period_days(period: Period, as_of: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of a period, both in it."""
    match period:
        case "this_month":
            return as_of.replace(day=1), as_of
        case "last_month":
            last = as_of.replace(day=1) - dt.timedelta(days=1)
            return last.replace(day=1), last
        case "this_year":
            return as_of.replace(month=1, day=1), as_of
        case "next_7_days" | "next_30_days":
            return as_of + dt.timedelta(days=1), as_of + dt.timedelta(days=int(period.split("_")[1]))
        case _:
            return as_of - dt.timedelta(days=int(period.split("_")[1]) - 1), as_of


class Part(_Model):
    """Rows of one mart: parted by dimensions and currency, with measures; `filters` must all hold.

    `is_summed_on_paper`: a PDF has its totals alone, its rows are for the other files.
    """

    mart: Name
    title: str = Field("", max_length=100)
    dimensions: tuple[Name, ...] = Field((), max_length=MOST_COLUMNS)
    measures: tuple[Name, ...] = Field(min_length=1, max_length=MOST_COLUMNS)
    filters: tuple[Filter, ...] = Field((), max_length=MOST_COLUMNS)
    is_summed_on_paper: bool = False

    @model_validator(mode="after")
    def _is_declared(self) -> Part:
        mart = MARTS.get(self.mart)
        if mart is None:
            raise ValueError(f"there is no mart {self.mart!r}; there are {', '.join(MARTS)}")
        for kind, names, known in (
            ("dimension", self.dimensions, [each.name for each in mart.dimensions]),
            ("measure", self.measures, [each.name for each in mart.measures]),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(f"{self.mart} has no {kind} {name!r}; it has {', '.join(known)}")
            if len(set(names)) < len(names):
                raise ValueError(f"{self.mart}: a {kind} stands twice")
        for each in self.filters:
            _check_filter(mart, each)
        for name in mart.one_of or {}:
            if any(each.column == name and len(each.among) != 1 for each in self.filters):
                raise ValueError(f"{self.mart}: one {name} at a time, or debts would be counted several times")
        return self

    @property
    def declared(self) -> Mart:
        return MARTS[self.mart]

    def columns(self) -> tuple[str, ...]:
        """The dimensions that are shown, the currency among them, in order."""
        chosen = [name for name in self.declared.always if name not in self.dimensions]
        chosen += [name for name in self.dimensions if name != CURRENCY]
        return (*chosen, CURRENCY)

    def all_filters(self) -> tuple[Filter, ...]:
        """With what the mart asks for itself where nobody did."""
        asked = {each.column for each in self.filters}
        defaults = (self.declared.one_of or {}).items()
        return (*self.filters, *(Filter(column=name, among=(value,)) for name, value in defaults if name not in asked))


def as_it_opens(mart: str) -> Part:
    """All that is shown of a mart until somebody chooses."""
    declared = MARTS[mart]
    return Part(
        mart=mart,
        dimensions=tuple(name for name in declared.shown if name != CURRENCY and declared.dimension(name)),
        measures=tuple(name for name in declared.shown if declared.measure(name)),
    )


def _check_filter(mart: Mart, each: Filter) -> None:
    """Raises ValueError."""
    dimension, measure = mart.dimension(each.column), mart.measure(each.column)
    if dimension is None and measure is None:
        raise ValueError(f"{mart.name} has no column {each.column!r} to filter by")
    has_dates = each.period or each.since or each.until
    has_amounts = each.at_least is not None or each.below is not None
    if has_dates and (dimension is None or dimension.kind != "date"):
        raise ValueError(f"{mart.name}: {each.column} is no date")
    if has_amounts and measure is None and (dimension is None or dimension.kind != "number"):
        raise ValueError(f"{mart.name}: {each.column} is no number")
    if each.among:
        if dimension is None or dimension.kind not in ("text", "yes_no"):
            raise ValueError(f"{mart.name}: {each.column} is not filtered by values")
        if dimension.kind == "yes_no" and set(each.among) - {"yes", "no"}:
            raise ValueError(f"{mart.name}: {each.column} is yes or no")


class Document(_Model):
    """A whole report. `as_of`: of what is published, or of the last month that had ended by then."""

    parts: tuple[Part, ...] = Field(min_length=1, max_length=MOST_PARTS)
    as_of: Literal["published", "last_month_end"] = "published"
    with_certificate: bool = False

    def with_filters(self, filters: Iterable[Filter]) -> Document:
        """The same, narrowed further. Raises ConfigError where a part can't be: it would show what is filtered out."""
        own = [each.model_dump(mode="json") for each in filters]
        data = self.model_dump(mode="json")
        for part in data["parts"]:
            part["filters"] = [*part["filters"], *own]
        return parse(data)

    def as_of_date(self, published: dt.date) -> dt.date:
        if self.as_of == "published":
            return published
        tomorrow = published + dt.timedelta(days=1)
        return tomorrow.replace(day=1) - dt.timedelta(days=1)


def parse(data: Mapping[str, Any]) -> Document:
    """Raises ConfigError in plain words."""
    try:
        return Document.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"the report is not possible: {_said(error)}", "choose from what the mart offers") from None


def parse_filters(data: Iterable[Mapping[str, Any]]) -> tuple[Filter, ...]:
    """Raises ConfigError in plain words."""
    try:
        return tuple(Filter.model_validate(each) for each in data)
    except ValidationError as error:
        raise ConfigError(f"the filter is not possible: {_said(error)}", "say what it should keep") from None


def _said(error: ValidationError) -> str:
    return "; ".join(str(each["msg"]).removeprefix("Value error, ") for each in error.errors()[:3])
