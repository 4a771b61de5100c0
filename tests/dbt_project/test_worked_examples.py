"""Every worked example of shared/facts/kpi_examples.yaml has its test, or its reason for having none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import test_kpis
import test_risk
import yaml
from kpi_examples import EXAMPLES, NOT_A_KPI
from risk_examples import INPUTS

from cartera.warehouse.metrics import load_catalogue

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "kpi_examples.yaml"
FACTS_READ = yaml.safe_load(FACTS.read_text())["examples"] if FACTS.is_file() else []

TESTED_BY_NAME = {
    "aging_foots": test_kpis.test_aging_foots,
    "top_n_share_constructed": test_kpis.test_top_n_share,
    "roll_rate_trap": test_risk.test_roll_rate_trap,
    "flow_through_to_loss": test_risk.test_flow_through_to_loss,
    "ifrs9_provision_matrix": test_risk.test_provision_matrix,
    "ifrs9_ie_example_12": test_risk.test_illustrative_example_12,
    "cure_rate_constructed": test_risk.test_cure_rate,
    "recovery_vintage_waterfall": test_risk.test_vintage_waterfall,
    "liquidation_rate_constructed": test_risk.test_liquidation_rate,
}
"""Besides those of the list EXAMPLES, which test_kpis.py walks through."""

BOOKS: list[list[str]] = [
    [example.id for example in EXAMPLES],
    list(TESTED_BY_NAME),
    list(NOT_A_KPI),
]


@pytest.mark.parametrize("example", [example["id"] for example in FACTS_READ])
def test_example_is_bookkept_once(example: str) -> None:
    assert Counter(name for book in BOOKS for name in book)[example] == 1


@pytest.mark.skipif(not FACTS_READ, reason=f"{FACTS} is not there")
def test_no_example_is_invented() -> None:
    """Those that the catalogue cites as a source are among them too."""
    cited = re.compile(r"kpi_examples\.yaml: (\w+)")
    sources = [source for metric in load_catalogue().metrics for source in metric.source]
    names = {name for book in BOOKS for name in book} | {name for source in sources for name in cited.findall(source)}
    assert names <= {example["id"] for example in FACTS_READ}


def test_what_is_fed_to_the_figures_of_risk_is_tested() -> None:
    assert INPUTS.keys() <= TESTED_BY_NAME.keys()


@pytest.mark.parametrize("example", NOT_A_KPI)
def test_no_kpi_is_made_of(example: str) -> None:
    """As soon as one is, its example can be reproduced and belongs into another book."""
    named, _reason = NOT_A_KPI[example]
    assert [metric.name for metric in load_catalogue().metrics if re.search(named, metric.name)] == []
