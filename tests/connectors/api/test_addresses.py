"""Where people open a document in its own system: each system's address, and never more than an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartera.connectors.api import secrets, systems
from cartera.connectors.api.spec import load_source
from cartera.settings import Settings
from cartera.source_documents import Place, place_of

CONNECTIONS = {
    "odoo": {"url": "https://acme.odoo.com/", "database": "acme"},
    "tryton": {"url": "https://tryton.acme.pe", "database": "acme"},
    "erpnext": {"url": "https://erp.acme.pe"},
    "xero": {"short_code": "!NLglS"},
    "quickbooks": {"realm_id": "9130"},
    "stripe": {},
    "netsuite": {"account": "1234567_SB1"},
    "businesscentral": {"tenant": "acme.pe", "environment": "Production", "company": "CRONUS Perú S.A."},
}
INVOICES = {
    "odoo": "https://acme.odoo.com/mail/view?model=account.move&res_id=",
    "tryton": "https://tryton.acme.pe/#acme/model/account.invoice/",
    "erpnext": "https://erp.acme.pe/app/sales-invoice/",
    "xero": "https://go.xero.com/organisationlogin/default.aspx?shortcode=!NLglS"
    "&redirecturl=/AccountsReceivable/View.aspx?InvoiceID=",
    "quickbooks": "https://app.qbo.intuit.com/app/invoice?txnId=",
    "stripe": "https://dashboard.stripe.com/invoices/",
    "netsuite": "https://1234567-sb1.app.netsuite.com/app/accounting/transactions/transaction.nl?id=",
    "businesscentral": "https://businesscentral.dynamics.com/acme.pe/Production/?company=CRONUS%20Per%C3%BA%20S.A."
    "&page=25&filter=%27Entry%20No.%27%20IS%20%27",
}
AFTER = {"quickbooks": "&companyId=9130", "businesscentral": "%27"}
QUICKBOOKS = "https://app.qbo.intuit.com/app"
HOSTILE = "1/../2?x=y&z#\"'<b> javascript\n@évil"
QUOTED = "1%2F..%2F2%3Fx%3Dy%26z%23%22%27%3Cb%3E%20javascript%0A%40%C3%A9vil"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(project_dir=tmp_path, home=tmp_path / "home")


def connected(settings: Settings, system: str, **connection: str) -> None:
    settings.sources_dir.mkdir(exist_ok=True)
    lines = "".join(f"  {key}: {value!r}\n" for key, value in (CONNECTIONS[system] | connection).items())
    text = f"system: {system}\n" + (f"connection:\n{lines}" if lines else "")
    (settings.sources_dir / "erp.yaml").write_text(text, encoding="utf-8")


def address(
    settings: Settings, document: str, entity: str = "invoices", record: str | None = None, number: str | None = None
) -> str | None:
    key = record or (document if entity == "invoices" else None)
    place = place_of(settings, "erp", entity, f"erp:{document}", key, number)
    return place and place.address


@pytest.mark.parametrize("system", CONNECTIONS)
def test_an_invoice_has_its_address_whatever_its_id(settings: Settings, system: str) -> None:
    connected(settings, system)
    before, after = INVOICES[system], AFTER.get(system, "")
    assert place_of(settings, "erp", "invoices", "erp:17", "17") == Place(
        systems.get(system).title, f"{before}17{after}"
    )
    quoted = QUOTED.replace("%27", "%27%27") if system == "businesscentral" else QUOTED
    assert address(settings, HOSTILE) == f"{before}{quoted}{after}"


def test_systems_that_promise_no_address_have_none() -> None:
    assert {system.name for system in systems.everything() if system.address_of} == CONNECTIONS.keys()


@pytest.mark.parametrize(
    ("system", "entity", "document", "record", "expected"),
    [
        ("odoo", "credit_notes", "5", None, "https://acme.odoo.com/mail/view?model=account.move&res_id=5"),
        ("odoo", "payments", "5", None, None),
        ("odoo", "invoices", "line:5", "5", None),
        ("tryton", "payments", "5:usd", None, "https://tryton.acme.pe/#acme/model/account.move.line/5"),
        ("tryton", "credit_notes", "line:5", None, "https://tryton.acme.pe/#acme/model/account.move.line/5"),
        ("erpnext", "invoices", "JV-1/a1b2", "JV-1", "https://erp.acme.pe/app/journal-entry/JV-1"),
        ("erpnext", "invoices", "INV/26/1", "INV/26/1", "https://erp.acme.pe/app/sales-invoice/INV%2F26%2F1"),
        ("erpnext", "payments", "PAY-1", None, "https://erp.acme.pe/app/payment-entry/PAY-1"),
        ("erpnext", "payments", "JV-1/a1b2", None, None),
        ("erpnext", "payments", "INV-1:counter", None, None),
        ("quickbooks", "invoices", "JournalEntry:5:9", "5", f"{QUICKBOOKS}/journal?txnId=5&companyId=9130"),
        ("quickbooks", "payments", "JournalEntry:5:9", None, f"{QUICKBOOKS}/journal?txnId=5&companyId=9130"),
        ("quickbooks", "payments", "5", None, f"{QUICKBOOKS}/recvpayment?txnId=5&companyId=9130"),
        ("quickbooks", "credit_notes", "5", None, f"{QUICKBOOKS}/creditmemo?txnId=5&companyId=9130"),
        ("quickbooks", "payments", "Deposit:5:9", None, None),
        ("xero", "payments", "5", None, None),
        (
            "xero",
            "credit_notes",
            "5",
            None,
            "https://go.xero.com/organisationlogin/default.aspx?shortcode=!NLglS"
            "&redirecturl=/AccountsPayable/ViewCreditNote.aspx?creditNoteID=5",
        ),
        ("stripe", "payments", "5", None, None),
        ("stripe", "credit_notes", "cn_5", None, None),
    ],
)
def test_other_documents_have_the_address_of_what_they_are_or_none(
    settings: Settings, system: str, entity: str, document: str, record: str | None, expected: str | None
) -> None:
    connected(settings, system)
    assert address(settings, document, entity, record) == expected


@pytest.mark.parametrize(
    ("number", "page"),
    [
        ("pi_1/../x", "payments/pi_1%2F..%2Fx"),
        ("ch_1", "payments/ch_1"),
        ("py_1", "payments/py_1"),
        ("pr_1", None),
        ("F001-17", None),
        (None, None),
    ],
)
def test_a_payment_of_stripe_is_opened_by_what_paid_it(
    settings: Settings, number: str | None, page: str | None
) -> None:
    connected(settings, "stripe")
    found = address(settings, "inpay_1", "payments", number=number)
    assert found == (page and f"https://dashboard.stripe.com/{page}")


@pytest.mark.parametrize(("key", "mode"), [("rk_live_1", ""), ("sk_test_1", "test/"), ("rk_test_1", "test/")])
def test_a_key_for_tests_leads_to_made_up_data(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, key: str, mode: str
) -> None:
    connected(settings, "stripe", account="acct_1")
    assert address(settings, "in_1") == "https://dashboard.stripe.com/acct_1/invoices/in_1", "no key is here"
    monkeypatch.setenv("CARTERA_SOURCE_ERP_API_KEY", key)
    assert address(settings, "in_1") == f"https://dashboard.stripe.com/acct_1/{mode}invoices/in_1"
    monkeypatch.delenv("CARTERA_SOURCE_ERP_API_KEY")
    path = secrets.store(settings, "erp", {"api_key": key})
    assert address(settings, "in_1") == f"https://dashboard.stripe.com/acct_1/{mode}invoices/in_1"
    path.chmod(0o644)
    assert address(settings, "in_1") == "https://dashboard.stripe.com/acct_1/invoices/in_1", "not read then"


def test_an_account_of_its_own_stands_in_the_address(settings: Settings) -> None:
    connected(settings, "stripe", account="acct_1")
    assert address(settings, "in_1") == "https://dashboard.stripe.com/acct_1/invoices/in_1"


@pytest.mark.parametrize(
    ("system", "connection"),
    [
        ("xero", {"short_code": ""}),
        ("quickbooks", {"url": "https://sandbox-quickbooks.api.intuit.com"}),
        ("stripe", {"url": "https://stripe.proxy.acme.pe"}),
        ("netsuite", {"url": "https://netsuite.proxy.acme.pe"}),
        ("businesscentral", {"url": "https://bc.proxy.acme.pe"}),
        ("odoo", {"url": "https://ana:secret@acme.odoo.com"}),
        ("odoo", {"url": "https://[acme"}),
    ],
)
def test_where_the_page_is_not_known_or_would_show_a_login_there_is_none(
    settings: Settings, system: str, connection: dict[str, str]
) -> None:
    connected(settings, system, **connection)
    assert address(settings, "1") is None


def test_no_secret_can_get_into_an_address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(settings, "odoo")
    monkeypatch.setenv("CARTERA_SOURCE_ERP_API_KEY", "s3cr3t")
    monkeypatch.setenv("CARTERA_SOURCE_ERP_URL", "https://new.odoo.com")
    given = secrets.open_values(load_source(settings.sources_dir / "erp.yaml"))
    assert given == {"url": "https://new.odoo.com", "database": "acme", "protocol": "auto"}
    assert address(settings, "1") == "https://new.odoo.com/mail/view?model=account.move&res_id=1"


def test_a_source_that_is_gone_or_broken_has_none(settings: Settings) -> None:
    assert address(settings, "1") is None
    connected(settings, "erpnext", nonsense="1")
    assert address(settings, "1") is None
    connected(settings, "erpnext")
    assert address(settings, "1") is not None
    (settings.sources_dir / "erp.yaml").write_text("system: erpnext\n")
    assert address(settings, "1") is None
