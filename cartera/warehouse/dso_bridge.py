"""What moved DSO between two dates: sales, terms, mix, currency, delinquency; the parts add up to the change.

DSO = AR / net sales * days is written per customer and currency (a cell) as

    DSO = sum over cells of  share of sales * (term days * evenness + past-due rate * maturing days)

- share of sales: the cell's part of net sales (mix);
- term days: days from issue to due date of what was billed in the window, plus the day of issue, by amount (terms);
- evenness: AR not past due / (sales * term days / days): 1 when sales are even over the window (sales);
- maturing days: what fell due in the days before / sales * days: the days when volume is stable (sales);
- past-due rate: AR past due / what fell due in the days before (delinquency);
- in views in the company's currency, the rates of AR and of sales (currency).

Each part is the Shapley value of its factor: its effect averaged over all orders in which the five factors may move
from the first date to the second. So no order is preferred, and the parts add up to the change without a remainder
(L. S. Shapley, A value for n-person games, 1953; as a decomposition: Shorrocks, Decomposition procedures for
distributional analysis, 2013). The first split, DSO = best possible DSO + average days delinquent, is the field's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from importlib.resources import files
from itertools import product
from math import factorial
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL

from cartera.warehouse.in_view import IN_VIEW, bound
from cartera.warehouse.read import Row, View, rows

FACTORS = ("sales", "terms", "mix", "currency", "delinquency")
COLUMNS = ("company_id", "currency_code", "kpi", "from_days", "to_days", "change_days",
           *(f"{factor}_days" for factor in FACTORS), "rounding_days", "reason")  # fmt: skip
MEASURES_SQL = SQL(files("cartera.warehouse").joinpath("sql/dso_measures.sql").read_text(encoding="utf-8")).format(
    in_view=IN_VIEW
)
STEP = Decimal("0.000001")
EXACT = Context(prec=60)
ZERO, ONE = Decimal(0), Decimal(1)
NO_SALES = "no credit sales above zero in the {days} days to {date}"


@dataclass(frozen=True)
class Cell:
    """One customer in one currency as of one date. Amounts in document currency; *_valued in that of the view."""

    not_due: Decimal = ZERO
    past_due: Decimal = ZERO
    sales: Decimal = ZERO
    not_due_valued: Decimal = ZERO
    past_due_valued: Decimal = ZERO
    sales_valued: Decimal = ZERO
    term_amount_days: Decimal = ZERO
    billed: Decimal = ZERO
    matured: Decimal = ZERO


Side = Mapping[tuple[str, str], Cell]
"""The cells of a company as of one date, by customer and currency."""


@dataclass(frozen=True)
class _Factors:
    """Of one cell; None where the cell's data of that date does not say."""

    term_days: Decimal | None = None
    evenness: Decimal | None = None
    maturing_days: Decimal | None = None
    past_due_rate: Decimal | None = None


def _factors(cell: Cell, days: int) -> _Factors:
    if cell.sales <= 0:
        return _Factors()
    term_days = cell.term_amount_days / cell.billed if cell.billed > 0 else ONE
    return _Factors(
        term_days=term_days,
        evenness=days * cell.not_due / (cell.sales * term_days),
        maturing_days=days * cell.matured / cell.sales,
        past_due_rate=cell.past_due / cell.matured if cell.matured > 0 else None,
    )


def dso(side: Side, days: int) -> Decimal | None:
    """Simple DSO with ending AR, in days; None without sales above zero."""
    with localcontext(EXACT):
        sales = sum((cell.sales_valued for cell in side.values()), ZERO)
        debt = sum((cell.not_due_valued + cell.past_due_valued for cell in side.values()), ZERO)
        return debt * days / sales if sales > 0 else None


def parts(first: Side, second: Side, days: int) -> dict[str, Decimal] | None:
    """The part of each of FACTORS in dso(second) - dso(first), in days; their sum is the change.

    A factor that one date does not give (a new customer, one who left) is that of the other date, so that what
    appears or goes is mix. Debt of a cell without sales counts to terms while not past due, else to delinquency.
    None when sales in view currency are not above zero at some point on the way.
    """
    with localcontext(EXACT):
        values = _values(first, second, days)
        if values is None:
            return None
        count = len(FACTORS)
        found = {}
        for position, factor in enumerate(FACTORS):
            part = ZERO
            for subset in product((0, 1), repeat=count):
                if subset[position] == 0:
                    moved = subset[:position] + (1,) + subset[position + 1 :]
                    weight = Decimal(factorial(sum(subset)) * factorial(count - sum(subset) - 1)) / factorial(count)
                    part += weight * (values[moved] - values[subset])
            found[factor] = part
        return found


def _values(first: Side, second: Side, days: int) -> dict[tuple[int, ...], Decimal] | None:
    """DSO with each factor taken from the first (0) or the second date (1), in the order of FACTORS."""
    not_due, past_due, sales = dict.fromkeys(_pairs(4), ZERO), dict.fromkeys(_pairs(4), ZERO), _zeros()
    for key in first.keys() | second.keys():
        cells = (first.get(key, Cell()), second.get(key, Cell()))
        for (mix, currency), amount in _sales(cells).items():
            sales[mix, currency] += amount
        _add(not_due, past_due, cells, days)
    if min(sales.values()) <= 0:
        return None
    apart = [_without_sales(side, days) for side in (first, second)]
    return {
        (s, t, m, c, d): (not_due[s, t, m, c] + past_due[s, d, m, c]) / sales[m, c] + apart[t][0] + apart[d][1]
        for s, t, m, c, d in product((0, 1), repeat=5)
    }


def _pairs(length: int) -> Iterable[tuple[int, ...]]:
    return product((0, 1), repeat=length)


