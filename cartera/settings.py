"""Settings: from `CARTERA_*` in the environment, with defaults that need nothing.

Secrets are never written here; `*_file` variants read them from files (Docker secrets).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cartera.errors import ConfigError

PACKAGE_DIR = Path(__file__).resolve().parent

TELEMETRY_OFF = {
    "SCARF_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
"""Set in the environment of every process before a dependency is imported."""


class Settings(BaseSettings):
    """Where things are. `project_dir` holds code and configuration, `home` all state."""

    model_config = SettingsConfigDict(env_prefix="CARTERA_", extra="ignore", secrets_dir=None)

    project_dir: Path = PACKAGE_DIR.parent
    home: Path = Path()
    """All state: embedded server, logs, sandbox, mailbox, Data Docs. Default: `.cartera/` in the project."""
    sources_dir: Path = Path()
    """Source mappings; those of the sandbox live in `home/sources`. Default: `sources/` in the project."""
    policies_dir: Path = Path()
    channels_file: Path = Path()
    """How messages leave, and which ways are switched on. Default: `channels.yaml` in the project."""
    targets_file: Path = Path()
    """What is to be collected in a month, and what figures should be. Default: `targets.yaml` in the project;
    where there is none, the one in `home`, which `cartera demo` writes for its own company."""
    database_url: SecretStr | None = None
    """postgresql://user:password@host:port/database of a server of yours; else the embedded one is used."""
    database_url_file: Path | None = None
    database_name: str = ""
    """Another database on the same server, as each test has. Default: `cartera`, or the URL's."""
    smtp_url: SecretStr | None = None
    """smtp[s]://user:password@host:port of a real mail server; else the sandbox mailbox."""
    smtp_url_file: Path | None = None
    deliver_to_real_addresses: bool = False
    """Nothing leaves for a real address unless this is true and an SMTP server is set."""
    redirect_all_to: str = ""
    """With an SMTP server set: every message goes to this address of yours instead of to its recipient."""
    mail_from: str = "cobranzas@example.com"
    report_domains: str = ""
    """Reports are e-mailed to addresses of these domains alone, separated by commas. Empty: to any address."""
    dashboard_port: int = Field(default=0, ge=0, le=65535)
    """0: the first free port from 8501."""
    sign_in_provider: str = ""
    """The address of the OpenID provider's description: https://.../.well-known/openid-configuration. With it and the
    next three set, the dashboard shows nothing to anybody who has not signed in."""
    sign_in_client_id: str = ""
    sign_in_client_secret: SecretStr | None = None
    sign_in_client_secret_file: Path | None = None
    sign_in_address: str = ""
    """The dashboard's own address as people open it: https://cartera.example.com."""
    sign_in_hours: int = Field(default=12, gt=0)
    """After so many hours a person signs in again."""
    sign_in_contact: str = ""
    """Whom somebody who may not see anything should ask: a name, an address."""
    stale_after_hours: int = Field(default=36, gt=0)
    """The dashboard warns when the last publication, or its as-of date, is older than this."""

    @model_validator(mode="after")
    def _fill(self) -> Settings:
        for name, default in (
            ("home", self.project_dir / ".cartera"),
            ("sources_dir", self.project_dir / "sources"),
            ("policies_dir", self.project_dir / "policies"),
            ("channels_file", self.project_dir / "channels.yaml"),
            ("targets_file", self.project_dir / "targets.yaml"),
        ):
            given: Path = getattr(self, name)
            setattr(self, name, (default if given == Path() else given).expanduser().absolute())
        if self.targets_file == self.project_dir.absolute() / "targets.yaml" and not self.targets_file.exists():
            self.targets_file = self.home / "targets.yaml"
        for name in ("database_url", "smtp_url", "sign_in_client_secret"):
            path: Path | None = getattr(self, f"{name}_file")
            if path is not None and getattr(self, name) is None:
                try:
                    setattr(self, name, SecretStr(path.read_text().strip()))
                except OSError as error:
                    raise ConfigError(
                        f"CARTERA_{name.upper()}_FILE: {path}: {error.strerror}",
                        "name a readable file that holds that alone",
                    ) from None
        return self

    @property
    def dbt_dir(self) -> Path:
        return self.project_dir / "dbt_project"

    @property
    def expectations_dir(self) -> Path:
        return self.project_dir / "expectations"

    @property
    def log_dir(self) -> Path:
        return self.home / "logs"


@cache
def get_settings() -> Settings:
    """The settings of this process. Raises ConfigError naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "CARTERA_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{variable}: {first['msg']}", "correct or unset the environment variable") from None
