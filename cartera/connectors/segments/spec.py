"""The rules of customer segments: `segments.yaml`, read and judged before anything is landed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cartera.connectors.segments.measures import LOWEST, Measure
from cartera.settings import Settings
from cartera.yaml_config import load_yaml_model

SOURCE = "settings"
"""The name under which what a user sets lands, companies.yaml too."""

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Field(max_length=60, pattern=r"^\S([^\r\n\t]*\S)?$")]
Value = Annotated[str, Field(min_length=1, max_length=200)]
Bound = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Part):
    """`at_least` counts, `below` does not; or one of `values`, whatever their case."""

    at_least: Bound | None = None
    below: Bound | None = None
    values: tuple[Value, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.at_least is None and self.below is None and not self.values

    def contains(self, other: Condition) -> bool:
        """Whether what meets `other` always meets this one."""
        return (
            (self.at_least is None or (other.at_least is not None and other.at_least >= self.at_least))
            and (self.below is None or (other.below is not None and other.below <= self.below))
            and (not self.values or (bool(other.values) and _folded(other.values) <= _folded(self.values)))
        )


class Segment(Condition):
    """One segment of a scheme with a `measure`; without one, `when` has a condition per measure."""

    name: Name
    when: dict[Measure, Condition] = {}


class Scheme(_Part):
    """One way to part all customers. The first segment that fits counts; who fits none is `otherwise`."""

    name: Slug
    description: str = ""
    measure: Measure | None = None
    each_value: bool = False
    """Every value of `measure` is a segment of its own."""
    segments: tuple[Segment, ...] = ()
    otherwise: Name = "unclassified"

    @model_validator(mode="after")
    def _judged(self) -> Scheme:
        for problem in _problems(self):
            raise ValueError(f"{self.name}: {problem}")
        return self

    def conditions(self, segment: Segment) -> dict[Measure, Condition]:
        return {self.measure: segment} if self.measure else dict(segment.when)


class SegmentRules(_Part):
    schemes: tuple[Scheme, ...]

    @model_validator(mode="after")
    def _named_once(self) -> SegmentRules:
        if not self.schemes:
            raise ValueError("schemes: there is none; write one, or take the file away to have those that are shipped")
        for name in _repeated(scheme.name for scheme in self.schemes):
            raise ValueError(f"schemes: {name!r} is defined twice; keep one of them, or name it otherwise")
        return self


def segments_path(settings: Settings) -> Path:
    """`segments.yaml` of the state folder; without one, the file that the project ships."""
    own = settings.home / "segments.yaml"
    return own if own.exists() else settings.dbt_dir / "segments.yaml"


def load_segment_rules(path: Path) -> SegmentRules:
    """The rules of a file. Raises ConfigError with file and line.

    Read as text, so that the country NO is not the word no.
    """
    return load_yaml_model(path, SegmentRules, as_text=True)


def _problems(scheme: Scheme) -> Iterator[str]:
    if scheme.each_value:
        yield from _problems_of_each_value(scheme)
        return
    if not scheme.segments:
        yield "no segments; list them, or with a measure that is a text write `each_value: true`"
    for name in _repeated(segment.name for segment in scheme.segments):
        yield f"segment {name!r} is defined twice; keep one of them, or name it otherwise"
    for segment in scheme.segments:
        yield from _problems_of_place(scheme, segment)
        for measure, condition in scheme.conditions(segment).items():
            yield from (f"segment {segment.name!r}: {text}" for text in _problems_of_condition(measure, condition))
    if scheme.measure is None:
        yield from _unreachable(scheme)
    elif scheme.measure in LOWEST:
        yield from _uneven_ranges(scheme, LOWEST[scheme.measure])
    else:
        yield from _repeated_values(scheme)


def _problems_of_each_value(scheme: Scheme) -> Iterator[str]:
    if scheme.segments:
        yield "each_value makes the segments; take `segments` out, or `each_value`"
    if scheme.measure is None:
        yield "each_value needs a `measure` that is a text, such as sector"
    elif scheme.measure in LOWEST:
        yield f"{scheme.measure} is a number: list `segments` with at_least and below instead of each_value"


def _problems_of_place(scheme: Scheme, segment: Segment) -> Iterator[str]:
    if scheme.measure and segment.when:
        yield (
            f"segment {segment.name!r} has `when` though the scheme has a measure; write at_least, below or values"
            " beside its name, or take `measure` out of the scheme"
        )
    if not scheme.measure and not segment.is_empty:
        yield f"segment {segment.name!r} does not say of what; give the scheme a `measure`, or use `when`"
    if not scheme.measure and not segment.when:
        yield f"segment {segment.name!r} has no condition; give it `when`, or name it as `otherwise`"


def _problems_of_condition(measure: Measure, condition: Condition) -> Iterator[str]:
    is_number = measure in LOWEST
    if condition.is_empty:
        yield f"{measure} has no condition; write {'at_least or below' if is_number else 'values: [...]'}"
    elif is_number and condition.values:
        yield f"{measure} is a number: write at_least and below, not values"
    elif not is_number and not condition.values:
        yield f"{measure} is a text: write values: [...], not at_least and below"
    if condition.at_least is not None and condition.below is not None and condition.at_least >= condition.below:
        yield f"nothing is at least {condition.at_least} and below {condition.below}; raise `below`"
    for value in _repeated(value.strip().casefold() for value in condition.values):
        yield f"the value {value!r} is listed twice; keep one of them"


def _uneven_ranges(scheme: Scheme, lowest: Decimal | None) -> Iterator[str]:
    """Ranges over one measure must meet: neither overlap nor leave a gap, from the lowest value up."""
    ranges = sorted(scheme.segments, key=lambda s: (s.at_least is not None, s.at_least or 0))
    first, last = ranges[0], ranges[-1]
    if first.at_least is not None and (lowest is None or first.at_least > lowest):
        yield (
            f"below {first.at_least} {scheme.measure} is in no segment; take at_least out of {first.name!r},"
            " or add a segment for it"
        )
    for lower, upper in zip(ranges, ranges[1:], strict=False):
        start = upper.at_least
        if start is None or lower.below is None or start < lower.below:
            yield (
                f"segments {lower.name!r} and {upper.name!r} overlap; let {upper.name!r} begin (at_least)"
                f" where {lower.name!r} ends (below)"
            )
        elif start > lower.below:
            yield (
                f"from {lower.below} to {start} {scheme.measure} is in no segment; write below: {start} in"
                f" {lower.name!r}, or at_least: {lower.below} in {upper.name!r}"
            )
    if last.below is not None:
        yield (
            f"from {last.below} up {scheme.measure} is in no segment; take below out of {last.name!r},"
            " or add a segment for it"
        )


def _repeated_values(scheme: Scheme) -> Iterator[str]:
    listed = (value for segment in scheme.segments for value in _folded(segment.values))
    for value in _repeated(listed):
        names = [segment.name for segment in scheme.segments if value in _folded(segment.values)]
        yield f"the value {value!r} is in segments {names[0]!r} and {names[1]!r}; keep it in one"


def _unreachable(scheme: Scheme) -> Iterator[str]:
    for number, segment in enumerate(scheme.segments):
        for earlier in scheme.segments[:number]:
            if all(
                measure in segment.when and condition.contains(segment.when[measure])
                for measure, condition in earlier.when.items()
            ):
                yield (
                    f"segment {segment.name!r} is never reached: whoever fits it fits {earlier.name!r} before;"
                    f" move it above {earlier.name!r}, or narrow that one"
                )


def _folded(values: Iterable[str]) -> set[str]:
    return {value.strip().casefold() for value in values}


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
