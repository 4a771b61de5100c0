"""Calendar files (RFC 5545): the few lines that appointments need, escaped and folded as it says.

Written here and not by a library: `icalendar` 7.3 turns a literal `\\N` in a text into a line break.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_OCTETS = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True)
class Appointment:
    """`starts` and `ends` are UTC. `uid` stays the same for the same appointment, so that it is never there twice."""

    uid: str
    starts: dt.datetime
    ends: dt.datetime
    summary: str
    description: str


def calendar(appointments: Iterable[Appointment], stamp: dt.datetime) -> bytes:
    """The file. `stamp`: when what it says was so."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cartera//calls//EN"]
    for each in appointments:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each.uid.translate(_ESCAPES)}",
            f"DTSTAMP:{_moment(stamp)}",
            f"DTSTART:{_moment(each.starts)}",
            f"DTEND:{_moment(each.ends)}",
            f"SUMMARY:{each.summary.translate(_ESCAPES)}",
            f"DESCRIPTION:{each.description.translate(_ESCAPES)}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> Iterator[bytes]:
    """At most 75 octets a line, none of them in the middle of a letter; what goes on begins with a blank."""
    part = b""
    for char in line:
        octets = char.encode()
        if len(part) + len(octets) > MAX_OCTETS:
            yield part
            part = b" "
        part += octets
    yield part
