"""A plain reader of calendar files, to look at what was written: unfolds, parts and unescapes."""

from __future__ import annotations

import re


def events(content: bytes) -> list[dict[str, str]]:
    """The events, each name to its text. Anything but one calendar of flat events is an error."""
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    found: list[dict[str, str]] = []
    is_open = False
    for line in lines[1:-2]:
        assert "\n" not in line and "\r" not in line
        name, _, value = line.partition(":")
        if name == "BEGIN":
            assert value == "VEVENT" and not is_open
            found.append({})
            is_open = True
        elif name == "END":
            assert value == "VEVENT" and is_open
            is_open = False
        elif is_open:
            assert name not in found[-1]
            found[-1][name] = re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
    return found
