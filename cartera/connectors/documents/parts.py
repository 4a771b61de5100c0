"""What the formats have in common: values by path whatever the prefix, tax ids, and the one shape of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from cartera.connectors.api import Record


class BadDocument(ValueError):
    """Why a file is not the document that it looks like."""


def stamp_of(key: str, kind: str) -> str:
    """The key of the document that was issued: one of payments is several of ours."""
    return key.rpartition(":")[0] if kind == "payment" else key


def path_of(path: str) -> str:
    """`A/B` in any namespace."""
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def texts(element: Any, path: str) -> list[str]:
    """Nothing of an element that is not there."""
    if element is None:
        return []
    return [found for one in element.iterfind(path_of(path)) if (found := (one.text or "").strip())]


def text(element: Any, *paths: str) -> str | None:
    """The first that is there."""
    return next((found for path in paths for found in texts(element, path)), None)


def required(element: Any, *paths: str) -> str:
    found = text(element, *paths)
    if found is None:
        raise BadDocument(f"has no {paths[0]}")
    return found


def number(value: str | None, what: str) -> Decimal:
    try:
        found = Decimal(value or "")
        if not found.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise BadDocument(f"{what} {(value or '')[:40]!r} is no number") from None
    return found


def identity(value: str) -> str:
    """A tax id as it is compared: RUC, RFC, VAT without blanks and marks."""
    return re.sub(r"[^0-9A-Z&Ñ]", "", value.upper())


def party(name: str | None, ids: Iterable[str], email: str | None = None, country: str | None = None) -> Record:
    """A customer: known by its tax id, else by its name."""
    known = [one for one in map(identity, ids) if one]
    key = known[0] if known else f"name:{name or '-'}"
    customer = {"name": name or key, "tax_id": known[0] if known else None, "email": email, "country_code": country}
    return {
        "customer_key": key, "customer_name": name or key, "customer_tax_id": customer["tax_id"],
        "customer_email": email, "customer": customer,
    }  # fmt: skip


def instalments(total: Decimal, due: str | None, parts: list[tuple[str, Decimal]]) -> list[Record]:
    """Parts with their days. What they leave of the total is due with the last: a withholding, a detraction."""
    if not parts:
        return [{"row": "1", "due_date": due, "amount": total}] if due else []
    rest = total - sum(amount for _day, amount in parts)
    rows = [*parts, (max(day for day, _amount in parts), rest)] if rest > 0 else parts
    return [{"row": str(row), "due_date": day, "amount": amount} for row, (day, amount) in enumerate(rows, 1)]
