"""The parts of a DSO bridge: they add up, none depends on an order, and each answers to its own cause alone.

The expected parts are derived anew in fractions by walking every order of the five factors; the module under test
weighs subsets. The constructed cases change one cause and nothing else.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
import yaml

from cartera.settings import get_settings
from cartera.warehouse import dso_bridge
from cartera.warehouse.dso_bridge import FACTORS, Cell, dso, parts

DAYS = 90
DATES = (dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.datetime(2026, 7, 1, tzinfo=dt.UTC))
CLOSE = Decimal("1e-24")


def cell(
    sales: int,
    *,
    terms: int = 30,
    evenness: Fraction = Fraction(1),
    late: Fraction = Fraction(0),
    matured: int | None = None,
    rate: str = "1",
) -> Cell:
    """A customer who buys evenly on `terms` days; `late` is past due of what fell due in the window before."""
    matured = sales if matured is None else matured
    not_due = evenness * sales * (terms + 1) / DAYS
    past_due = late * matured
    amounts = [Decimal(x.numerator) / x.denominator for x in (not_due, past_due)] + [Decimal(sales)]
    return Cell(
        *amounts,
        *(amount * Decimal(rate) for amount in amounts),
        term_amount_days=Decimal(sales * (terms + 1)),
        billed=Decimal(sales),
        matured=Decimal(matured),
    )


A, B = ("A", "PEN"), ("B", "USD")
LATE = Fraction(1, 5)
BEFORE = {A: cell(9_000, terms=29, late=LATE), B: cell(4_500, terms=59, rate="4")}

CASES = {
    "sales: volume falls, what fell due before stays": (
        "sales", {A: cell(4_500, terms=29, late=LATE, matured=9_000), B: cell(2_250, terms=59, rate="4")},
    ),
    "sales: more of them at the end of the window": (
        "sales", BEFORE | {A: cell(9_000, terms=29, late=LATE, evenness=Fraction(3, 2))},
    ),
    "terms: a customer gets 30 days more": ("terms", BEFORE | {A: cell(9_000, terms=59, late=LATE)}),
    "mix: the customer on long terms buys more": ("mix", BEFORE | {B: cell(9_000, terms=59, rate="4")}),
    "mix: a new customer": ("mix", BEFORE | {("C", "PEN"): cell(900, terms=89, late=LATE)}),
    "currency: the dollar falls": ("currency", BEFORE | {B: cell(4_500, terms=59, rate="3")}),
    "delinquency: a third is late instead of a fifth": (
        "delinquency", BEFORE | {A: cell(9_000, terms=29, late=Fraction(1, 3))},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_backwards", [False, True])
def test_each_part_answers_to_its_own_cause_alone(name: str, is_backwards: bool) -> None:
    cause, after = CASES[name]
    sides = (after, BEFORE) if is_backwards else (BEFORE, after)
    moved = parts(*sides, DAYS)
    first, second = dso(sides[0], DAYS), dso(sides[1], DAYS)
    assert moved is not None and first is not None and second is not None
    assert abs(second - first) > Decimal("0.1")
    for factor, part in moved.items():
        assert abs(part - (second - first if factor == cause else 0)) < CLOSE, factor


def test_twice_the_same_business_is_no_change() -> None:
    doubled = {A: cell(18_000, terms=29, late=LATE), B: cell(9_000, terms=59, rate="4")}
    moved = parts(BEFORE, doubled, DAYS)
    assert moved is not None and all(abs(part) < CLOSE for part in moved.values())


def test_debt_of_who_stopped_buying_is_delinquency() -> None:
    """What the customer owed late stays; its share of sales goes."""
    old_debt = Cell(past_due=Decimal(1800), past_due_valued=Decimal(1800))
    moved = parts({A: cell(9_000)}, {A: cell(9_000), B: old_debt}, DAYS)
    assert moved is not None and moved["delinquency"] == Decimal(1800) * DAYS / 9_000
    assert sum(moved.values()) == moved["delinquency"]


def test_no_sales_no_bridge() -> None:
    returned = {A: Cell(sales=Decimal(-10), sales_valued=Decimal(-10))}
    assert dso(returned, DAYS) is None
    assert parts(BEFORE, returned, DAYS) is None


def random_side(dice: random.Random) -> dict[tuple[str, str], Cell]:
    """Customers who buy, stop, return more than they buy, owe without buying."""
    found = {}
    for name in "ABCDEF":
        if dice.random() < 0.25:
            continue
        sales = dice.choice([dice.randint(100, 9_999), dice.randint(100, 9_999), 0, -dice.randint(1, 50)])
        amounts = [Decimal(dice.choice([0, dice.randint(1, 5_000)])) for _ in range(2)] + [Decimal(sales)]
        rates = [Decimal(dice.randint(1, 400)) / 100 for _ in range(3)]
        billed = Decimal(max(sales, 0) + dice.randint(0, 9))
        found[name, "USD"] = Cell(
            *amounts,
            *(amount * rate for amount, rate in zip(amounts, rates, strict=True)),
            term_amount_days=billed * dice.randint(1, 95),
            billed=billed,
            matured=Decimal(dice.choice([0, dice.randint(1, 9_000)])),
        )
    found["Z", "PEN"] = cell(20_000, terms=dice.randint(0, 80), late=Fraction(dice.randint(0, 9), 10))
    return found


def fraction(amount: Decimal) -> Fraction:
    return Fraction(amount)


def model_dso(sides: tuple[dict[tuple[str, str], Cell], ...], taken: dict[str, int]) -> Fraction:
    """DSO with each factor of the date that `taken` says, cell by cell, from the formula's words."""

    def measure(cells: tuple[Cell, Cell], amount: str, date: int) -> Fraction:
        """The rate of an amount: its own, that of the other date, that of sales, one."""
        for measured in (amount, "sales"):
            for place in (date, 1 - date):
                if getattr(cells[place], measured):
                    value, base = getattr(cells[place], f"{measured}_valued"), getattr(cells[place], measured)
                    return fraction(value) / fraction(base)
        return Fraction(1)

    def days_of(c: Cell) -> dict[str, Fraction | None]:
        if c.sales <= 0:
            return dict.fromkeys(("terms", "even", "maturing", "rate"))
        terms = fraction(c.term_amount_days) / fraction(c.billed) if c.billed else Fraction(1)
        return {
            "terms": terms,
            "even": DAYS * fraction(c.not_due) / fraction(c.sales) / terms,
            "maturing": DAYS * fraction(c.matured) / fraction(c.sales),
            "rate": fraction(c.past_due) / fraction(c.matured) if c.matured else None,
        }

    debt, sales = Fraction(0), Fraction(0)
    for key in sides[0].keys() | sides[1].keys():
        cells = (sides[0].get(key, Cell()), sides[1].get(key, Cell()))
        own = [days_of(c) for c in cells]

        def chosen(name: str, factor: str, own: list[dict[str, Fraction | None]] = own) -> Fraction:
            date = taken[factor]
            found = own[date][name] if own[date][name] is not None else own[1 - date][name]
            return found or Fraction(0)

        sold = fraction(cells[taken["mix"]].sales)
        sales += sold * measure(cells, "sales", taken["currency"])
        if sold > 0:
            current = chosen("terms", "terms") * chosen("even", "sales")
            late = chosen("rate", "delinquency") * chosen("maturing", "sales")
            debt += sold * current * measure(cells, "not_due", taken["currency"])
            debt += sold * late * measure(cells, "past_due", taken["currency"])
    apart = Fraction(0)
    for factor, amount in (("terms", "not_due"), ("delinquency", "past_due")):
        side = sides[taken[factor]]
        total = sum(fraction(c.sales_valued) for c in side.values())
        for c in side.values():
            if c.sales <= 0 or (amount == "past_due" and c.matured <= 0):
                apart += DAYS * fraction(getattr(c, f"{amount}_valued")) / total
    return debt / sales + apart


