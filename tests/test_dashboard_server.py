"""The dashboard as a program: found port, this machine alone, recorded, Data Docs kept harmless."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import shutil
import socket
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from cartera import dashboard, services
from cartera.errors import ConfigError
from cartera.settings import get_settings


def _get(url: str) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), ""


def test_two_dashboards_find_ports_listen_here_alone_and_are_ended(database: str) -> None:
    first, first_url = dashboard.start_dashboard(get_settings())
    second, second_url = dashboard.start_dashboard(get_settings())
    try:
        assert first_url != second_url
        listening = psutil.Process(first.pid).net_connections("tcp")
        assert {c.laddr.ip for c in listening if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        assert {s.address for s in services.running()} >= {first_url, second_url}
        assert dashboard.running() is not None
    finally:
        for service in services.running():
            if service.name.startswith("dashboard"):
                services.stop(service)
    assert first.wait(10) is not None and second.wait(10) is not None
    assert dashboard.running() is None


def test_a_taken_port_that_was_asked_for_is_said(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not dashboard.is_free(port)
        with pytest.raises(ConfigError, match=rf"port {port} is taken") as error:
            dashboard.start_dashboard(get_settings(), port=port)
    assert "--port" in error.value.mend


def test_a_dashboard_that_cannot_start_says_where_to_read_why(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CARTERA_PROJECT_DIR", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(dashboard.DashboardError, match="did not start") as error:
        dashboard.start_dashboard(get_settings())
    assert "dashboard-server.log" in error.value.mend


def test_data_docs_are_served_but_may_do_nothing(database: str, home: Path) -> None:
    shutil.rmtree(home / "data_docs", ignore_errors=True)  # what other tests wrote
    process, url = dashboard.start_dashboard(get_settings())
    try:
        assert _get(f"{url}/data-docs/index.html")[0] == 404
        (home / "data_docs").mkdir(exist_ok=True)
        (home / "data_docs" / "index.html").write_text("<head></head><h1>Docs</h1>", encoding="utf-8")
        status, headers, text = _get(f"{url}/data-docs/index.html")
        assert status == 200 and "<h1>Docs</h1>" in text and "<style>" in text
        policy = {name.lower(): value for name, value in headers.items()}["content-security-policy"]
        assert "default-src 'self'" in policy and "sandbox" in policy and "allow-same-origin" not in policy
        for path in ("../credentials.json", "%2e%2e/credentials.json", "..%2fcredentials.json"):
            assert _get(f"{url}/data-docs/{path}")[0] in (400, 403, 404)
    finally:
        dashboard.end(process)
        (home / "data_docs" / "index.html").unlink()


def test_it_is_told_to_phone_nobody(database: str) -> None:
    process, _ = dashboard.start_dashboard(get_settings())
    try:
        told = psutil.Process(process.pid).environ()
        assert told["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"
        assert os.environ["CARTERA_DATABASE_NAME"] == told["CARTERA_DATABASE_NAME"]
    finally:
        dashboard.end(process)


def _ask(url: str, **headers: str) -> http.client.HTTPResponse:
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10)


def test_streamlit_files_come_from_memory_compressed_and_are_the_same(database: str) -> None:
    process, url = dashboard.start_dashboard(get_settings())
    try:
        names = re.findall(r'"\./(static/[^"]+\.(?:js|css))"', _get(url)[2])
        assert {name.rpartition(".")[2] for name in names} == {"js", "css"}
        for name in (*names, *names):
            plain, packed = _ask(f"{url}/{name}"), _ask(f"{url}/{name}", **{"Accept-Encoding": "gzip"})
            assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
            content = plain.read()
            sent = packed.read()
            unpacked = gzip.decompress(sent)
            assert unpacked.startswith(content) and len(sent) < 0.7 * len(content) + 100
            # the first script goes on to fetch what the first page has no use for
            assert (b"PlotlyChart" in unpacked[len(content) :]) == (name == names[0]) == (unpacked != content)
            for header in ("Cache-Control", "Content-Type"):
                assert packed.headers[header].split(";")[0] == plain.headers[header].split(";")[0]
        part = _ask(f"{url}/{names[0]}", **{"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
        assert (part.status, len(part.read())) == (206, 10)
        # nothing else is opened by name
        assert _get(f"{url}/static/js/..%2F..%2F..%2F__init__.py")[0] == 400
    finally:
        dashboard.end(process)
