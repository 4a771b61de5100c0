"""The values of its JSON: dates and decimals are objects, related records are nested below names with a dot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cartera.connectors.api import Record

PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def plain(value: Any) -> Any:
    """Dates as ISO text, decimals as Decimal; bytes are of no use here."""
    # most values are neither: they are not worth a call
    if isinstance(value, list):
        return [plain(inner) if isinstance(inner, (dict, list)) else inner for inner in value]
    if not isinstance(value, dict):
        return value
    match value.get("__class__"):
        case None:
            return {name: plain(inner) if isinstance(inner, (dict, list)) else inner for name, inner in value.items()}
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return dt.date(value["year"], value["month"], value["day"]).isoformat()
        case "datetime":
            moment = dt.datetime(**{name: value[name] for name in PARTS}, tzinfo=dt.UTC)
            return moment.isoformat(timespec="microseconds")
        case "timedelta":
            return value["seconds"]
        case _:
            return None


def written(moment: dt.datetime) -> Mapping[str, Any]:
    """A moment as a call takes it; its clock is in UTC."""
    moment = moment.astimezone(dt.UTC)
    return {"__class__": "datetime", **{name: getattr(moment, name) for name in PARTS}}


def flat(record: Record, paths: Sequence[str] = ()) -> Record:
    """{"move.": {"id": 7, "date": ...}} as {"move_date": ...}; a list of related records keeps its objects. `paths`
    are what was asked for: below a relation that is empty there is nothing of it."""
    found: Record = {}
    for name, value in record.items():
        if not name.endswith("."):
            found[name] = value
        elif isinstance(value, list):
            found[name[:-1]] = [flat(one) for one in value]
        elif isinstance(value, dict):
            found.update({f"{name[:-1]}_{below}": one for below, one in flat(value).items() if below != "id"})
    for path in paths:
        if path.partition(".")[0] not in found:
            found.setdefault(path.replace(".", "_"), None)
    return found
