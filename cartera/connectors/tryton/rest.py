"""The same records through the REST API of 8.2, with the key of a user application in place of a password.

It only lists records: what models and fields there are is asked of `ir.model` and `ir.model.field`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

from cartera.connectors.api import Record
from cartera.connectors.tryton.client import CONTEXT, Tryton, date_of
from cartera.connectors.tryton.entities import Reading
from cartera.connectors.tryton.values import flat, plain

AT_ONCE = 50
"""Ids named in one address: servers take about four thousand characters."""


class Rest(Tryton):
    def read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], size: int | None = None, after: int = 0
    ) -> list[Record]:
        found: list[Record] = []
        for part in _parts([*domain, ["id", ">", after]]):
            params = {"d": _coded(part), "o": _coded([["id", "ASC"]]), "f": list(fields)}
            answer = self.http.get(
                f"rest/model/{model}",
                params | ({"s": str(size)} if size else {}),
                headers={"X-Tryton-Context": _coded(CONTEXT)},
            )
            self.answered_at = date_of(answer)
            found += [flat(_dotted(record, fields), fields) for record in plain(answer.json)]
        return found

    def known(self, model: str, *fields: str) -> tuple[str, ...]:
        if (model, fields) not in self._known:
            named = [["model", "=", model], ["name", "in", list(fields)]]
            has = {one["name"] for one in self.read("ir.model.field", named, ("name",))}
            self._known[model, fields] = tuple(field for field in fields if field in has)
        return self._known[model, fields]

    def has(self, reading: Reading) -> bool:
        return not reading.is_optional or bool(self.read("ir.model", [["name", "=", reading.model]], ("name",)))

    def who(self) -> str:
        return "an application of a user"

    def count(self, reading: Reading) -> int | None:
        return None


def _coded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _parts(domain: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The domain as it is, or in parts where it names too many ids at once."""
    long = next((ids for ids in _lists(domain) if len(ids) > AT_ONCE), None)
    if long is None:
        yield domain
        return
    for start in range(0, len(long), AT_ONCE):
        yield from _parts(_with(domain, long, long[start : start + AT_ONCE]))


def _lists(domain: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for clause in domain:
        if isinstance(clause, (list, tuple)):
            if len(clause) == 3 and clause[1] == "in":
                yield clause[2]
            else:
                yield from _lists(clause)


def _with(domain: Sequence[Any], long: Sequence[Any], some: Sequence[Any]) -> list[Any]:
    """Wherever it names that list, it names some of it."""
    return [
        list(some) if clause is long else _with(clause, long, some) if isinstance(clause, (list, tuple)) else clause
        for clause in domain
    ]


def _dotted(record: Record, fields: Sequence[str]) -> Record:
    """As remote calls write it: {"move": {"id": 7, "date": ...}} is "move." and, where it was asked for, "move": 7."""
    found: Record = {}
    for name, value in record.items():
        below = [path.removeprefix(f"{name}.") for path in fields if path.startswith(f"{name}.")]
        if below:
            nested = value if isinstance(value, list) else [value]
            parts = [_dotted(one, below) if one else one for one in nested]
            found[f"{name}."] = parts if isinstance(value, list) else parts[0]
        if name in fields or name == "id":
            found[name] = value["id"] if isinstance(value, dict) else value
    return found
