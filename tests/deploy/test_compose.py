"""docker-compose.yml, read: every service is checked, limited, restarted, private and without a literal secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
NAMES = sorted(SERVICES)
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def test_the_services() -> None:
    assert set(NAMES) == {
        "airflow-api-server",
        "airflow-dag-processor",
        "airflow-init",
        "airflow-scheduler",
        "airflow-triggerer",
        "airflow-worker",
        "broker",
        "dashboard",
        "postgres",
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_service_is_checked_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    # the one that ends by itself must not be started again when it has ended well
    assert service["restart"] == ("on-failure" if name == "airflow-init" else "unless-stopped")
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


@pytest.mark.parametrize("name", NAMES)
def test_no_service_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and service.get("network_mode") is None
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", NAMES)
def test_ports_open_on_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("${CARTERA_BIND:-127.0.0.1}:"), port


def test_only_what_people_open_has_a_port() -> None:
    assert {name for name in NAMES if "ports" in SERVICES[name]} == {"airflow-api-server", "dashboard"}


SECRET = re.compile(r"password|secret|token|fernet|_key\b|_conn\b|_url\b|result_backend", re.IGNORECASE)
NO_SECRETS = {
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_secret_comes_from_a_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable) and variable not in NO_SECRETS:
            assert re.fullmatch(r"(cat )?/run/secrets/\w+", value), variable


def test_no_password_in_the_file() -> None:
    text = COMPOSE.read_text()
    assert not re.search(r"://[^/\s:]*:[^@\s$]+@", text)
    assert not re.search(r"(?i)password:\s*[^\s/{]", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_service_gets_the_secrets_it_names_and_no_other(name: str) -> None:
    service = SERVICES[name]
    given = set(service.get("secrets", []))
    assert given <= DOCUMENT["secrets"].keys()
    named = set(re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(service)))
    if name == "postgres":  # its init script reads these two
        named |= {"cartera_password", "airflow_password"}
    assert given == named


@pytest.mark.parametrize("name", OURS)
def test_our_services_share_image_home_and_database(name: str) -> None:
    service = SERVICES[name]
    assert service["image"] == "cartera:local" and service["build"] == {"context": "."}
    assert service["environment"]["CARTERA_DATABASE_URL_FILE"] == "/run/secrets/cartera_database_url"
    assert service["environment"]["CARTERA_HOME"] == "/var/lib/cartera"
    assert "home:/var/lib/cartera" in service["volumes"]
    assert "airflow-init" in service["depends_on"] or name == "airflow-init"


def test_state_lies_in_named_volumes() -> None:
    assert set(DOCUMENT["volumes"]) == {"postgres", "home"}
    assert "postgres:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]


def test_tasks_run_on_celery_workers() -> None:
    environment = SERVICES["airflow-worker"]["environment"]
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert environment == SERVICES["airflow-scheduler"]["environment"]


def test_airflows_telemetry_and_examples_are_off() -> None:
    image = (PROJECT / "Dockerfile").read_text()
    assert "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=false" in image
    assert SERVICES["airflow-scheduler"]["environment"]["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"


def make_secrets(folder: Path) -> None:
    subprocess.run([PROJECT / "docker" / "make-secrets.sh", folder], check=True, capture_output=True)


def test_secrets_are_generated_once_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "my secrets"
    make_secrets(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert {Path(secret["file"]).name for secret in DOCUMENT["secrets"].values()} <= made.keys()
    assert len(set(made.values())) == len(made) and all(len(value) >= 44 for value in made.values())
    assert made["airflow_password"] in made["airflow_database_url"]
    make_secrets(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == made


def test_two_sets_of_secrets_have_nothing_in_common(tmp_path: Path) -> None:
    make_secrets(tmp_path / "a")
    make_secrets(tmp_path / "b")
    a, b = ({path.read_text() for path in (tmp_path / name).iterdir()} for name in "ab")
    assert not a & b


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_docker_compose_resolves_the_file(tmp_path: Path) -> None:
    shutil.copy(COMPOSE, tmp_path)
    shown = subprocess.run(["docker-compose", "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    resolved = yaml.safe_load(shown.stdout)["services"]
    assert set(resolved) == set(NAMES)
    for name in ("dashboard", "airflow-api-server"):
        assert str(resolved[name]["ports"][0]).startswith("127.0.0.1:"), resolved[name]["ports"]
