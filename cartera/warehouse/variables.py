"""The variables of the dbt project: what the SQL of the models and that of the package must both go by."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from cartera.settings import get_settings
from cartera.yaml_config import PARSER


def number(name: str) -> int:
    """A variable of dbt_project.yml that is a whole number, such as fx_rate_max_age_days."""
    return cast(int, _variables(get_settings().dbt_dir)[name])


@cache
def _variables(dbt_dir: Path) -> dict[str, Any]:
    """Read once: a page asks for them each time it is drawn."""
    document = yaml.load((dbt_dir / "dbt_project.yml").read_text(encoding="utf-8"), PARSER)
    return cast(dict[str, Any], document["vars"])
