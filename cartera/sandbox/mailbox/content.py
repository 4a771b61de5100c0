"""What a stored message says, read so that no message can break or trick the reader (law 10).

Python's modern e-mail policy raises all sorts of errors on malformed headers; the old one gives raw text,
which is decoded here and never fails.
"""

from __future__ import annotations

import email
import email.policy
import re
import unicodedata
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

_KEPT_CONTROLS = "\n\t"
_UNSAFE_CATEGORIES = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
MAX_SHOWN = 1_000_000


def parse(content: bytes) -> Message:
    """The message; one that nests too deep for us is read as its headers and one plain text."""
    try:
        return email.message_from_bytes(content, policy=email.policy.compat32)
    except RecursionError:
        head, _, body = content.partition(b"\r\n\r\n")
        kept = [line for line in _unfolded(head) if not line.lower().startswith(b"content-")]
        return email.message_from_bytes(b"\r\n".join(kept) + b"\r\n\r\n" + body, policy=email.policy.compat32)


def headers(message: Message) -> list[tuple[str, str]]:
    """All headers in order, decoded."""
    return [(str(name), _decoded(str(value))) for name, value in message.raw_items()]


def header_texts(message: Message, name: str) -> list[str]:
    """The values of one header, decoded, in order."""
    return [value for header, value in headers(message) if header.lower() == name.lower()]


def text_part(message: Message) -> str | None:
    """The first plain text, or None."""
    return next(_parts(message, "text/plain"), None)


def html_part(message: Message) -> str | None:
    return next(_parts(message, "text/html"), None)


def attachments(message: Message) -> list[str]:
    """The names of attached files."""
    names = (part.get_filename() for part in message.walk() if part.get_content_disposition() == "attachment")
    return [_decoded(name) if name else "(no name)" for name in names]


def attachment(message: Message, position: int) -> tuple[str, bytes] | None:
    """(media type, content) of an attached file by its position; None when there is none."""
    parts = [part for part in message.walk() if part.get_content_disposition() == "attachment"]
    payload = parts[position].get_payload(decode=True) if position < len(parts) else None
    return (parts[position].get_content_type(), payload) if isinstance(payload, bytes) else None


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey: no escape sequences, no marks that turn the writing around."""
    unix = text.replace("\r\n", "\n")
    return "".join(
        letter
        if letter in _KEPT_CONTROLS or letter in _JOINERS or unicodedata.category(letter) not in _UNSAFE_CATEGORIES
        else "\N{REPLACEMENT CHARACTER}"
        for letter in unix
    )


def _parts(message: Message, content_type: str) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_type() != content_type or part.get_content_disposition() == "attachment":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield _as_text(payload[:MAX_SHOWN], part.get_content_charset())


def _decoded(raw: str) -> str:
    """A header's text: encoded words, or raw bytes as UTF-8; unfolded."""
    text = re.sub(r"\r?\n[ \t]*", " ", raw)
    if not text.isascii():
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        words = decode_header(text)
    except HeaderParseError:
        return text
    return "".join(_as_text(word, charset) if isinstance(word, bytes) else word for word, charset in words)


def _as_text(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError, UnicodeError):
        return content.decode("latin-1")


def _unfolded(head: bytes) -> list[bytes]:
    return re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
