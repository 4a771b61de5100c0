"""What must hold of the dbt project itself: portable SQL, described and contracted marts, no misspelt key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ledger_history import RunDbt

from cartera.warehouse.ages import EDGES

DBT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
MARTS = [path for path in MODELS if "marts" in path.parts]

TESTS = sorted((DBT / "tests").glob("*.sql"))

POSTGRES_ONLY = (
    "::",
    "->>",
    "jsonb",
    "unnest(",
    "array[",
    "to_char(",
    "string_agg(",
    "distinct on",
    "filter (where",
    "ilike",
    "generate_series",
    "interval '",
    "lateral",
)
WALL_CLOCK = ("now()", "current_date", "current_timestamp")


def _described(model: Path) -> dict[str, Any]:
    (entry,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    assert entry["name"] == model.stem
    return dict(entry)


@pytest.mark.parametrize("model", MODELS + TESTS, ids=lambda path: path.stem)
def test_models_are_portable_and_take_dates_as_inputs(model: Path) -> None:
    """What only PostgreSQL has stands in macros/ behind dispatch; the wall clock stands nowhere."""
    text = model.read_text().lower()
    assert [word for word in POSTGRES_ONLY + WALL_CLOCK if word in text] == []


@pytest.mark.parametrize("macro", sorted((DBT / "macros").rglob("*.sql")), ids=lambda path: path.stem)
def test_no_macro_reads_the_wall_clock(macro: Path) -> None:
    text = macro.read_text().lower()
    assert [word for word in WALL_CLOCK if word in text] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_each_model_says_what_a_row_is(model: Path) -> None:
    assert _described(model)["description"].startswith("One row per ")


@pytest.mark.parametrize("model", MARTS, ids=lambda path: path.stem)
def test_each_column_of_a_mart_is_typed_and_described(model: Path) -> None:
    columns = _described(model)["columns"]
    assert [c["name"] for c in columns if not c.get("description") or not c.get("data_type")] == []
    assert {c["data_type"] for c in columns} <= {
        "text",
        "date",
        "boolean",
        "integer",
        "smallint",
        "bigint",
        "timestamptz",
        "numeric(24, 6)",
        "numeric(24, 12)",
        "numeric(36, 18)",  # shares of money, not rounded
    }


def test_marts_are_contracted() -> None:
    config = yaml.safe_load((DBT / "dbt_project.yml").read_text())
    assert config["models"]["cartera"]["marts"]["+contract"] == {"enforced": True}
    assert [path.stem for path in MODELS if "contract" in path.read_text()] == []


def test_each_named_test_says_what_it_reports() -> None:
    named = {entry["name"] for entry in yaml.safe_load((DBT / "tests" / "_tests.yml").read_text())["data_tests"]}
    assert named == {path.stem for path in (DBT / "tests").glob("*.sql")}


KNOWN_KEYS = {
    "file": {"version", "models", "sources", "unit_tests", "data_tests"},
    "models": {"name", "description", "columns", "data_tests"},
    "columns": {"name", "data_type", "description", "constraints", "data_tests"},
    "constraints": {"type"},
    "unit_tests": {"name", "description", "model", "overrides", "given", "expect"},
    "overrides": {"vars", "macros"},
    "given": {"input", "rows"},
    "expect": {"rows"},
    "sources": {"name", "description", "schema", "tables"},
    "tables": {"name", "description"},
}


def _unknown_keys(node: dict[str, Any], kind: str) -> list[str]:
    """Keys that dbt would drop without a word: it does not complain of a misspelt `description`."""
    unknown = [f"{kind}: {key}" for key in node if key not in KNOWN_KEYS[kind]]
    for key, value in node.items():
        if key in KNOWN_KEYS:
            for child in value if isinstance(value, list) else [value]:
                unknown += _unknown_keys(child, key)
    return unknown


@pytest.mark.parametrize("path", sorted((DBT / "models").rglob("*.yml")), ids=lambda path: path.stem)
def test_no_yaml_key_is_unknown(path: Path) -> None:
    assert _unknown_keys(yaml.safe_load(path.read_text()), "file") == []


def test_a_misspelt_key_is_found() -> None:
    assert _unknown_keys({"models": [{"name": "x", "descripton": "One row"}]}, "file") == ["models: descripton"]


def test_dbt_reads_the_project_without_a_warning(run_dbt: RunDbt) -> None:
    run_dbt("parse", "--warn-error", "--no-partial-parse")


def test_buckets_are_those_that_readers_know() -> None:
    project = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["bucket_edges"] == [0, *EDGES]
