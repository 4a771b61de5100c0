"""sources/*.yaml: what is misspelt is named with file and line; what is written can be read again."""

from __future__ import annotations

import pytest
from delivered import INVOICES

from cartera.connectors.files import load_source
from cartera.connectors.files.source_yaml import entity_block, write_source
from cartera.connectors.files.spec import EntityFiles
from cartera.connectors.sources import all_sources
from cartera.errors import ConfigError
from cartera.settings import get_settings

GOOD = INVOICES.format(files="exports/*.csv")


def problem(mapping, text):  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError) as error:
        mapping(text)
    assert error.value.mend and error.value.exit_status == 2
    return error.value.problem.split("sources/")[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("system:", "sistem:", "erp.yaml:1: sistem: there is no such key; did you mean system?"),
        ("system: files", "system: fles", "erp.yaml:1: system: 'fles' is not possible"),
        ("  invoices:", "  invoice:", "erp.yaml:3: entities.invoice: there is no such entity; did you mean invoices?"),
        ("issue_date", "isue_date", "erp.yaml:8: entities.invoices.columns.isue_date: "),
        ("issue_date", "isue_date", "did you mean issue_date?"),
        ("      total_amount: Importe\n", "", "erp.yaml:5: entities.invoices.columns: total_amount is needed"),
        ("      total_amount: Importe\n", "", "add the line `total_amount: <header in *.csv>`"),
        ("      currency_code: Moneda\n", "", "currency_code is needed"),
        ("      currency_code: Moneda\n", "", "or under constants, `currency_code: USD`"),
        ("      currency_code: Moneda", "    constants: {currency_code: US}", "erp.yaml:10: "),
        ("      currency_code: Moneda", "    constants: {currency_code: US}", "'US' is not an ISO 4217"),
        ("system: files", "system: files\nsystem: files", "erp.yaml:2: 'system' is written twice"),
        ("system: files", "system: [files", "not YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, said, mapping):  # type: ignore[no-untyped-def]
    assert old in GOOD
    assert said in problem(mapping, GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colums: {number: x}", "colums: there is no such key; did you mean columns?"),
        ("dates: dd/mm/yyyy", "dates: 'dd/mm/yyyy' does not name day, month and year"),
        ("encoding: utf-9", "encoding: 'utf-9' is no encoding"),
        ("thousands: .", "decimal and thousands are both '.'"),
        ("delivery: everything", "delivery: 'everything' is not possible"),
        ("constants: {total_amount: 5}", "constants.total_amount: is also mapped under columns"),
        ("values: {status: {V: voide}}", "values.status.V: 'voide' is not possible; did you mean void?"),
        ("values: {is_disputed: {V: maybe}}", "'maybe' is neither true nor false"),
    ],
)
def test_a_wrong_line_of_an_entity(line, said, mapping):  # type: ignore[no-untyped-def]
    told = problem(mapping, GOOD.replace("    columns:", f"    {line}\n    columns:"))
    assert said in told
    assert told.startswith("erp.yaml:5: " if "both" not in said else "erp.yaml:3: ")


def test_words_of_yaml_stay_text(mapping):  # type: ignore[no-untyped-def]
    source = mapping(
        f"{GOOD}    constants: {{number: 007}}\n    values: {{is_disputed: {{Yes: true, No: false, 1: true}}}}\n"
    )
    files = source.entities["invoices"]
    assert files.constants["number"] == "007"
    assert files.values["is_disputed"] == {"Yes": "true", "No": "false", "1": "true"}


def test_all_sources_are_those_of_the_user_and_of_the_sandbox(mapping, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    mapping(GOOD, "zeta")
    mapping(GOOD, "alpha")
    (tmp_path / "home" / "sources").mkdir(parents=True)
    (tmp_path / "home" / "sources" / "sandbox.yaml").write_text(GOOD)
    assert [source.name for source in all_sources(get_settings())] == ["alpha", "sandbox", "zeta"]
    (tmp_path / "home" / "sources" / "zeta.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match="name the same source"):
        all_sources(get_settings())


def test_the_folders_of_the_user_and_of_the_sandbox_may_be_one(mapping, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    mapping(GOOD, "alpha")
    (tmp_path / "sources").rename(tmp_path / "elsewhere")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sources").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "home"))
    for folder in (tmp_path / "home" / "sources", tmp_path / "elsewhere"):
        monkeypatch.setenv("CARTERA_SOURCES_DIR", str(folder))
        get_settings.cache_clear()
        assert [source.name for source in all_sources(get_settings())] == ["alpha"]


AWKWARD = EntityFiles(
    files="Año 2026/it's: #1*.csv",
    delimiter="\t",
    decimal=",",
    thousands=" ",
    dates=["%d/%m/%Y", "%d.%m.%y"],
    columns={
        "invoice_id": ["Nº: 'x'", "serie #"],
        "customer_id": ["yes"],
        "issue_date": ["- fecha"],
        "total_amount": ["{Importe}", "@b"],
        "currency_code": ["null"],
        "is_disputed": ["tab\there"],
    },
    constants={"number": "007"},
    values={"is_disputed": {"Sí": "true", "": "null", "it's": "false"}, "due_date": {"00/00/0000": "null"}},
)


def test_what_is_written_reads_back_the_same(tmp_path):  # type: ignore[no-untyped-def]
    path = tmp_path / "sources" / "raro.yaml"
    write_source(path, "no", {"invoices": entity_block("invoices", AWKWARD, ["otro: #"], ["nota\ncon línea"])})
    source = load_source(path)
    assert source.entities["invoices"] == AWKWARD
    assert source.company_id == "no"


def test_other_entities_and_comments_are_kept(mapping, tmp_path):  # type: ignore[no-untyped-def]
    text = GOOD.replace("entities:", "# mine\nentities:") + (
        "  # customers come from the CRM\n  customers:\n    files: c.csv\n    columns: {customer_id: id, name: n}\n"
    )
    path = mapping(text).path
    new = EntityFiles(files="p.csv", columns={"customer_id": ["k"], "name": ["m"]})
    write_source(path, "main", {"customers": entity_block("customers", new)})
    source = load_source(path)
    assert source.entities["customers"] == new and source.entities["invoices"].files == "exports/*.csv"
    assert "# mine" in path.read_text()
    more = EntityFiles(
        files="w.csv", columns={name: [name] for name in ("write_off_id", "invoice_id", "amount", "write_off_date")}
    )
    write_source(
        path, "main", {"write_offs": entity_block("write_offs", more), "invoices": entity_block("invoices", AWKWARD)}
    )
    assert list(load_source(path).entities) == ["invoices", "customers", "write_offs"]
    assert load_source(path).entities["invoices"] == AWKWARD


def test_a_mapping_that_would_be_wrong_is_not_written(mapping):  # type: ignore[no-untyped-def]
    path = mapping(GOOD).path
    lacking = EntityFiles(files="p.csv", columns={"name": ["m"]})
    with pytest.raises(ConfigError, match="customer_id is needed"):
        write_source(path, "main", {"customers": entity_block("customers", lacking)})
    assert path.read_text() == GOOD
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