@pytest.mark.parametrize("seed", range(12))
def test_parts_are_the_average_over_every_order(seed: int) -> None:
    dice = random.Random(seed)
    sides = (random_side(dice), random_side(dice))
    expected = dict.fromkeys(FACTORS, Fraction(0))
    orders = list(permutations(FACTORS))
    for order in orders:
        taken = dict.fromkeys(FACTORS, 0)
        before = model_dso(sides, taken)
        for factor in order:
            taken[factor] = 1
            after = model_dso(sides, taken)
            expected[factor] += (after - before) / len(orders)
            before = after
    moved = parts(*sides, DAYS)
    first, second = dso(sides[0], DAYS), dso(sides[1], DAYS)
    assert moved is not None and first is not None and second is not None
    for factor in FACTORS:
        assert abs(fraction(moved[factor]) - expected[factor]) < Fraction(CLOSE), factor
    assert abs(sum(moved.values()) - (second - first)) < CLOSE


def test_a_rate_is_as_old_as_the_models_let_it_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge would lie beside its two figures, did it take rates that the KPIs do not."""
    bound: list[Any] = []
    monkeypatch.setattr(dso_bridge, "rows", lambda connection, query, values: bound.append(values) or [])
    dso_bridge.bridge(None, *DATES, days=DAYS, view="company")  # type: ignore[arg-type]
    project = yaml.safe_load((get_settings().dbt_dir / "dbt_project.yml").read_text())
    assert {values["max_age_days"] for values in bound} == {project["vars"]["fx_rate_max_age_days"]}
