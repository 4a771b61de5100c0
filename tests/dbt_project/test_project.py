"""What must hold of the dbt project itself: portable SQL, described and contracted marts, no misspelt key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ledger_history import RunDbt

DBT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = sorted((DBT / "models").rglob("*.sql"))
MARTS = [path for path in MODELS if "marts" in path.parts]

POSTGRES_ONLY = ("::", "distinct on", "filter (where", "ilike", "generate_series", "interval '", "lateral")
WALL_CLOCK = ("now()", "current_date", "current_timestamp")


def _described(model: Path) -> dict[str, Any]:
    (entry,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    assert entry["name"] == model.stem
    return dict(entry)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_models_are_portable_and_take_dates_as_inputs(model: Path) -> None:
    """What only PostgreSQL has stands in macros/ behind dispatch; the wall clock stands nowhere."""
    text = model.read_text().lower()
    assert [word for word in POSTGRES_ONLY + WALL_CLOCK if word in text] == []


@pytest.mark.parametrize("macro", sorted((DBT / "macros").glob("*.sql")), ids=lambda path: path.stem)
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
        "bigint",
        "timestamptz",
        "numeric(24, 6)",
    }


def test_marts_are_contracted() -> None:
    config = yaml.safe_load((DBT / "dbt_project.yml").read_text())
    assert config["models"]["cartera"]["marts"]["+contract"] == {"enforced": True}
    assert [path.stem for path in MODELS if "contract" in path.read_text()] == []


def test_each_named_test_says_what_it_reports() -> None:
    named = {entry["name"] for entry in yaml.safe_load((DBT / "tests" / "_tests.yml").read_text())["data_tests"]}
    assert named == {path.stem for path in (DBT / "tests").glob("*.sql")}


def test_no_yaml_key_is_unknown(run_dbt: RunDbt) -> None:
    """dbt drops a misspelt key with a warning; here a warning is an error."""
    run_dbt("parse", "--warn-error", "--no-partial-parse")
