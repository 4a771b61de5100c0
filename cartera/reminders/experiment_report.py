"""What an experiment brought: cash per contact against the hold-out and days gained, with confidence intervals.

Every customer is looked at for the same number of days from the day it was drawn; who was drawn later than that waits.
So arms whose percentages were changed on the way are still compared over equal times. Amounts of two currencies are
never added: each customer counts in the currencies that it owed when it was drawn.

Method (`METHOD`): Welch's unequal-variances t interval of the difference of two means (B. L. Welch, Biometrika 34,
1947); days to pay are a ratio, weighted by what was owed, whose variance is that of its linearised values (W. G.
Cochran, Sampling Techniques, 3rd ed. 1977, section 2.11). The number of contacts is taken as given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders.experiment import Arm
from cartera.reminders.portfolio import TOLD
from cartera.warehouse import read
from cartera.warehouse.read import rows

WINDOW_DAYS = 30
MIN_CUSTOMERS = 100
MIN_PAID = 20
CONFIDENCE = Decimal("0.95")
METHOD = (
    "95 % intervals: Welch's t for a difference of means; days to pay are weighted by what was owed, their variance"
    " linearised. Below 100 customers, or 20 who paid, in the arm or the hold-out: not enough data"
)


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds of its confidence interval."""

    estimate: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Shortfall:
    """Why nothing can be compared: of `what`, `arm` has `count` where `needed` are needed."""

    arm: Arm
    what: Literal["customers", "paid", "contacts"]
    count: int
    needed: int

    def __str__(self) -> str:
        arm = "hold-out" if self.arm is Arm.hold_out else str(self.arm)
        said = {
            "customers": f"{self.count} customers in the {arm}, {self.needed} are needed",
            "paid": f"{self.count} customers of the {arm} paid, {self.needed} are needed",
            "contacts": f"no contact of the {arm} yet",
        }
        return f"not enough data: {said[self.what]}"


@dataclass(frozen=True)
class ArmFigures:
    """One arm in one currency. `customers`: drawn, and looked at for the whole window; `too_new`: not yet so long.

    `against`: the arm that it is compared with; a challenger stands twice, beside the hold-out and beside its champion.
    `days_to_pay`: of a unit owed when drawn, at most the window. What is compared is None where `shortfall` says why;
    `incremental_per_contact` also beside a champion, which has contacts of its own.
    """

    experiment: str
    arm: Arm
    currency_code: str
    customers: int
    too_new: int
    contacts: int
    paid: int
    owed: Decimal
    cash: Decimal
    days_to_pay: Decimal | None
    against: Arm | None = None
    incremental_per_customer: Interval | None = None
    incremental_per_contact: Interval | None = None
    days_gained: Interval | None = None
    shortfall: Shortfall | None = None

    @property
    def note(self) -> str:
        return str(self.shortfall or "")


@dataclass
class Sample:
    """The customers of one arm and currency: what each owed and paid, and its owed amount times days to pay."""

    contacts: int = 0
    too_new: int = 0
    owed: list[Decimal] = field(default_factory=list)
    cash: list[Decimal] = field(default_factory=list)
    open_days: list[Decimal] = field(default_factory=list)

    @property
    def paid(self) -> int:
        return sum(amount > 0 for amount in self.cash)


def experiment_report(
    name: str | None = None, *, as_of: dt.date | None = None, window_days: int = WINDOW_DAYS
) -> list[ArmFigures]:
    """All experiments or one, by arm and currency. Raises ConfigError when there is none of that name."""
    with transaction(Role.campaign) as connection:
        known = [row["experiment"] for row in rows(connection, _NAMES)]
        if name is not None and name not in known:
            raise ConfigError(
                f"nobody was drawn for an experiment {name!r}", f"known are: {', '.join(known) or 'none yet'}"
            )
        published = read.publication(connection)
        day = as_of or published.as_of_date
        samples = {
            each: _samples(connection, each, published, day, window_days) for each in known if name in (None, each)
        }
    return [figures for each, found in samples.items() for figures in compare(each, found)]


