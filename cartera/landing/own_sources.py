"""What Cartera lands of its own, beside what people connect: no news there are no sign of anything standing still."""

from __future__ import annotations

from collections.abc import Mapping

OWN_SOURCES: Mapping[str, str] = {
    "settings": "companies.yaml",
    "desk": "what people record",
    "contacts": "Cartera's own record of messages",
}
"""The name of each as a source, which no source of the user may have, and what it is the name of."""
