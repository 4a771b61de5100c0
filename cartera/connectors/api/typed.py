"""Records of JSON as typed rows: columns at once where they are plain, value by value where they are not.

A record that can't be typed is a reject with its JSON as it came. What is seen on the way - defects by column, fields
that are new or gone - is kept, so that a system that changed its shape stops instead of filling quarantine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cartera.connectors.api import jsons
from cartera.connectors.api.system import Record, Resource, dig
from cartera.connectors.api.values import OF, WHOLE_DIGITS, BadValue, items_of, json_of
from cartera.landing.delivery import Batch, Reject
from cartera.landing.encode import arrow_type, schema
from cartera.landing.entities import Column

AT_ONCE = 8_192
"""Records typed together: as Python objects they take some kilobytes each."""


@dataclass
class Seen:
    """What the records of one table looked like."""

    records: int = 0
    defects: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (column, reason)."""
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    present: Counter[str] = field(default_factory=Counter)
    """In how many records each declared field is there."""
    unknown: set[str] = field(default_factory=set)
    forms: dict[str, str] = field(default_factory=dict)
    """How the values of each declared field come, by the first that there is: text, number..."""
    rounded: Counter[str] = field(default_factory=Counter)
    """In how many records an amount had more decimals than are kept."""
    garbled: Counter[str] = field(default_factory=Counter)
    """In how many records a text was read in another encoding than it was written in."""


class Typer:
    """Makes batches of one table's records. `company_of`: our company_id of what the system calls it."""

    def __init__(self, resource: Resource, company_of: Callable[[str | None], str | None]) -> None:
        self.resource, self.seen = resource, Seen()
        self._company_of = company_of
        entity = resource.entity
        self._schema = schema(entity)
        self._columns = entity.columns[3:]
        self._known = frozenset(column.name for column in self._columns) | {entity.key} | resource.ignored

    def batches(self, lines: Iterable[bytes], file_name: str) -> Iterable[Batch]:
        """`lines` are records in JSON; rows are numbered from 1."""
        numbered = enumerate(lines, 1)
        while chunk := list(islice(numbered, AT_ONCE)):
            yield self.batch([number for number, _line in chunk], [line for _number, line in chunk], file_name)

    def batch(self, numbers: Sequence[int], lines: Sequence[bytes], file_name: str) -> Batch:
        good = _Rows(self.resource, file_name)
        for number, line in zip(numbers, lines, strict=True):
            good.add(number, line, self._known, self._company_of)
        self.seen.records += len(numbers)
        arrays = [self._typed(column, good) for column in self._columns]
        rows = pa.table(
            [
                pa.array(good.numbers, pa.int64()),
                pa.array(good.keys, pa.string()),
                pa.array(good.companies, pa.string()),
                pa.array(good.others, pa.string()),
                *arrays,
            ],
            schema=self._schema,
        )
        rejects = [*good.rejects, *good.rejected()]
        self._note(good)
        if good.bad:
            keep = pa.array([place not in good.bad for place in range(len(good.numbers))], pa.bool_())
            rows = rows.filter(keep)
        return Batch(rows, rejects, file_name)

    def _note(self, good: _Rows) -> None:
        for defect in good.defects:
            self.seen.defects[defect.column, defect.reason_code] += 1
            self.seen.examples.setdefault((defect.column, defect.reason_code), defect.message)
        self.seen.unknown |= good.unknown

    def _typed(self, column: Column, good: _Rows) -> pa.Array:
        name = column.name
        values = [record.get(name) for record in good.records]
        present = len(values) - sum(1 for record in good.records if name not in record)
        self.seen.present[name] += present
        form = next((_FORMS[type(value)] for value in values if value is not None and value != ""), None)
        if form is not None:
            # a text may come as text here and as number there
            self.seen.forms.setdefault(name, "text" if column.type == "text" else form)
        array = _at_once(column, values)
        if array is None:
            array = self._one_by_one(column, values, good)
        self._check(column, array, good)
        if column.type == "text":
            self.seen.garbled[name] += _garbled(array)
        return array

    def _one_by_one(self, column: Column, values: Sequence[Any], good: _Rows) -> pa.Array:
        convert = OF[column.type] if not column.items else lambda value: items_of(column, value)
        typed: list[Any] = []
        for place, value in enumerate(values):
            try:
                typed.append(convert(value))
                if column.type == "amount" and value and Decimal(value) != typed[-1]:
                    self.seen.rounded[column.name] += 1
            except BadValue as error:
                typed.append(None)
                good.refuse(place, column.name, error.reason_code, f"{column.name}: {error}")
        return pa.array(typed, arrow_type(column.type))

    def _check(self, column: Column, array: pa.Array, good: _Rows) -> None:
        if column.required and array.null_count:
            self._refuse(good, column, pc.is_null(array), "missing_value", "is empty")
        if column.choices:
            known = pa.array([int(word) if column.type == "integer" else word for word in column.choices], array.type)
            wrong = pc.and_(pc.is_valid(array), pc.invert(pc.is_in(array, known)))
            self._refuse(good, column, wrong, "unknown_choice", f"is none of {', '.join(column.choices)}")
        if column.type == "amount" and not column.may_be_negative:
            self._refuse(good, column, pc.less(array, pa.scalar(0, array.type)), "negative", "is negative")

    def _refuse(self, good: _Rows, column: Column, mask: pa.Array, reason_code: str, said: str) -> None:
        for place in pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist():
            value = good.records[place].get(column.name)
            shown = "" if value is None else f" {str(value)[:60]!r}"
            good.refuse(place, column.name, reason_code, f"{column.name}{shown} {said}")


