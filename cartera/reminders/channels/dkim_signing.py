"""DKIM (RFC 6376): the signature of a mail that we hand to strangers' servers ourselves.

The headers that unsubscribe are signed too: RFC 8058 asks for it, and mail programs show their button only then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from cartera.errors import ConfigError

SIGNED = (
    b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
    b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
TRIAL = b"From: a@example.com\r\nSubject: trial\r\n\r\ntrial\r\n"


@dataclass(frozen=True)
class Signer:
    """`private_key`: RSA in PEM, at best 2048 bits. Raises ConfigError when it can't sign."""

    domain: str
    selector: str
    private_key: str = field(repr=False)

    def __post_init__(self) -> None:
        self.signed(TRIAL)

    def signed(self, content: bytes) -> bytes:
        """The mail with its signature in front."""
        library = _library()
        try:
            header: bytes = library.sign(
                content,
                self.selector.encode(),
                self.domain.encode(),
                self.private_key.encode(),
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[name for name in SIGNED if b"\n" + name + b":" in b"\n" + content.lower()],
            )
        except (library.DKIMException, ValueError):
            # the library's words may quote the key
            raise ConfigError(
                f"the DKIM key of {self.selector}._domainkey.{self.domain} can't sign",
                "name an RSA key in PEM (openssl genrsa 2048) in email.dkim.private_key of channels.yaml",
            ) from None
        return header + content


def _library() -> Any:
    try:
        return import_module("dkim")
    except ImportError:
        raise ConfigError("signing by DKIM needs the package dkimpy", "pip install dkimpy") from None
