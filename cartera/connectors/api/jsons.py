"""JSON without floats: what comes from outside is read strictly, what we wrote ourselves fast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec


class BadJson(ValueError):
    """Not JSON, or JSON that two readers could understand differently."""


def parse(body: bytes) -> Any:
    """A document of another system: numbers are int or Decimal. Raises BadJson."""
    try:
        return json.loads(
            body, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object_without_repeats
        )
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _object_without_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} comes twice in an object")
    return found


_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def encode(value: Any) -> bytes:
    """One line of JSON with sorted keys, so that equal values are equal bytes. Raises BadJson: a broken surrogate."""
    try:
        return _ENCODER.encode(value)
    except (UnicodeEncodeError, TypeError) as error:
        raise BadJson(str(error)) from None


def decode(line: bytes) -> Any:
    """What `encode` wrote."""
    return _DECODER.decode(line)
