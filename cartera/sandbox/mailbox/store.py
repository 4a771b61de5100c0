"""Messages on disk: one .eml each, with its envelope in front, and an index that can always be made again."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cartera.clock import utc_now
from cartera.errors import CarteraError
from cartera.sandbox.mailbox.content import header_texts, parse

_RECEIVED, _FROM, _TO = "X-Mailbox-Received", "X-Mailbox-From", "X-Mailbox-To"
_END = b"X-Mailbox-End: -\r\n"
"""What follows was delivered: a sender's own X-Mailbox headers are not the envelope."""


@dataclass(frozen=True)
class StoredMessage:
    """`id` is ours and counts deliveries; `message_id` is the sender's: a double delivery has two ids and one of those.

    `mail_from` and `recipients` are the envelope's, not the headers'. `size` in bytes, as delivered.
    """

    id: str
    received_at: dt.datetime
    mail_from: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str
    size: int
    channel: str = "email"
    """How it would have gone out; a sender's X-Cartera-Channel says so."""


class MessageStore:
    """A folder of messages. Several processes may write to it and read it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = folder / "index.jsonl"
        self._last_number: int | None = None

    def save(self, mail_from: str, recipients: Sequence[str], content: bytes) -> StoredMessage:
        """Keep a message; it survives a power cut when this returns. Raises OSError (disk full, no rights)."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        received_at = utc_now()
        envelope = [(_RECEIVED, received_at.isoformat()), (_FROM, mail_from), *((_TO, to) for to in recipients)]
        head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in envelope)
        message = self._summary(self._write(head.encode("utf-8", "replace") + _END + content))
        self._append(message)
        return message

    def messages(self) -> list[StoredMessage]:
        """All messages, the oldest first."""
        indexed = {message.id: message for message in self._indexed()}
        return [indexed[id] if id in indexed else self._summary(id) for id in self._ids()]

    def has(self, message_id: str) -> bool:
        """Whether a message of a sender's name for it was delivered."""
        return any(message.message_id == message_id for message in self.messages())

    def remove(self, message_ids: Collection[str]) -> int:
        """Take messages away by their senders' names for them, for good; how many."""
        gone = [message.id for message in self.messages() if message.message_id in message_ids]
        for id in gone:
            self._path(id).unlink(missing_ok=True)
        if gone:
            self._index_anew(set(gone))
        return len(gone)

    def _index_anew(self, gone: Collection[str]) -> None:
        """The index without some messages. A line that another process adds meanwhile may be lost: that message is
        read itself then."""
        kept = [message for message in self._indexed() if message.id not in gone]
        part = self._index.with_suffix(".part")
        part.unlink(missing_ok=True)
        self._write_lines(part, kept)
        part.replace(self._index)

    def read(self, id: str) -> bytes:
        """The message as it was delivered, after its X-Mailbox headers. Raises CarteraError when there is none."""
        if not (id.isascii() and id.isdigit() and len(id) <= 12):
            raise _absent(id)
        try:
            return self._path(id.zfill(6)).read_bytes()
        except FileNotFoundError:
            raise _absent(id) from None

    def _write(self, content: bytes) -> str:
        """Write aside, then give it the next free number: a link never replaces another message."""
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return self._link(name)
        finally:
            os.unlink(name)

    def _link(self, name: str) -> str:
        number = self._last_number
        if number is None:
            number = max((int(id) for id in self._ids()), default=0)
        while True:
            number += 1
            with suppress(FileExistsError):
                os.link(name, self._path(f"{number:06d}"))
                self._last_number = number
                return f"{number:06d}"

    def _append(self, message: StoredMessage) -> None:
        self._write_lines(self._index, [message])

    @staticmethod
    def _write_lines(path: Path, messages: Iterable[StoredMessage]) -> None:
        with path.open("a", encoding="utf-8") as file:
            for message in messages:
                fields = asdict(message) | {"received_at": message.received_at.isoformat()}
                # a line cut short by a crash must not swallow the next one: hence the break in front
                file.write("\n" + json.dumps(fields) + "\n")

    def _indexed(self) -> Iterator[StoredMessage]:
        if not self._index.exists():
            return
        for line in self._index.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                fields = json.loads(line)
                fields["received_at"] = dt.datetime.fromisoformat(fields["received_at"])
                yield StoredMessage(**{**fields, "recipients": tuple(fields["recipients"])})
            except (ValueError, TypeError, KeyError):
                continue

    def _summary(self, id: str) -> StoredMessage:
        head, end, delivered = self.read(id).partition(_END)
        if not end:
            head, delivered = b"", head  # not stored by us
        envelope = [line.partition(": ") for line in head.decode("utf-8", "replace").split("\r\n")]
        message = parse(delivered)
        return StoredMessage(
            id=id,
            received_at=self._received_at(id, envelope),
            mail_from="".join(value for name, _, value in envelope if name == _FROM),
            recipients=tuple(value for name, _, value in envelope if name == _TO),
            message_id="".join(header_texts(message, "Message-ID")[:1]).strip(),
            subject="".join(header_texts(message, "Subject")[:1]),
            size=len(delivered),
            channel="".join(header_texts(message, "X-Cartera-Channel")[:1]).strip() or "email",
        )

    def _received_at(self, id: str, envelope: Iterable[tuple[str, str, str]]) -> dt.datetime:
        for name, _, value in envelope:
            with suppress(ValueError):
                if name == _RECEIVED:
                    return dt.datetime.fromisoformat(value)
        return dt.datetime.fromtimestamp(self._path(id).stat().st_mtime, dt.UTC)

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        names = (entry.name.removesuffix(".eml") for entry in os.scandir(self.folder) if entry.name.endswith(".eml"))
        return sorted((name for name in names if name.isascii() and name.isdigit()), key=int)

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.eml"


def _one_line(value: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in value)


def _absent(id: str) -> CarteraError:
    return CarteraError(f"there is no message {id!r} in the mailbox", "cartera mailbox list shows their ids")
