"""Run by the Python of Tryton's own environment: a company with its chart of accounts and fiscal year, by proteus.

python tryton_prepare.py CONFIG DATABASE
"""

import datetime as dt
import sys
from decimal import Decimal

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

YEAR = (dt.date(2024, 1, 1), dt.date(2040, 12, 31))
"""One long one: what Tryton dates with its own clock falls into it too."""


def main(config_file: str, database: str) -> None:
    config.set_trytond(database=database, config_file=config_file)
    get = Model.get
    currencies()
    party = get("party.party")(name="Acme S.A.")
    party.save()
    create_company(party, get_currency("PEN"))
    company = get_company()
    company.cancel_invoice_out = True
    company.save()
    year = set_fiscalyear_invoice_sequences(create_fiscalyear(company, today=YEAR))
    year.save()
    Model.get("account.period")(name="all", fiscalyear=year, start_date=YEAR[0], end_date=YEAR[1]).save()
    create_chart(company, chart="account.account_template_root_en")
    accounts = get_accounts(company)
    journals(accounts, company)
    term = get("account.invoice.payment_term")(name="Two instalments")
    first = term.lines.new(type="percent", ratio=Decimal("0.6"))
    first.relativedeltas.new(days=30)
    term.lines.new(type="remainder").relativedeltas.new(days=60)
    term.save()
    term = get("account.invoice.payment_term")(name="Thirty days")
    term.lines.new(type="remainder").relativedeltas.new(days=30)
    term.save()


def currencies() -> None:
    """PEN is what all rates are to; a dollar is 4 of them, 5 from June on."""
    currency = Model.get("currency.currency")
    for code, rates in (
        ("PEN", {dt.date(2000, 1, 1): Decimal(1)}),
        ("USD", {dt.date(2000, 1, 1): Decimal("0.25"), dt.date(2024, 6, 1): Decimal("0.2")}),
    ):
        made = currency(name=code, symbol=code, code=code, rounding=Decimal("0.01"), digits=2)
        for day, rate in rates.items():
            made.rates.new(date=day, rate=rate)
        made.save()


def journals(accounts: dict[str, Model], company: Model) -> None:
    cash, revenue, expense = accounts["cash"], accounts["revenue"], accounts["expense"]
    journal = Model.get("account.journal")
    money, = journal.find([("type", "=", "cash")], limit=1)  # fmt: skip
    exchange, = journal.find([("code", "=", "EXC")], limit=1)  # fmt: skip
    lost = journal(name="Write-off", code="WO", type="write-off")
    lost.save()
    bank = journal(name="Bank", code="BNK", type="statement")
    bank.save()
    Model.get("account.invoice.payment.method")(
        name="Cash", journal=money, credit_account=cash, debit_account=cash
    ).save()
    Model.get("account.move.reconcile.write_off")(
        name="Too little to ask for", journal=lost, credit_account=revenue, debit_account=expense
    ).save()
    Model.get("account.statement.journal")(
        name="Bank", journal=bank, validation="amount", account=cash, currency=company.currency
    ).save()
    settings = Model.get("account.configuration")(1)
    settings.currency_exchange_journal = exchange
    settings.currency_exchange_credit_account = revenue
    settings.currency_exchange_debit_account = expense
    settings.save()


if __name__ == "__main__":
    main(*sys.argv[1:])
