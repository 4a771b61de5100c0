"""What settles what, where a system only says how much a payment or an entry uses of each document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

Owed = TypeVar("Owed")
Credit = TypeVar("Credit")


def spread(
    owed: Mapping[Owed, Decimal], credit: Mapping[Credit, Decimal]
) -> Iterator[tuple[Owed | None, Credit | None, Decimal]]:
    """The credits are used up first, in the order of both: (debt, credit, amount); no credit: by money, no debt: what
    is left of the credit went elsewhere."""
    left = dict(credit)
    for debt, amount in owed.items():
        rest = amount
        for one in left:
            if part := min(rest, left[one]):
                rest, left[one] = rest - part, left[one] - part
                yield debt, one, part
        if rest:
            yield debt, None, rest
    for one, rest in left.items():
        if rest:
            yield None, one, rest
