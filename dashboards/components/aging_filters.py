"""What the aging page is of: by what its rows part it, and what a click or a list has narrowed it to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
from babel import Locale

from cartera.warehouse.read import BUCKETS
from dashboards.components import filters
from dashboards.components.view import View
from dashboards.queries import aging, segments
from dashboards.queries.aging import Asked
from dashboards.queries.session import Clocks

EVERYBODY = "all"
"""Among the customers: all of them, for their invoices."""


@dataclass(frozen=True)
class Chosen:
    """What is asked, its rows, and what each narrowing choice is called.

    `parts` is None by customer; `customers` are narrowed by all but the customer chosen.
    """

    asked: Asked
    parts: pd.DataFrame | None
    customers: pd.DataFrame
    is_everybody: bool
    labels: dict[str, str]

    @property
    def figure(self) -> pd.Series | None:
        """The row of `customers` whose invoices are listed; None while none is asked for."""
        if self.asked.customer_id is None and self.asked.bucket is None and not self.is_everybody:
            return None
        rows = self.customers
        if self.asked.customer_id is not None:
            rows = rows[rows["customer_id"] == self.asked.customer_id]
        return None if rows.empty else rows.iloc[0]


def choose(view: View, clocks: Clocks, currency_code: str, company_id: str | None) -> Chosen:
    """The lists of the page; what is clicked stands in them too, so a keyboard does the same."""
    words = view.words
    schemes = dict.fromkeys(segments.rules(view.reading, clocks.known_at)["scheme"])
    bys = {by: words(f"aging.by_{by}") for by in aging.BYS if by != "segment"}
    bys |= {f"segment.{name}": words("aging.by_segment", scheme=words.named("scheme", name)) for name in schemes}
    named, _, scheme = filters.clickable(view, "by", bys, None, "customer", width=215).partition(".")
    by = next(each for each in aging.BYS if each == named)
    asked, labels = Asked(clocks, currency_code, company_id, by, scheme or None), dict[str, str]()
    if company_id is not None:
        labels["company"] = f"{words('filter.company')}: {company_id}"

    rows = None
    if by != "customer":
        rows = aging.parts(aging.cells(view.reading, clocks, by, scheme or None), asked)
    if rows is not None and by not in ("company", "currency"):
        offered = {"": words("aging.all_groups")} | {part: called(view, by, part) for part in rows["part"]}
        asked = replace(asked, part=filters.clickable(view, "group", offered, None, width=180) or None)
        if asked.part:
            labels["group"] = f"{bys[f'segment.{scheme}' if scheme else by]}: {offered[asked.part]}"
    else:
        filters.link("group", "", "")

    offered = {"": words("aging.all_buckets")} | {bucket: words.bucket(bucket) for bucket in BUCKETS}
    asked = replace(asked, bucket=filters.clickable(view, "bucket", offered, None, width=150) or None)
    if asked.bucket:
        labels["bucket"] = offered[asked.bucket]

    customers = aging.customers(view.reading, asked)
    offered = {"": words("aging.no_customer")}
    if len(customers):
        everybody = words.counted("aging.all_customers", customers["customers"].iloc[0])
        names = zip(customers["customer_id"].iloc[1:], customers["customer_name"].iloc[1:], strict=True)
        offered |= {EVERYBODY: everybody, **dict(names)}
    customer = filters.clickable(view, "customer", offered, None, width=235)
    if customer:
        labels["customer"] = offered[customer]
    if customer not in ("", EVERYBODY):
        asked = replace(asked, customer_id=customer)
    return Chosen(asked, rows, customers, customer == EVERYBODY, labels)


def called(view: View, by: aging.By, part: str) -> str:
    """What a part is called in the reader's language."""
    if part == aging.UNKNOWN:
        return view.words("aging.unknown")
    if by == "country":
        return str(Locale.parse(view.words.locale).territories.get(part, part))
    return view.words.named("segment", part) if by == "segment" else part
