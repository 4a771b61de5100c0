"""sources/links.yaml and payments_from: what they mean, and what is said of mistakes, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartera.connectors.companies import load_companies
from cartera.connectors.companies.delivery import invoice_book_records, payment_book_records
from cartera.connectors.files.spec import source_paths
from cartera.connectors.links.records import INVOICE_LINK_RULES, LINK_RULES, records
from cartera.connectors.links.spec import check_sources, load_link_rules
from cartera.connectors.sources import all_sources
from cartera.errors import ConfigError
from cartera.settings import get_settings


def written(folder: Path, text: str, name: str = "links.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


FULL = """\
rules: [email, code]
link:
  - {customer: "pay:cus_9", master: "erp:C-42"}
never:
  - {customer: "pay:cus_7", master: "erp:C-1"}
  - {customer: "pay:cus_7", master: "erp:C-2"}
invoices:
  rules: [number]
  link:
    - {invoice: "pay:in_9", master: "erp:I-42"}
"""


def test_records(tmp_path: Path) -> None:
    assert list(records(LINK_RULES, load_link_rules(written(tmp_path, FULL)))) == [
        {"link_rule_id": "rule:email", "kind": "rule", "position": 1, "rule": "email"},
        {"link_rule_id": "rule:code", "kind": "rule", "position": 2, "rule": "code"},
        {"link_rule_id": 'link:["pay:cus_9", "erp:C-42"]', "kind": "link", "customer_id": "pay:cus_9",
         "master_customer_id": "erp:C-42"},
        {"link_rule_id": 'never:["pay:cus_7", "erp:C-1"]', "kind": "never", "customer_id": "pay:cus_7",
         "master_customer_id": "erp:C-1"},
        {"link_rule_id": 'never:["pay:cus_7", "erp:C-2"]', "kind": "never", "customer_id": "pay:cus_7",
         "master_customer_id": "erp:C-2"},
    ]  # fmt: skip


def test_records_of_invoices(tmp_path: Path) -> None:
    assert list(records(INVOICE_LINK_RULES, load_link_rules(written(tmp_path, FULL)).invoices)) == [
        {"invoice_link_rule_id": "rule:number", "kind": "rule", "position": 1, "rule": "number"},
        {"invoice_link_rule_id": 'link:["pay:in_9", "erp:I-42"]', "kind": "link", "invoice_id": "pay:in_9",
         "master_invoice_id": "erp:I-42"},
    ]  # fmt: skip
    usual = load_link_rules(tmp_path / "none.yaml").invoices
    assert [record["rule"] for record in records(INVOICE_LINK_RULES, usual)] == ["reference", "number"]


def test_without_a_file_the_usual_rules_hold(tmp_path: Path) -> None:
    assert [record["rule"] for record in records(LINK_RULES, load_link_rules(tmp_path / "links.yaml"))] == [
        "tax_id", "email", "reference",
    ]  # fmt: skip
    assert list(records(LINK_RULES, load_link_rules(written(tmp_path, "rules: []")))) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [taxid]", "links.yaml:1: rules.0: 'taxid' is not possible; did you mean tax_id?"),
        ("rules: [email, email]", "links.yaml:1: rules: 'email' is written twice"),
        ("links: []", "links.yaml:1: links: there is no such key; did you mean link?"),
        ("link:\n  - {customer: cus_9, master: 'erp:C-1'}", "links.yaml:2: link.0.customer: "),
        ("link:\n  - {customer: 'a:1', master: 'a:1'}", "links.yaml:2: link: 'a:1' can't be linked to itself"),
        ("link:\n  - {customer: 'a:1', master: 'b:1'}\n  - {customer: 'a:1', master: 'b:2'}",
         "links.yaml:3: link: 'a:1' is linked twice"),
        ("link:\n  - {customer: 'a:1', master: 'b:1'}\n  - {customer: 'b:1', master: 'c:1'}",
         "links.yaml:3: link: 'b:1' is the master of another one"),
        ("link:\n  - {customer: 'a:1', master: 'b:1'}\nnever:\n  - {customer: 'a:1', master: 'b:1'}",
         "links.yaml:2: link: 'a:1' stands under link and under never"),
        ("invoices:\n  rules: [amount]", "links.yaml:2: invoices.rules.0: 'amount' is not possible"),
        ("invoices:\n  link:\n    - {invoice: 'a:1', master: 'a:1'}",
         "links.yaml:3: invoices.link: 'a:1' can't be linked to itself"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_link_rules(written(tmp_path, text))
    assert said in caught.value.problem and caught.value.mend


def test_a_source_that_is_not_connected(tmp_path: Path) -> None:
    path = written(tmp_path, FULL)
    with pytest.raises(ConfigError, match=r"links\.yaml:3: link: 'pay:cus_9': there is no source 'pay'; did you mean"):
        check_sources(path, load_link_rules(path), ["pays", "erp"])
    check_sources(path, load_link_rules(path), ["pay", "erp"])
    path = written(tmp_path, "invoices:\n  never:\n    - {invoice: 'pay:in_1', master: 'erb:I-1'}\n")
    with pytest.raises(ConfigError, match=r"links\.yaml:3: invoices\.never: 'erb:I-1': there is no source 'erb'"):
        check_sources(path, load_link_rules(path), ["pay", "erp"])


def test_the_file_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, FULL)
    erp = written(tmp_path, "system: files", "erp.yaml")
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path))
    get_settings.cache_clear()
    assert [path for path in source_paths(get_settings()) if path.parent == tmp_path] == [erp]
    written(tmp_path, "system: files", "links.yml")
    with pytest.raises(ConfigError, match="links is the name of the file with the rules"):
        all_sources(get_settings())
    get_settings.cache_clear()


def test_payments_from(tmp_path: Path) -> None:
    path = written(tmp_path, "companies:\n  acme: {payments_from: [pay, bank]}\n  beta: {}\n", "companies.yaml")
    assert payment_book_records(load_companies(path)) == [
        {"book_id": "acme|pay", "company_id": "acme", "counted_source": "pay"},
        {"book_id": "acme|bank", "company_id": "acme", "counted_source": "bank"},
    ]
    path = written(tmp_path, "companies:\n  acme: {invoices_from: [erp, pay]}\n", "companies.yaml")
    assert invoice_book_records(load_companies(path)) == [
        {"book_id": "acme|erp", "company_id": "acme", "kept_source": "erp", "position": 1},
        {"book_id": "acme|pay", "company_id": "acme", "kept_source": "pay", "position": 2},
    ]
    for text, said in (("[]", "companies.yaml:2: "), ("[pay, pay]", "'pay' is written twice")):
        with pytest.raises(ConfigError, match=said):
            load_companies(written(tmp_path, f"companies:\n  acme: {{payments_from: {text}}}\n", "companies.yaml"))
