"""What a channel sends: one message, finished. Everything in it is text or bytes; nothing is computed after."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attachment:
    """A file that goes with an e-mail. `media_type`: e.g. application/pdf."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Rendered:
    """An e-mail: the subject is one line, the bodies say the same."""

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class ShortText:
    """An SMS, or what a machine's voice says."""

    text: str


@dataclass(frozen=True)
class TemplateMessage:
    """A WhatsApp message: a template that its provider has approved, and what fills it, in order."""

    name: str
    language: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A letter, ready to print. `lines`: the address, as it stands in the envelope's window."""

    pdf: bytes
    lines: tuple[str, ...]


@dataclass(frozen=True)
class CallTask:
    """A call for a person. `summary`: one line for a list; `script`: what to have at hand."""

    summary: str
    script: str


Content = Rendered | ShortText | TemplateMessage | Letter | CallTask