@dataclass(frozen=True)
class _Defect:
    column: str
    reason_code: str
    message: str


class _Rows:
    """The records of one batch as they are typed; `bad` are the places of those that can't be."""

    def __init__(self, resource: Resource, file_name: str) -> None:
        self._resource, self._file_name = resource, file_name
        self.numbers: list[int] = []
        self.records: list[Record] = []
        self.keys: list[str] = []
        self.companies: list[str | None] = []
        self.others: list[str | None] = []
        self.rejects: list[Reject] = []
        self.bad: dict[int, _Defect] = {}
        self.unknown: set[str] = set()
        self.defects: list[_Defect] = []
        self._lines: list[bytes] = []

    def add(
        self, number: int, line: bytes, known: frozenset[str], company_of: Callable[[str | None], str | None]
    ) -> None:
        resource = self._resource
        record = jsons.decode(line)
        key = None
        try:
            if not isinstance(record, dict):
                raise BadValue("wrong_type", "the record is no object")
            key = resource.key_of(record)
            if resource.prepare:
                record = resource.prepare(record)
            if key is None:
                raise BadValue("missing_value", f"{resource.entity.key} is empty")
            theirs = dig(record, resource.company) if resource.company else None
            company = company_of(None if theirs is None else str(theirs))
            more = {name: value for name, value in record.items() if name not in known}
            other = json_of(more) if more else None
        except BadValue as error:
            self._reject(number, line, key, _Defect(resource.entity.key, error.reason_code, str(error)))
            return
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            # the record has not the shape that `prepare` expects
            said = f"the record has another shape: {type(error).__name__} {error}"
            self._reject(number, line, key, _Defect(resource.entity.key, "wrong_shape", said))
            return
        self.numbers.append(number)
        self.records.append(record)
        self.keys.append(key)
        self.companies.append(company)
        self.others.append(other)
        self.unknown.update(more)
        self._lines.append(line)

    def refuse(self, place: int, column: str, reason_code: str, message: str) -> None:
        """The first defect of a record is the one that is told."""
        if place not in self.bad:
            self.bad[place] = _Defect(column, reason_code, message)

    def rejected(self) -> list[Reject]:
        made = []
        for place, defect in sorted(self.bad.items()):
            self.defects.append(defect)
            made.append(self._made(self.numbers[place], self._lines[place], self.keys[place], defect))
        return made

    def _reject(self, number: int, line: bytes, key: str | None, defect: _Defect) -> None:
        self.defects.append(defect)
        self.rejects.append(self._made(number, line, key, defect))

    def _made(self, number: int, line: bytes, key: str | None, defect: _Defect) -> Reject:
        entity = self._resource.entity
        record = jsons.decode(line)
        record = record if isinstance(record, dict) else {}
        return Reject(
            file_name=self._file_name,
            row_number=number,
            record_key=key,
            column_name=defect.column,
            reason_code=defect.reason_code,
            message=f"{self._file_name} record {number}: {defect.message}",
            raw_bytes=line,
            raw_format="json",
            amount=_amount(record.get(entity.amount or "")),
            currency_code=_currency(record.get(entity.currency)),
        )


def _amount(value: Any) -> Decimal | None:
    try:
        found: Decimal | None = OF["amount"](value)
    except BadValue:
        return None
    return found


def _currency(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _at_once(column: Column, values: Sequence[Any]) -> pa.Array | None:
    """The whole column when all its values are plain, else None."""
    try:
        if column.type in ("amount", "rate"):
            array = pa.array(values, arrow_type(column.type))
            return array if _fits(array) else None
        if column.type in ("integer", "boolean"):
            return pa.array(values, arrow_type(column.type))
        if column.type == "json":
            return None
        array = pa.array(values, pa.string())
        if column.type == "text":
            return None if pc.any(_is_no_text(array)).as_py() else array
        if column.type == "date":
            return array.cast(pa.date32())
        return array.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    except (pa.ArrowException, TypeError, UnicodeEncodeError, OverflowError):
        return None


_FORMS = {str: "text", int: "number", Decimal: "number", bool: "true or false", dict: "object", list: "list"}

_GARBLED = "\u00c3[\u0080-\u00bf]|\u00c2[\u0080-\u00bf]|\ufffd"
"""UTF-8 that somebody took for Latin-1, and what was no text at all."""


def _garbled(array: pa.Array) -> int:
    return pc.sum(pc.match_substring_regex(array, _GARBLED)).as_py() or 0


def _is_no_text(array: pa.Array) -> pa.Array:
    return pc.or_(pc.equal(array, ""), pc.match_substring(array, "\0"))


def _fits(array: pa.Array) -> bool:
    bounds = pc.min_max(array).as_py()
    limit = Decimal(10) ** WHOLE_DIGITS[array.type.scale]
    return bounds["min"] is None or (bounds["min"] > -limit and bounds["max"] < limit)
