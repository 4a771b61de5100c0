"""`channels.yaml`: which way each channel goes, and whether it is switched on. Secrets are named here, never written.

A channel that is not here, or not switched on, reaches nobody.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cartera.errors import ConfigError
from cartera.settings import Settings
from cartera.yaml_config import load_yaml_model

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,99}")
SECRETS = "a secret is never written here: write {env: NAME_OF_A_VARIABLE} or {file: PATH}"

Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Mail = Annotated[str, Field(max_length=254, pattern=r"^[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Secret(Strict):
    """Where a secret is: a variable of the environment, or a file that holds it alone."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """What is wrong is said without what was found: it may be the secret."""
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in ("env", "file"):
            raise ValueError(SECRETS)
        (name,) = value.values()
        if not isinstance(name, str) or "env" in value and not VARIABLE.fullmatch(name):
            raise ValueError(SECRETS)
        return value

    def read(self) -> str:
        """The secret itself. Raises ConfigError naming where it should be."""
        if self.env:
            value = os.environ.get(self.env, "")
            where = f"the environment variable {self.env}"
        else:
            assert self.file is not None
            where = str(self.file)
            try:
                value = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                value = ""
        if not value:
            raise ConfigError(f"{where} holds no secret, and channels.yaml names it", "set it, or correct the name")
        return value


class Way(Strict):
    """`test_to`: test mode, everything of this channel goes there instead of to its recipient."""

    switched_on: bool = Field(default=False, strict=True)


class Dkim(Strict):
    domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")]
    selector: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    private_key: Secret


class Bounces(Strict):
    """Where bounced mail comes back to: an IMAP mailbox, or a folder (a maildir, or one of .eml files)."""

    imap: Secret | None = None
    """imaps://user:password@host, as a whole a secret."""
    mailbox: str = "INBOX"
    folder: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> Bounces:
        if (self.imap is None) == (self.folder is None):
            raise ValueError("bounces: write either imap or folder")
        return self


class Smtp(Way):
    provider: Literal["smtp"] = "smtp"
    server: Secret | None = None
    """smtps://user:password@host:465. Default: the setting CARTERA_SMTP_URL."""
    sender: Mail | None = Field(default=None, alias="from")
    """Default: the setting CARTERA_MAIL_FROM."""
    return_path: Mail | None = None
    """The envelope's sender, where bounces go. Default: the sender."""
    ca_file: Path | None = None
    """Of a server whose certificate is signed by an authority of yours."""
    test_to: Mail | None = None
    dkim: Dkim | None = None
    bounces: Bounces | None = None


class Twilio(Way):
    provider: Literal["twilio"]
    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Secret
    sender: Annotated[str, Field(alias="from", pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$")]
    sender_is_ours: bool = Field(default=False, strict=True)
    """Nobody but Cartera sends by it: a message that Twilio lists is told apart without a reference in its text."""
    test_to: Number | None = None
    api: str = "https://api.twilio.com"


class TwilioWhatsApp(Twilio):
    templates: dict[str, dict[str, Annotated[str, Field(pattern=r"^HX[0-9a-fA-F]{32}$")]]] = {}
    """Template -> language -> the ContentSid of what was approved."""


class Meta(Way):
    provider: Literal["meta"]
    phone_number_id: Annotated[str, Field(pattern=r"^[0-9]+$")]
    business_account_id: Annotated[str, Field(pattern=r"^[0-9]+$")]
    access_token: Secret
    app_secret: Secret | None = None
    """Signs what Meta reports to `cartera reminders receive`."""
    verify_token: Secret | None = None
    languages: dict[str, str] = {}
    test_to: Number | None = None
    api: str = "https://graph.facebook.com/v23.0"


class Letters(Way):
    provider: Literal["folder"] = "folder"
    folder: Path
    test_to: Path | None = None


class Calls(Way):
    provider: Literal["tasks"] = "tasks"
    test_to: str | None = None


class Webhook(Way):
    provider: Literal["webhook"]
    url: str
    secret: Secret
    keeps_keys_hours: int | None = Field(default=None, ge=1, le=24 * 3650, strict=True)
    look_up_url: str | None = None
    test_to: str | None = None


class Firebase(Way):
    provider: Literal["firebase"]
    project_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,29}$")]
    client_email: Mail
    private_key: Secret
    test_to: str | None = None
    api: str = "https://fcm.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"


class Receive(Strict):
    """`public_url`: the address by which providers and mail programs reach `cartera reminders receive`."""

    public_url: str
    port: int = Field(default=8588, ge=1, le=65535, strict=True)
    secret: Secret
    """Signs the links to unsubscribe, and what a generic webhook reports."""

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not parts.hostname or parts.query or not (parts.scheme == "https" or parts.scheme == "http" and loopback):
            raise ValueError("public_url is an address such as https://avisos.empresa.pe")
        return value.rstrip("/")


WhatsApp = Annotated[TwilioWhatsApp | Meta, Field(discriminator="provider")]
Push = Annotated[Webhook | Firebase, Field(discriminator="provider")]
AnyWay = Smtp | Twilio | TwilioWhatsApp | Meta | Letters | Calls | Webhook | Firebase


class Channels(Strict):
    """The whole file."""

    receive: Receive | None = None
    email: Smtp | None = None
    sms: Twilio | None = None
    whatsapp: WhatsApp | None = None
    voice: Twilio | None = None
    letter: Letters | None = None
    call: Calls | None = None
    push: Push | None = None

    def way(self, name: str) -> AnyWay | None:
        found: AnyWay | None = getattr(self, name)
        return found


def load_channels(settings: Settings) -> Channels:
    """What the file says; nothing when there is none. Raises ConfigError with file and line."""
    path = settings.channels_file
    return load_yaml_model(path, Channels) if path.exists() else Channels()