_NAMES = "select distinct experiment from ops.experiment_draws order by experiment"


def _samples(
    connection: Connection, name: str, published: read.Publication, as_of: dt.date, window_days: int
) -> dict[tuple[str, Arm], Sample]:
    bound = {
        "name": name, "as_of": as_of, "window": window_days, "known_at": published.known_at, "told": list(TOLD),
    }  # fmt: skip
    found: dict[tuple[str, Arm], Sample] = {}
    for row in rows(connection, _DRAWN, bound):
        sample = found.setdefault((row["currency_code"], Arm(row["arm"])), Sample())
        if row["is_new"]:
            sample.too_new += 1
            continue
        movements = list(zip(row["days"] or (), row["amounts"] or (), strict=True))
        sample.owed.append(row["owed"])
        sample.cash.append(sum((amount for _, amount in movements), Decimal(0)))
        sample.open_days.append(open_days(row["owed"], movements, window_days))
        sample.contacts += row["contacts"]
    return found


# cash is what came in less what went back, from the day after the draw on, to the companies that were owed then
_DRAWN = """
with drawn as (
    select d.customer_id, d.arm, d.drawn_on, code.key as currency_code, sum(code.value::numeric) as owed,
        array_agg(company.key) as companies, d.drawn_on + %(window)s > %(as_of)s as is_new
    from ops.experiment_draws as d
    cross join lateral jsonb_each(d.owed) as company
    cross join lateral jsonb_each_text(company.value) as code
    where d.experiment = %(name)s and d.drawn_on <= %(as_of)s
    group by d.customer_id, d.arm, d.drawn_on, code.key
),

cash as (
    select drawn.customer_id, drawn.currency_code, e.effective_date - drawn.drawn_on as day, -sum(e.amount) as amount
    from drawn
    join serve.fct_ledger_entries as e
        on e.customer_id = drawn.customer_id and e.currency_code = drawn.currency_code
        and e.company_id = any(drawn.companies)
    where not drawn.is_new and e.entry_type in ('received', 'refunded', 'charged_back', 'chargeback_reversed')
        and e.effective_date > drawn.drawn_on and e.effective_date <= drawn.drawn_on + %(window)s
        and e.recorded_from <= %(known_at)s and e.recorded_to > %(known_at)s
    group by drawn.customer_id, drawn.currency_code, e.effective_date - drawn.drawn_on
),

paid as (
    select customer_id, currency_code, array_agg(day order by day) as days, array_agg(amount order by day) as amounts
    from cash
    group by customer_id, currency_code
),

told as (
    select drawn.customer_id, drawn.currency_code, count(*) as contacts
    from drawn
    join ops.contacts as c on c.customer_id = drawn.customer_id and c.company_id = any(drawn.companies)
    where c.status = any(%(told)s) and c.contact_date >= drawn.drawn_on
        and c.contact_date <= drawn.drawn_on + %(window)s
        and exists (
            select 1 from ops.contact_items as i
            where i.contact_id = c.contact_id and i.currency_code = drawn.currency_code and i.left_out_reason is null
        )
    group by drawn.customer_id, drawn.currency_code
)

select drawn.arm, drawn.currency_code, drawn.owed, drawn.is_new, paid.days, paid.amounts,
    coalesce(told.contacts, 0) as contacts
from drawn
left join paid using (customer_id, currency_code)
left join told using (customer_id, currency_code)
order by drawn.customer_id
"""


def open_days(owed: Decimal, movements: Sequence[tuple[int, Decimal]], window_days: int) -> Decimal:
    """What was owed, times the days that each unit of it stayed open, at most the window.

    `movements`: days after the draw and net cash, in order. Cash settles what was owed then before anything newer.
    """
    settled, saved = Decimal(0), Decimal(0)
    for day, amount in movements:
        now = min(max(settled + amount, Decimal(0)), owed)
        saved += (now - settled) * (window_days - day)
        settled = now
    return owed * window_days - saved


