"""The catalogue of KPIs: complete, strict, and pointing at the line that is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cartera.cli import commands
from cartera.errors import ConfigError
from cartera.settings import get_settings
from cartera.warehouse.kpi_document import document
from cartera.warehouse.metrics import load_catalogue

FAMILIES = """\
families:
  - {name: dso, label: {en: DSO, es: DSO, pt: DSO}}
"""
ENTRY = """\
metrics:
  - name: dso_simple
    label: {en: DSO, es: DSO, pt: DSO}
    family: dso
    definition: {en: days of sales, es: días de ventas, pt: dias de vendas}
    formula: AR / sales * days
    unit: days
    convention: [ending AR]
    window: {days: 90}
    edge_cases: [no sales is null]
    by: [company]
    owner: finance
    source: [facts]
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_is_read(tmp_path: Path) -> None:
    catalogue = load_catalogue(_written(tmp_path, FAMILIES + ENTRY))
    assert [metric.kpi for metric in catalogue.metrics] == ["dso_simple_90d"]
    assert catalogue.find("dso_simple_365d") == catalogue.metrics[0]
    assert catalogue.find("dso_average_90d") is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("unit: days", "unit: dais"), "catalogue.yaml:9: .*did you mean days"),
        (("owner: finance", "ownr: finance"), "catalogue.yaml:14: .*did you mean owner"),
        (("    owner: finance\n", ""), "owner: this key is missing"),
        (("{days: 90}", "{days: 0}"), "catalogue.yaml:11: "),
        (("es: DSO", "es: ''"), "catalogue.yaml:5: "),
        (("name: dso_simple", "name: dso_simple_90d"), "leave the days out of the name"),
        ((ENTRY, ENTRY + ENTRY.partition("\n")[2]), "'dso_simple' is defined twice"),
        (("family: dso", "family: dos"), "family 'dos' is none of families"),
        (("family: dso", "family: dso\n    variant_of: sales"), "variant_of 'sales' is no KPI"),
    ],
)
def test_a_wrong_entry_names_file_line_and_mend(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load_catalogue(_written(tmp_path, FAMILIES + ENTRY.replace(*change)))


def test_the_windows_of_the_catalogue_are_those_of_the_project() -> None:
    project = yaml.safe_load((get_settings().dbt_dir / "dbt_project.yml").read_text())
    days = {metric.window.days for metric in load_catalogue().metrics if metric.window}
    assert days == {project["vars"]["kpi_window_days"]}


def test_define_prints_the_catalogue_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path / "nothing here"))
    get_settings.cache_clear()
    try:
        answer = CliRunner().invoke(commands(), ["kpis", "--define", "--format", "json"])
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert answer.exit_code == 0, answer.output
    metrics = json.loads(answer.stdout)["metrics"]
    assert [metric["kpi"] for metric in metrics] == [metric.kpi for metric in load_catalogue().metrics]
    assert not (tmp_path / "nothing here").exists()


def test_every_command_named_is_one() -> None:
    known = {command.name or command.callback.__name__ for command in commands().registered_commands}  # type: ignore[union-attr]
    named = {metric.command.partition(" ")[2] for metric in load_catalogue().metrics if metric.command}
    assert named and named <= known


def test_every_example_named_as_source_is_there() -> None:
    path = get_settings().project_dir.parent / "shared" / "facts" / "kpi_examples.yaml"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    known = {example["id"] for example in yaml.safe_load(path.read_text())["examples"]}
    for metric in load_catalogue().metrics:
        named = [re.findall(r"\w+", s.partition("examples.yaml:")[2].partition("(")[0]) for s in metric.source]
        assert {name for names in named for name in names} <= known, metric.name


def test_the_document_is_what_the_catalogue_gives() -> None:
    """Mend: cartera kpis --define --format markdown > docs/kpis.md"""
    answer = CliRunner().invoke(commands(), ["kpis", "--define", "--format", "markdown"])
    assert answer.exit_code == 0, answer.output
    committed = get_settings().project_dir / "docs" / "kpis.md"
    assert committed.read_text(encoding="utf-8") == answer.stdout


def test_the_document_has_a_section_with_everything_for_each_kpi(tmp_path: Path) -> None:
    other = ENTRY.partition("\n")[2].replace("name: dso_simple", "name: dso_other\n    variant_of: dso_simple")
    text = document(load_catalogue(_written(tmp_path, FAMILIES + ENTRY + other.replace("ending AR", "2 < 3 *all*"))))
    first, second = text.split("\n### ")[1:]
    assert first.startswith("dso_simple_90d\n\n**DSO.** days of sales\n")
    for line in ("Formula: `AR / sales * days`", "Unit: days", "Convention: ending AR", "Edge cases: no sales is null",
                 "Variants: [dso_other_90d](#dso_other_90d)", "Command: `cartera kpis`, by company", "Owner: finance",
                 "Source: facts"):  # fmt: skip
        assert f"- {line}\n" in first
    assert "2 \\< 3 \\*all\\*" in second and "(#dso_simple_90d)" in second


def test_markdown_is_of_definitions_alone() -> None:
    answer = CliRunner().invoke(commands(), ["kpis", "--format", "markdown"])
    assert answer.exit_code != 0
    assert "add --define" in f"{answer.output}{answer.exception}{getattr(answer.exception, 'hint', '')}"
