"""docs/kpis.md: the catalogue of KPIs as a document, one section per KPI."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cartera.warehouse.metrics import Catalogue, Metric

INTRODUCTION = """\
# The KPIs

Written by `cartera kpis --define --format markdown` from the
[catalogue](../dbt_project/metrics/catalogue.yaml); change them there ([how](analyst.md#adding-a-kpi)). The same
definitions stand beside the figures on the dashboard's page **KPIs**.

A name that ends in days (`_90d`) speaks of the window of so many days up to and including the as-of date; `--window`
asks for another. Figures are per company and currency; amounts of two currencies are added in the views in the
company's currency alone. A figure that can't be had is null and says why; it is never zero for that. AR is what
customers owe.
"""
MARKS = re.compile(r"([\\`*<>\[\]|#])")
UNITS = {
    "days": "days", "percent": "percent; 100 is the whole", "ratio": "a plain number", "amount": "money",
    "count": "count",
}  # fmt: skip


def document(catalogue: Catalogue) -> str:
    """The whole document in Markdown, ending in one line feed."""
    families = [(_text(family.label.en), catalogue.of_family(family)) for family in catalogue.families]
    families = [(label, metrics) for label, metrics in families if metrics]
    contents = [f"- **{label}**: {', '.join(map(_link, metrics))}\n" for label, metrics in families]
    sections = [
        f"\n## {label}\n" + "".join(_section(catalogue, metric) for metric in metrics) for label, metrics in families
    ]
    return f"{INTRODUCTION}\n{''.join(contents)}{''.join(sections)}"


def _section(catalogue: Catalogue, metric: Metric) -> str:
    lines = [
        f"\n### {metric.kpi}\n\n**{_text(metric.label.en)}.** {_text(metric.definition.en)}\n\n",
        f"- Formula: `{metric.formula}`\n",
        f"- Unit: {UNITS[metric.unit]}\n",
        _points("Convention", metric.convention),
        _points("Edge cases", metric.edge_cases),
    ]
    variants = catalogue.variants(metric)
    if variants:
        lines.append(f"- Variants: {', '.join(map(_link, variants))}\n")
    lines += [
        f"- Command: `{metric.command or 'cartera kpis'}`, by {', '.join(metric.by)}\n",
        f"- Owner: {_text(metric.owner)}\n",
        f"- Source: {_text('; '.join(metric.source))}\n",
    ]
    return "".join(lines)


def _points(heading: str, sentences: Iterable[str]) -> str:
    sentences = list(sentences)
    if len(sentences) == 1:
        return f"- {heading}: {_text(sentences[0])}\n"
    return f"- {heading}:\n" + "".join(f"  - {_text(sentence)}\n" for sentence in sentences)


def _link(metric: Metric) -> str:
    return f"[{metric.kpi}](#{metric.kpi})"


def _text(text: str) -> str:
    """As it is: nothing in it is markup."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))
