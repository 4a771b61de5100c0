"""How Airflow is set here: by environment variables only, so that no airflow.cfg can contradict them."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from cartera.db.files import plain_os_errors, write_private
from cartera.errors import ConfigError
from cartera.settings import TELEMETRY_OFF, Settings

ADMIN = "admin"


def airflow_home(settings: Settings) -> Path:
    return settings.home / "airflow"


def log_folder(settings: Settings) -> Path:
    return settings.log_dir / "airflow"


def password_file(settings: Settings) -> Path:
    """JSON, user name to password; readable by its owner only."""
    return airflow_home(settings) / "passwords.json"


def parallelism(cores: int | None = None) -> int:
    """Tasks at once: one per core, from 2 to 4. Airflow's own default of 32 would take 6 GB."""
    return max(2, min(4, cores or os.cpu_count() or 2))


def environment(settings: Settings, port: int, database_url: str) -> dict[str, str]:
    """The whole environment of Airflow's processes; makes its folder and secrets at first use.

    `database_url`: SQLAlchemy URL with password. Raises DatabaseError (folder), ConfigError (secrets).
    """
    home = airflow_home(settings)
    with plain_os_errors("make Airflow's folder", home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_folder(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
        # without it Airflow writes one of 3,000 lines, with secrets of its own
        (home / "airflow.cfg").write_text("# settings are environment variables: cartera/scheduler/environment.py\n")
    return {
        **_inherited(),
        **TELEMETRY_OFF,
        **_secrets(settings),
        **_airflow(settings, port),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url,
        "AIRFLOW_HOME": str(home),
        "CARTERA_HOME": str(settings.home),
        "CARTERA_PROJECT_DIR": str(settings.project_dir),
        "CARTERA_SOURCES_DIR": str(settings.sources_dir),
        "CARTERA_POLICIES_DIR": str(settings.policies_dir),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(settings.project_dir), os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join(filter(None, ["127.0.0.1", os.environ.get("NO_PROXY")])),
        "no_proxy": ",".join(filter(None, ["127.0.0.1", os.environ.get("no_proxy")])),
    }


def _inherited() -> dict[str, str]:
    """This process's environment without any Airflow setting: another Airflow's must not leak in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}


def _airflow(settings: Settings, port: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}"
    bundle = {
        "name": "cartera",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(settings.project_dir / "dags")},
    }
    at_once = str(parallelism())
    return {
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",  # or assets would not flow
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_dir / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": at_once,
        "AIRFLOW__CORE__PARALLELISM": at_once,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file(settings)),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "3",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(log_folder(settings)),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(log_folder(settings) / "dag_processor"),
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        # after a kill, what was running is taken up again within a minute or two, not five
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",  # a busy machine, or an api-server started again
    }


def _secrets(settings: Settings) -> dict[str, str]:
    """Keys generated once, in files readable by their owner only."""
    keys = _kept(
        airflow_home(settings) / "secrets.json",
        {
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        },
    )
    _kept(password_file(settings), {ADMIN: secrets.token_urlsafe(15)})
    return keys


def _kept(path: Path, fresh: dict[str, str]) -> dict[str, str]:
    """What the file holds; where it has no value for a name of `fresh`, the fresh one, then stored."""
    try:
        held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        kept = {name: str(held.get(name) or value) for name, value in fresh.items()}
    except (OSError, ValueError, AttributeError):
        raise ConfigError(f"{path} is not readable as JSON", "remove it: a new one is made") from None
    if kept != held:
        with plain_os_errors("write Airflow's secrets", path.parent):
            write_private(path, json.dumps(kept, indent=2) + "\n")
    return kept
