"""Letters: one print-ready PDF per contact, in a folder per day that the printer empties. Never written twice.

    <folder>/<day>/<reference>-<contact>.pdf     to print
    <folder>/.kept/<contact>.pdf                 our copy
    <folder>/.kept/<contact>.done                where this contact's letter was laid out: it never is again

Each is written whole or not at all. Killed in between, the next try finds what is there and goes on.
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from cartera.clock import utc_now
from cartera.errors import SendError
from cartera.reminders.channels.base import AtPoint, Outcome, Outgoing, Promises, nowhere
from cartera.reminders.content import Letter


@dataclass
class LetterChannel:
    """`redirect_to`: a folder for tries, from which nobody prints."""

    folder: Path
    redirect_to: str | None = None
    name: str = "letter"

    @property
    def is_real(self) -> bool:
        return self.redirect_to is None

    @property
    def promises(self) -> Promises:
        return Promises(idempotency=dt.timedelta.max, look_up=True, delivery_reports=False)

    def send(self, message: Outgoing, at: AtPoint = nowhere) -> Outcome:
        content = message.content
        if not isinstance(content, Letter):
            return Outcome("refused", f"a letter is no {type(content).__name__}")
        if not content.pdf.startswith(b"%PDF-"):
            return Outcome("refused", "the letter is no PDF")
        contact = str(uuid.UUID(message.contact_id))
        name = f"{utc_now().date().isoformat()}/{message.reference}-{contact}.pdf"
        at("before_call")
        try:
            there = self._laid_out(contact)
            if there is None:
                self._kept.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_whole(self._kept / f"{contact}.pdf", content.pdf)
                (self._root / name).parent.mkdir(exist_ok=True, mode=0o750)
                write_whole(self._root / name, content.pdf)
            write_whole(self._kept / f"{contact}.done", (there or name).encode())
        except OSError as error:
            raise SendError(
                f"letters: {error.filename or self._root}: {error.strerror}",
                "make room, or the folder writable, and send again",
            ) from None
        at("after_call")
        return Outcome("sent", f"laid out as {there or name}", there or name)

    def _laid_out(self, contact: str) -> str | None:
        """Where this contact's letter was laid out, by this try or an earlier one that was killed after it."""
        done = self._kept / f"{contact}.done"
        if done.exists():
            return done.read_text(encoding="utf-8")
        found = sorted(self._root.glob(f"[0-9]*/*-{contact}.pdf"))
        return found[0].relative_to(self._root).as_posix() if found else None

    def look_up(self, key: str) -> bool | None:
        try:
            contact = str(uuid.UUID(key.strip("<>").partition("@")[0]))
        except ValueError:
            return None
        return self._laid_out(contact) is not None

    def erase(self, contact_id: str) -> int:
        """Take away the letter of a contact, printed or not, for good; how many files. That it was laid out stays."""
        found = [self._kept / f"{contact_id}.pdf", *self._root.glob(f"[0-9]*/*-{uuid.UUID(contact_id)}.pdf")]
        there = [path for path in found if path.exists()]
        for path in there:
            path.unlink()
        return len(there)

    @property
    def _root(self) -> Path:
        return Path(self.redirect_to) if self.redirect_to else self.folder

    @property
    def _kept(self) -> Path:
        return self._root / ".kept"

    def close(self) -> None:
        """Nothing is open."""


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk when this returns."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