def _zeros() -> dict[tuple[int, int], Decimal]:
    return {(mix, currency): ZERO for mix in (0, 1) for currency in (0, 1)}


def _sales(cells: tuple[Cell, Cell]) -> dict[tuple[int, int], Decimal]:
    rates = _rates(cells, "sales", (ONE, ONE))
    return {(mix, currency): cells[mix].sales * rates[currency] for mix in (0, 1) for currency in (0, 1)}


def _rates(cells: tuple[Cell, Cell], measure: str, instead: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """View currency per unit at both dates; where there is no amount, that of the other date, else `instead`."""
    own = [getattr(c, f"{measure}_valued") / getattr(c, measure) if getattr(c, measure) else None for c in cells]
    return (
        next((rate for rate in own if rate is not None), instead[0]),
        next((rate for rate in reversed(own) if rate is not None), instead[1]),
    )


def _add(
    not_due: dict[tuple[int, ...], Decimal], past_due: dict[tuple[int, ...], Decimal],
    cells: tuple[Cell, Cell], days: int,
) -> None:  # fmt: skip
    """The cell's debt under every choice of (sales, terms or delinquency, mix, currency)."""
    one, other = _factors(cells[0], days), _factors(cells[1], days)
    terms, evenness = _both(one.term_days, other.term_days), _both(one.evenness, other.evenness)
    late, maturing = _both(one.past_due_rate, other.past_due_rate), _both(one.maturing_days, other.maturing_days)
    sold = _rates(cells, "sales", (ONE, ONE))
    not_due_rates, past_due_rates = _rates(cells, "not_due", sold), _rates(cells, "past_due", sold)
    for mix, currency in product((0, 1), repeat=2):
        volume = max(cells[mix].sales, ZERO)
        if volume:
            current, overdue = volume * not_due_rates[currency], volume * past_due_rates[currency]
            for sales, chosen in product((0, 1), repeat=2):
                not_due[sales, chosen, mix, currency] += current * terms[chosen] * evenness[sales]
                past_due[sales, chosen, mix, currency] += overdue * late[chosen] * maturing[sales]


def _both(one: Decimal | None, other: Decimal | None) -> tuple[Decimal, Decimal]:
    first = one if one is not None else other
    second = other if other is not None else one
    return first or ZERO, second or ZERO


def _without_sales(side: Side, days: int) -> tuple[Decimal, Decimal]:
    """Days of debt that no sales (or no maturing sales) of the window explain: (not past due, past due)."""
    sales = sum((cell.sales_valued for cell in side.values()), ZERO)
    not_due = sum((cell.not_due_valued for cell in side.values() if cell.sales <= 0), ZERO)
    past_due = sum((cell.past_due_valued for cell in side.values() if cell.sales <= 0 or cell.matured <= 0), ZERO)
    return days * not_due / sales, days * past_due / sales


def bridge(
    connection: Connection,
    first: dt.date,
    second: dt.date,
    known_at: dt.datetime,
    *,
    days: int,
    view: View = "transaction",
    company_id: str | None = None,
) -> list[Row]:
    """COLUMNS per company and currency of the view, in days; null with the reason where DSO or a rate is missing.

    Figures have six decimals; what rounding the parts leaves over stands in rounding_days, so that the parts and
    it add up to change_days, and from_days and change_days to to_days, exactly.
    """
    sides = [_measures(connection, date, known_at, days, view) for date in (first, second)]
    found = []
    for company, currency in sorted(sides[0].keys() | sides[1].keys()):
        if company_id in (None, company):
            cells = [side.get((company, currency), []) for side in sides]
            row = _row([_side(read) for read in cells], [first, second], days, _missing(cells))
            found.append({"company_id": company, "currency_code": currency, "kpi": f"dso_simple_{days}d"} | row)
    return found


def _measures(
    connection: Connection, as_of: dt.date, known_at: dt.datetime, days: int, view: View
) -> dict[tuple[str, str], list[Row]]:
    values = {
        "as_of": as_of,
        "known_at": known_at,
        "window_days": days,
        **bound(view, as_of),
    }
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows(connection, MEASURES_SQL, values):
        found.setdefault((row["company_id"], row["view_currency_code"]), []).append(row)
    return found


def _side(read: Iterable[Row]) -> dict[tuple[str, str], Cell]:
    return {
        (row["customer_id"], row["currency_code"]): Cell(
            not_due=row["not_due_amount"], past_due=row["past_due_amount"], sales=row["sales_amount"],
            not_due_valued=row["not_due_valued"], past_due_valued=row["past_due_valued"],
            sales_valued=row["sales_valued"], term_amount_days=row["term_amount_days"],
            billed=row["billed_amount"], matured=row["matured_amount"],
        )
        for row in read
    }  # fmt: skip


def _missing(cells: list[list[Row]]) -> str | None:
    return min((row["missing_rate"] for side in cells for row in side if row["missing_rate"]), default=None)


def _row(sides: list[Side], dates: list[dt.date], days: int, missing: str | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS[3:])
    if missing:
        return row | {"reason": missing}
    ends = [dso(side, days) for side in sides]
    for name, end in zip(("from_days", "to_days"), ends, strict=True):
        row[name] = None if end is None else end.quantize(STEP)
    if ends[0] is None or ends[1] is None:
        return row | {"reason": NO_SALES.format(days=days, date=dates[0] if ends[0] is None else dates[1])}
    moved = parts(sides[0], sides[1], days)
    if moved is None:
        return row | {"reason": "sales of one date at the rates of the other are not above zero"}
    row["change_days"] = row["to_days"] - row["from_days"]
    rounded = {f"{factor}_days": part.quantize(STEP) for factor, part in moved.items()}
    return row | rounded | {"rounding_days": row["change_days"] - sum(rounded.values())}
