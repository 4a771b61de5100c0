"""`cartera connect SYSTEM` as a person or a script runs it, secrets, and quarantine of such sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import paypal_stub
from support.connected import Connected
from support.erpnext_stub import ErpNext
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.connectors.api import Setting, secrets, systems
from cartera.connectors.api import connect as connecting
from cartera.connectors.api.spec import load_source
from cartera.connectors.sources import all_sources
from cartera.db import Role, transaction
from cartera.errors import CarteraError, ConfigError, SourceError
from cartera.settings import get_settings

SECRET = "s3cr3t-of-erpnext"


@pytest.fixture
def folder(tmp_path: Path, database: str) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
        get_settings.cache_clear()
        yield tmp_path / "sources"
    get_settings.cache_clear()


def connect(*arguments: str, typed: str | None = None) -> dict[str, Any]:
    result = CliRunner().invoke(commands(), ["connect", *arguments, "--format", "json"], input=typed)
    if isinstance(result.exception, CarteraError):
        raise result.exception
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    assert SECRET not in result.output
    return document


def test_the_systems_are_listed_with_what_each_needs(folder: Path) -> None:
    systems = {row["system"]: row["needs"] for row in connect()["systems"]}
    assert systems["files"] == "the files"
    assert systems["erpnext"] == "url, api_key, api_secret (secret)"


def test_it_shows_counts_and_invoices_in_our_words_and_writes_no_secret(
    stub: ErpNext, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTERA_SOURCE_MY_ERP_API_SECRET", SECRET)
    given = ("erpnext", "--name", "my_erp", "--set", f"url={stub.url}", "--set", "api_key=key")
    dry = connect(*given, "--dry-run")
    assert not dry["written"] and not folder.exists()
    document = connect(*given)
    assert document["account"] == "logged in as reader@example.com"
    assert {row["table"]: row["rows_there"] for row in document["tables"]} == {
        "payment_entry": 0, "journal_entry": 0, "sales_invoice": 30, "customer": 1, "currency_exchange": 0,
        "company": 1,
    }  # fmt: skip
    assert document["model"] == "invoices" and len(document["rows"]) == 5
    assert len({row["invoice_id"] for row in document["rows"]}) == 5
    first = document["rows"][0]
    assert (first["invoice_id"], first["customer_code"], first["company_id"]) == ("my_erp:I00", "ANA", "acme_s_a")
    assert (Decimal(first["total_amount"]), first["currency_code"]) == (Decimal("10.10"), "PEN")
    text = (folder / "my_erp.yaml").read_text()
    assert SECRET not in text and yaml.safe_load(text)["companies"] == {"Acme S.A.": "acme_s_a"}
    assert load_source(folder / "my_erp.yaml").connection == {"url": stub.url, "api_key": "key"}
    # nothing of it is in raw
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_namespace where nspname = 'raw_erpnext'")
        assert cursor.fetchone() == (0,)
    assert connect(*given)["written"]
    (folder / "my_erp.yaml").write_text(text + "page_size: 7\n")
    with pytest.raises(ConfigError, match="is there already"):
        connect(*given, "--company", "other")
    assert connect(*given, "--yes")["written"]
    assert load_source(folder / "my_erp.yaml").page_size == 7


def test_a_gateway_that_does_not_count_is_counted_where_all_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first spans of time hold nothing: they are passed over."""
    monkeypatch.setenv("CARTERA_SOURCE_PAY_CLIENT_SECRET", paypal_stub.SECRET)
    with paypal_stub.PayPal() as stub:
        for number in range(7):
            stub.happen(f"T{number}", "T0006", "10.00")
        stub.tick(days=1)
        settings = {"url": stub.url, "client_id": paypal_stub.CLIENT, "start_date": "2025-06-01"}
        given = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        document = connect("paypal", "--name", "pay", *given)
        assert {row["table"]: row["rows_there"] for row in document["tables"]} == {
            "disputes": 0, "transactions": 7, "balances": 1
        }  # fmt: skip
        assert document["model"] == "payments" and len(document["rows"]) == 5
        for number in range(7, 99):
            stub.happen(f"T{number}", "T0006", "10.00")
        stub.tick(days=1)
        document = connect("paypal", "--name", "pay", "--yes", "--without", "disputes")
    seen = {row["table"]: (row["rows_there"], row["rows_sampled"]) for row in document["tables"]}
    assert seen == {"transactions": (None, 50), "balances": (1, 1)} and len(document["rows"]) == 5
    assert load_source(folder / "pay.yaml").without == ["disputes"]
    with pytest.raises(ConfigError, match="paypal has no table 'dispute'"):
        connect("paypal", "--name", "pay", "--without", "dispute")


