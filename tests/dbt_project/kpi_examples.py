"""The worked examples of shared/facts/kpi_examples.yaml as invoices, payments and disputes.

Each example is a company of its own. Its inputs are repeated here so that a change of the facts is seen.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from contact_history import ContactVersion, contact_id
from ledger_history import DELIVERIES, Values, Version

from cartera.clock import FOREVER

AS_OF = dt.date(2026, 3, 31)
SOURCE = "examples"


@dataclass
class Company:
    """Documents of one creditor; days are counted back from AS_OF."""

    name: str
    versions: list[Version] = field(default_factory=list)
    contacts: list[ContactVersion] = field(default_factory=list)

    def _add(self, entity: str, key: str, **values: Any) -> None:
        given: Values = {"company_id": self.name, "currency_code": "USD", "customer_id": f"{self.name} customer"}
        self.versions.append(Version(SOURCE, entity, key, DELIVERIES[0], FOREVER, False, given | values))

    def _withdraw(self) -> None:
        """The record added last is gone from the second delivery on."""
        said = self.versions.pop()
        self.versions += [
            replace(said, recorded_to=DELIVERIES[1]),
            replace(said, recorded_from=DELIVERIES[1], is_deleted=True),
        ]

    def invoice(self, amount: int, issued: int, due: int, paid: tuple[int, int] = (0, 0), **values: Any) -> None:
        """An invoice; `paid`: amount and days ago of its one payment."""
        number = f"{self.name}/{len(self.versions)}"
        self._add(
            "invoices",
            number,
            invoice_id=number,
            issue_date=_ago(issued),
            due_date=_ago(due),
            total_amount=Decimal(amount),
            **values,
        )
        if paid[0]:
            self._add("payments", number, payment_id=number, received_date=_ago(paid[1]), amount=Decimal(paid[0]))
            self._add(
                "allocations",
                number,
                allocation_id=number,
                payment_id=number,
                invoice_id=number,
                amount=Decimal(paid[0]),
                allocated_date=_ago(paid[1]),
            )

    def write_off(self, amount: int, days_ago: int) -> None:
        """Of the invoice added last."""
        key, values = self.versions[-1].key, {"amount": Decimal(amount), "write_off_date": _ago(days_ago)}
        self._add("write_offs", key, write_off_id=key, invoice_id=key, **values)

    def dispute(self, invoice_id: str, opened: int, resolved: int | None = None) -> None:
        """Opened and resolved so many days ago."""
        resolved_date = None if resolved is None else _ago(resolved)
        values = {"invoice_id": invoice_id, "opened_date": _ago(opened), "resolved_date": resolved_date}
        self._add("disputes", invoice_id, dispute_id=invoice_id, **values)

    def promise(self, number: int, promised: int, is_kept: bool = False, is_cancelled: bool = False) -> None:
        """A promise made 60 days ago to pay an invoice so many days ago; paid on that day when it is kept.

        Who keeps it is another company's own customer: a promise is one to whom its invoice is owed.
        """
        customer_id = f"{self.name} {number}"
        if is_kept:
            self._add("customers", customer_id, customer_id=customer_id, company_id=f"{self.name} elsewhere")
        self.invoice(100, 80, 65, (100, promised) if is_kept else (0, 0), customer_id=customer_id)
        invoice_id = next(v.key for v in reversed(self.versions) if v.entity == "invoices")
        values = {"customer_id": customer_id, "invoice_id": invoice_id, "amount": Decimal(100)}
        dates = {"made_date": _ago(60), "promised_date": _ago(promised)}
        self._add("promises", invoice_id, promise_id=invoice_id, **values, **dates)
        if is_cancelled:
            self._withdraw()

    def contact(self, customer_id: str, outcome: str, days_ago: int, cost: Decimal | None = None) -> None:
        """A letter, or where it has an outcome a call, of that day."""
        self.contacts.append(
            ContactVersion(
                contact_id=contact_id(f"{self.name}/{len(self.contacts)}"),
                company_id=self.name,
                customer_id=f"{SOURCE}:{customer_id}",
                channel="call" if outcome else "letter",
                sent_date=_ago(days_ago),
                status="answered" if outcome.endswith("_party") or outcome.startswith("right_party") else "sent",
                answer_class=outcome or None,
                currency_code="USD",
                cost_amount=cost,
                cost_currency_code=None if cost is None else "USD",
                recorded_from=DELIVERIES[0],
            )
        )

    def period(self, window: int, opening: int, sales: int, current: int, past_due: int = 0) -> Company:
        """Owed at the opening, sold in the window, owed at its end not yet due and past due; the rest was paid."""
        if opening:
            self.invoice(opening, window + 10, window, (opening, window // 2))
        self.invoice(current, window - 1, -30)
        if past_due:
            self.invoice(past_due, window - 1, 5)
        rest = sales - current - past_due
        if rest:
            self.invoice(rest, window - 1, 5, (rest, 3))
        return self


def _ago(days: int) -> dt.date:
    return AS_OF - dt.timedelta(days=days)


@dataclass(frozen=True)
class Example:
    """`kpis`: the word of the facts file and our name of it."""

    id: str
    window: int
    kpis: tuple[tuple[str, str], ...]
    inputs: dict[str, Any]
    company: Company


def _countback() -> Company:
    company = Company("dso_countback_30day_months")
    company.invoice(100000, 10, -20)
    company.invoice(80000, 40, 10)
    company.invoice(70000, 70, 40, (38000, 5))
    return company


def _disputed() -> Company:
    company = Company("dispute_rate_constructed")
    company.invoice(30000, 20, -10, is_disputed=True)
    company.invoice(970000, 20, -10)
    return company


def _deducted() -> Company:
    """Contested in the period: two invoices; one of them still is."""
    company = Company("ddo_constructed")
    for opened, resolved in ((40, None), (60, 10)):
        company.invoice(120000, 80, 65)
        company.dispute(company.versions[-1].key, opened, resolved)
    return company


def _promised(kept: int, broken: int, pending: int, cancelled: int) -> Company:
    """Those that are pending will be paid by a day to come; those that were cancelled had been due long since."""
    company = Company("ptp_kept_constructed")
    kinds = [
        *[{"promised": 20, "is_kept": True}] * kept,
        *[{"promised": 20}] * broken,
        *[{"promised": -10}] * pending,
        *[{"promised": 20, "is_cancelled": True}] * cancelled,
    ]
    for number, kind in enumerate(kinds):
        company.promise(number, **kind)
    return company


def _paid(name: str, *invoices: tuple[int, int]) -> Company:
    """Invoices by amount and days to pay."""
    company = Company(name)
    for amount, days in invoices:
        company.invoice(amount, 60, 30, (amount, 60 - days))
    return company


def _contacted(name: str, attempted: int, reached: int, responsible: int = 0) -> Company:
    """A customer each is called twice: nobody answers, then somebody does at those who are reached."""
    company = Company(name).period(90, opening=0, sales=1234, current=1234)
    for number in range(attempted):
        company.contact(f"{name} {number}", "no_answer", 20)
        answer = "right_party_other" if number < responsible else "wrong_party" if number < reached else "busy"
        company.contact(f"{name} {number}", answer, 10)
    return company


def _costing(name: str, cost: int, payments: list[int]) -> Company:
    """Four letters a year before cost as much again; they are none of the window's."""
    company = Company(name)
    for amount in payments:
        company.invoice(amount, 60, 30, (amount, 10))
    for number in range(4):
        company.contact(f"{name} customer", "", 30 + number, cost=Decimal(cost) / 4)
        company.contact(f"{name} customer", "", 300 + number, cost=Decimal(cost) / 4)
    return company


