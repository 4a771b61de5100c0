"""The variables of the dbt project: what the SQL of the models and that of the package must both go by."""

from __future__ import annotations

from typing import cast

import yaml

from cartera.settings import get_settings


def number(name: str) -> int:
    """A variable of dbt_project.yml that is a whole number, such as fx_rate_max_age_days."""
    document = yaml.safe_load((get_settings().dbt_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    return cast(int, document["vars"][name])