def compare(name: str, samples: dict[tuple[str, Arm], Sample]) -> list[ArmFigures]:
    """Each arm beside the hold-out of the same currency, and the challenger beside its champion."""
    found = []
    for currency in sorted({code for code, _ in samples}):
        control = samples.get((currency, Arm.hold_out), Sample())
        for arm in Arm:
            if (sample := samples.get((currency, arm))) is not None:
                against = None if arm is Arm.hold_out else Arm.hold_out
                found.append(_figures(name, arm, currency, sample, control, against))
        champion, challenger = samples.get((currency, Arm.champion)), samples.get((currency, Arm.challenger))
        if champion and challenger:
            found.append(_figures(name, Arm.challenger, currency, challenger, champion, Arm.champion))
    return found


def _figures(name: str, arm: Arm, currency: str, sample: Sample, control: Sample, against: Arm | None) -> ArmFigures:
    owed = sum(sample.owed, Decimal(0))
    shortfall = _not_enough({against: control, arm: sample}) if against else None
    is_compared = against is not None and shortfall is None
    return ArmFigures(
        experiment=name,
        arm=arm,
        currency_code=currency,
        customers=len(sample.owed),
        too_new=sample.too_new,
        contacts=sample.contacts,
        paid=sample.paid,
        owed=owed,
        cash=sum(sample.cash, Decimal(0)),
        days_to_pay=sum(sample.open_days, Decimal(0)) / owed if owed else None,
        against=against,
        incremental_per_customer=welch(sample.cash, control.cash) if is_compared else None,
        incremental_per_contact=_per_contact(sample, control) if is_compared and against is Arm.hold_out else None,
        days_gained=_days_gained(sample, control) if is_compared else None,
        shortfall=shortfall,
    )


def _not_enough(compared: dict[Arm, Sample]) -> Shortfall | None:
    """The first that is too little; the last of the two is the arm whose contacts are judged."""
    for arm, sample in compared.items():
        if len(sample.owed) < MIN_CUSTOMERS:
            return Shortfall(arm, "customers", len(sample.owed), MIN_CUSTOMERS)
        if sample.paid < MIN_PAID:
            return Shortfall(arm, "paid", sample.paid, MIN_PAID)
    return None if sample.contacts else Shortfall(arm, "contacts", 0, 1)


def _per_contact(sample: Sample, control: Sample) -> Interval:
    difference = welch(sample.cash, control.cash)
    scale = Decimal(len(sample.cash)) / sample.contacts
    return Interval(difference.estimate * scale, difference.low * scale, difference.high * scale)


def _days_gained(sample: Sample, control: Sample) -> Interval:
    return welch(_linearised(control), _linearised(sample))


def _linearised(sample: Sample) -> list[Decimal]:
    """Values whose mean is the weighted days to pay, and the variance of whose mean is that of this ratio."""
    owed = sum(sample.owed, Decimal(0))
    ratio, mean = sum(sample.open_days, Decimal(0)) / owed, owed / len(sample.owed)
    return [ratio + (days - ratio * amount) / mean for days, amount in zip(sample.open_days, sample.owed, strict=True)]


def welch(first: Sequence[Decimal], second: Sequence[Decimal]) -> Interval:
    """The difference of the means of two samples, with its interval."""
    from scipy import stats  # type: ignore[import-untyped]

    (mean_a, error_a), (mean_b, error_b) = _mean(first), _mean(second)
    estimate, squared = mean_a - mean_b, error_a + error_b
    if not squared:
        return Interval(estimate, estimate, estimate)
    freedom = squared**2 / (error_a**2 / (len(first) - 1) + error_b**2 / (len(second) - 1))
    reach = Decimal(float(stats.t.ppf(float((1 + CONFIDENCE) / 2), float(freedom)))) * squared.sqrt()
    return Interval(estimate, estimate - reach, estimate + reach)


def _mean(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """The mean, and the square of its standard error."""
    count = len(values)
    mean = sum(values, Decimal(0)) / count
    return mean, sum(((value - mean) ** 2 for value in values), Decimal(0)) / (count - 1) / count