EXAMPLES = [
    Example(
        "dso_simple_month",
        30,
        (("dso", "dso_simple_30d"), ("dso", "dso_average_30d")),
        {"ar_balance": 18000, "credit_sales": 20000, "days": 30},
        Company("dso_simple_month").period(30, opening=18000, sales=20000, current=18000),
    ),
    Example(
        "dso_countback_30day_months",
        90,
        (("dso", "dso_countback_30_day_months"),),
        {
            "ar_balance": 212000,
            "months_latest_first": [{"sales": sales, "days": 30} for sales in (100000, 80000, 70000)],
        },
        _countback(),
    ),
    Example(
        "bpdso_add_triplet",
        90,
        (("dso", "dso_simple_90d"), ("bpdso", "best_possible_dso_90d"), ("add", "average_days_delinquent_90d")),
        {"total_ar": 6340, "current_ar": 3590, "credit_sales": 10890, "days": 90},
        Company("bpdso_add_triplet").period(90, opening=6200, sales=10890, current=3590, past_due=2750),
    ),
    Example(
        "cei_monthly_average",
        90,
        (("cei", "cei_monthly_average_90d"),),
        {"beg_ar": 6200, "credit_sales": 10890, "n_months": 3, "end_total_ar": 6340, "end_current_ar": 3590},
        Company("cei_monthly_average").period(90, opening=6200, sales=10890, current=3590, past_due=2750),
    ),
    Example(
        "past_due_pct",
        90,
        (("past_due_pct", "past_due_pct"),),
        {"total_ar": 6340, "current_ar": 3590},
        Company("past_due_pct").period(90, opening=6200, sales=10890, current=3590, past_due=2750),
    ),
    Example(
        "ar_turnover",
        365,
        (("turnover", "ar_turnover_365d"),),
        {"net_credit_sales": 1000000, "average_ar": 200000},
        Company("ar_turnover").period(365, opening=200000, sales=1000000, current=200000),
    ),
    Example(
        "ar_turnover_days_avg",
        365,
        (("turnover", "ar_turnover_365d"), ("days", "dso_average_365d")),
        {"credit_sales": 6205000, "average_ar": 335000},
        Company("ar_turnover_days_avg").period(365, opening=335000, sales=6205000, current=335000),
    ),
    Example(
        "dispute_rate_constructed",
        90,
        (("dispute_rate", "disputed_pct"),),
        {"disputed": 30000, "total_ar": 1000000},
        _disputed(),
    ),
    Example(
        "ptp_kept_constructed",
        90,
        (("kept_rate_count", "promise_kept_pct_90d"),),
        {"kept": 36, "broken": 14, "pending": 20, "cancelled": 3},
        _promised(kept=36, broken=14, pending=20, cancelled=3),
    ),
    Example(
        "ddo_constructed",
        90,
        (("ddo", "days_deductions_outstanding_90d"),),
        {"open_deductions": 120000, "deductions_taken_in_period": 240000, "days": 90},
        _deducted(),
    ),
    Example(
        "hhi_monopoly",
        90,
        (("hhi", "hhi"),),
        {"shares_pct": [100]},
        Company("hhi_monopoly").period(90, opening=0, sales=1234, current=1234),
    ),
    Example(
        "wadtp_3_invoices",
        90,
        (("wadtp", "weighted_days_to_pay_90d"),),
        {"invoices": [{"amount": a, "days": d} for a, d in ((1000, 15), (3000, 30), (2000, 45))]},
        _paid("wadtp_3_invoices", (1000, 15), (3000, 30), (2000, 45)),
    ),
    Example(
        "wadtp_small",
        90,
        (("wadtp", "weighted_days_to_pay_90d"), ("simple_avg", "average_days_to_pay_90d")),
        {"invoices": [{"amount": 10, "days": 5}, {"amount": 100, "days": 10}]},
        _paid("wadtp_small", (10, 5), (100, 10)),
    ),
    Example(
        "contact_rate_constructed",
        90,
        (("contact_rate", "contact_rate_pct_90d"),),
        {"accounts_attempted": 400, "accounts_contacted": 120},
        _contacted("contact_rate_constructed", attempted=400, reached=120),
    ),
    Example(
        "rpc_rate",
        90,
        (("rpc_rate", "right_party_contact_pct_90d"),),
        {"persons_reached": 50, "responsible": 25},
        _contacted("rpc_rate", attempted=60, reached=50, responsible=25),
    ),
    Example(
        "cost_to_collect_constructed",
        90,
        (("cost_to_collect", "cost_to_collect_90d"),),
        {"total_collection_cost": 45000, "total_collected": 1500000},
        _costing("cost_to_collect_constructed", cost=45000, payments=[1000000, 500000]),
    ),
    Example(
        "cost_per_collection",
        90,
        (("cost_per_collection", "cost_per_payment_90d"),),
        {"operational_cost": 10000, "collections": 100},
        _costing("cost_per_collection", cost=10000, payments=[70] * 100),
    ),
]

NOT_A_KPI = {
    "mape": (r"mape|forecast", "cash is not forecast"),
    "success_fee_on_settlement": (r"fee|settlement", "no contract of an agency is known"),
    "settlement_floor_by_age": (r"floor|settlement", "no authority to settle is known"),
    "cl_max_collection_cost": (r"max_|cap_|surcharge", "no cost of collection is charged to debtors"),
}
"""Examples of what the warehouse has no figure of, and what a KPI that made one of it would be called."""

AGED = {"jan": (3345, 1795, 1000, 60), "feb": (3560, 1550, 825, 65), "mar": (3590, 1800, 900, 50)}


def example_versions() -> list[Version]:
    """All examples as raw records, known from the first delivery on."""
    companies = [example.company for example in EXAMPLES]
    for month, amounts in AGED.items():
        company = Company(f"aging_foots {month}")
        for amount, days_late in zip(amounts, (-5, 45, 75, 95), strict=True):
            company.invoice(amount, 150, days_late)
        companies.append(company)
    return [version for company in companies for version in company.versions]


def example_contacts() -> list[ContactVersion]:
    return [contact for example in EXAMPLES for contact in example.company.contacts]