def test_a_kept_secret_is_asked_for_again(stub: ErpNext, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have expired; who gives nothing keeps it. It is never shown."""
    settings = get_settings()
    secrets.store(settings, "my_erp", {"api_secret": "expired-secret"})
    asked: list[Setting] = []

    def ask(setting: Setting) -> str | None:
        asked.append(setting)
        return SECRET

    given = {"url": stub.url, "api_key": "key"}
    made = connecting.plan(
        settings, systems.get("erpnext"), name="my_erp", given=given, ask=ask, compiled=lambda model: "select 1"
    )
    assert [(one.key, one.default) for one in asked] == [("api_secret", "expired-secret")]
    assert made.asked == {"api_secret": SECRET}


def test_what_is_missing_is_named(stub: ErpNext, folder: Path) -> None:
    with pytest.raises(ConfigError, match="url, api_key, api_secret is not known.*\n.*CARTERA_SOURCE_ERPNEXT_URL"):
        connect("erpnext")
    with pytest.raises(ConfigError, match="would stay in the history"):
        connect("erpnext", "--set", f"api_secret={SECRET}")
    with pytest.raises(ConfigError, match="needs no setting 'adress'"):
        connect("erpnext", "--set", "adress=x")


def test_a_login_that_is_refused_writes_nothing(stub: ErpNext, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_SOURCE_ERPNEXT_API_SECRET", "wrong-secret")
    with pytest.raises(SourceError, match="does not accept the login") as caught:
        connect("erpnext", "--set", f"url={stub.url}", "--set", "api_key=key")
    assert "wrong-secret" not in str(caught.value) and not folder.exists()


def test_secrets_come_from_the_environment_then_the_file_then_the_scheduler(
    stub: ErpNext, erp: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = get_settings()
    assert secrets.access(erp.source, settings)["api_secret"] == SECRET
    monkeypatch.delenv("CARTERA_SOURCE_ERP_API_SECRET")
    with pytest.raises(ConfigError, match="api_secret is not known"):
        secrets.access(erp.source, settings)
    assert secrets.access(erp.source, settings, {"password": "from airflow"})["api_secret"] == "from airflow"
    path = secrets.store(settings, "erp", {"api_secret": "from the file"})
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert secrets.access(erp.source, settings, {"api_secret": "from airflow"})["api_secret"] == "from the file"
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="others than its owner may read it"):
        secrets.access(erp.source, settings)
    path.unlink()


def test_a_secret_or_a_misspelt_key_in_a_source_file_is_refused(tmp_path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "erp.yaml"
    for text, said in (
        ("connection:\n  api_secret: x\n", "erp.yaml:3: connection.api_secret: a secret does not belong here"),
        ("connection:\n  ulr: x\n", "erp.yaml:3: connection.ulr: .*did you mean url"),
        ("without: [sales_invoices]\n", "did you mean sales_invoice"),
        ("page_sice: 3\n", "did you mean page_size"),
    ):
        path.write_text("system: erpnext\n" + text)
        with pytest.raises(ConfigError, match=said):
            all_sources(get_settings())
    path.write_text("system: erpnxt\n")
    with pytest.raises(ConfigError, match="did you mean erpnext"):
        all_sources(get_settings())


def test_what_was_refused_keeps_its_json_and_is_replayed(stub: ErpNext, erp: Connected) -> None:
    stub.save("Sales Invoice", "I07", docstatus=9, note="ñandú")
    assert erp.sync()["sales_invoice"].rows_quarantined == 1
    ((raw, reason, message),) = erp.rows("select raw_bytes, reason_code, message from quarantine.records")
    record = json.loads(bytes(raw))
    assert (record["name"], record["note"], reason) == ("I07", "ñandú", "unknown_choice")
    assert "docstatus '9' is none of 0, 1, 2" in message
    again = CliRunner().invoke(commands(), ["quarantine", "replay"])
    assert again.exit_code == 1 and "1 still bad" in again.output
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(
            "update quarantine.records set raw_bytes = convert_to(replace(convert_from(raw_bytes, 'UTF8'),"
            " '\"docstatus\":9', '\"docstatus\":1'), 'UTF8')"
        )
    done = CliRunner().invoke(commands(), ["quarantine", "replay"])
    assert done.exit_code == 0 and "1 landed" in done.output
    assert erp.current("sales_invoice", "docstatus")["I07"] == (1,)


def test_a_bad_record_that_comes_again_is_in_quarantine_once(stub: ErpNext, erp: Connected) -> None:
    stub.save("Sales Invoice", "I07", docstatus=9)
    erp.sync()
    stub.save("Sales Invoice", "I08", customer_name="other")
    erp.sync()
    assert erp.rows("select record_key from quarantine.records where status = 'open'") == [("I07",)]
    stub.save("Sales Invoice", "I07", docstatus=1)
    erp.sync()
    assert erp.rows("select record_key from quarantine.records where status = 'open'") == []


def test_tables_are_read_at_the_same_time_and_some_are_left_out(stub: ErpNext, erp: Connected) -> None:
    erp.source.concurrency = 4
    erp.source.without = ["company"]
    tables = {"payment_entry", "journal_entry", "sales_invoice", "customer", "currency_exchange"}
    assert set(erp.sync()) == {*tables, "controls"}
    assert len(erp.current("sales_invoice")) == 30


def test_a_column_that_a_connector_learns_is_added_to_the_table(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("alter table raw_erpnext.customer drop column tax_id")
    stub.tick()
    stub.customer("LUZ", tax_id="20999")
    erp.sync()
    assert erp.current("customer", "tax_id")["LUZ"] == ("20999",)
