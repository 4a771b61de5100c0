"""From books to the columns of the export files. Headers and words are those of the (fictitious) systems."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cartera.sandbox import text
from cartera.sandbox.customers import COMPANIES, COMPANY_CURRENCY, CURRENCIES
from cartera.sandbox.dice import Ints
from cartera.sandbox.documents import USD
from cartera.sandbox.exports import Columns, Dialect
from cartera.sandbox.movements import Books
from cartera.sandbox.plan import Plan
from cartera.sandbox.rates import usd_rates

CUSTOMER_HEADER = (
    "Código", "Sociedad", "Razón Social", "RUC/NIT", "País", "Idioma", "Zona Horaria", "Correo", "Teléfono",
    "Plazo (días)", "Límite de Crédito", "Moneda", "Gestor", "Activo", "Tipo de Cliente",
)  # fmt: skip

DIALECTS = {
    "companies": Dialect(","),
    "fx_rates": Dialect(","),
    "customers": Dialect(","),
    "invoices": Dialect(";", has_mark=True, decimal=",", thousands=".", dates="%d/%m/%Y"),
    "instalments": Dialect(","),
    "credit_notes": Dialect("\t", "utf-16-le", has_mark=True, thousands=",", dates="%m/%d/%Y"),
    "payments": Dialect(";", "cp1252", decimal=",", dates="%d-%m-%Y"),
    "write_offs": Dialect(",", dates="%Y/%m/%d"),
    "disputes": Dialect("|"),
    "promises": Dialect(";", decimal=",", dates="%d.%m.%Y"),
}

ALLOCATION_SCHEMA = pa.schema(
    [
        ("allocation_id", pa.string()),
        ("payment_id", pa.string()),
        ("credit_note_id", pa.string()),
        ("invoice_id", pa.string()),
        ("instalment_id", pa.string()),
        ("amount", pa.decimal128(18, 2)),
        ("allocated_date", pa.date32()),
    ]
)

_NUMBER_PREFIXES = ("F001-", "FECO-")
_METHODS = ("transferencia", "depósito", "tarjeta", "cheque")
_MANY_REFERENCES = ("Abono a varias facturas – liquidación", "Pago según estado de cuenta", "Cancelación de facturas")
_ONE_REFERENCES = ("Pago ", "Depósito Nº op. ", "Transf. factura ")
_DISPUTE_REASONS = ("precio", "mercadería dañada", "entrega incompleta", "duplicate invoice", "orden de compra errada")


def invoice_columns(plan: Plan, books: Books, open_amount: Ints) -> Columns:
    invoices, dialect = books.invoices, DIALECTS["invoices"]
    left = np.zeros(len(invoices.number), dtype=np.int64)
    np.add.at(left, books.items.invoice, open_amount)
    status = np.where(plan.happened(invoices.void_day), 2, np.where(left == 0, 1, 0))
    last_due_day = np.zeros(len(invoices.number), dtype=np.int64)
    np.maximum.at(last_due_day, books.items.invoice, books.items.shown_due_day)
    return {
        "Id Documento": invoice_ids(invoices.number),
        "Sociedad": text.choose(COMPANIES, invoices.company),
        "Cliente": text.numbered("C", invoices.customer, 6),
        "Número": _document_numbers(books, np.arange(len(invoices.number))),
        "Tipo": text.choose(["FAC"], np.zeros(len(left), dtype=np.int64)),
        "Estado": text.choose(["Emitida", "Cobrada", "Anulada"], status),
        "Fecha Emisión": text.days(invoices.issue_day, plan.first_day, dialect.dates),
        "Fecha Vencimiento": text.days(last_due_day, plan.first_day, dialect.dates),
        "Moneda": text.choose(CURRENCIES, invoices.currency),
        "Importe Total": text.money(invoices.shown_total, dialect.decimal, dialect.thousands),
        "Moneda Local": text.choose(COMPANY_CURRENCY, invoices.company),
        "Tipo de Cambio": _fx_rates(books),
    }


def instalment_columns(plan: Plan, books: Books) -> Columns:
    """Only of invoices with more than one: the others' due date stands in the invoice."""
    items, dialect = books.items, DIALECTS["instalments"]
    several = np.nonzero(books.invoices.instalments[items.invoice] > 1)[0]
    return {
        "InstalmentId": _instalment_ids(books, several),
        "InvoiceId": invoice_ids(books.invoices.number[items.invoice[several]]),
        "DueDate": text.days(items.shown_due_day[several], plan.first_day, dialect.dates),
        "Amount": text.money(items.shown_amount[several], dialect.decimal),
    }


def credit_note_columns(plan: Plan, books: Books) -> Columns:
    invoices, credits, dialect = books.invoices, books.credits, DIALECTS["credit_notes"]
    rows = np.nonzero(plan.happened(credits.day))[0]
    number = invoices.number[rows]
    return {
        "Credit Note ID": text.numbered("NC", number + 1, 10),
        "Company": text.choose(COMPANIES, invoices.company[rows]),
        "Customer": text.numbered("C", invoices.customer[rows], 6),
        "Applies To": text.where(credits.applied[rows] > 0, invoice_ids(number)),
        "Number": text.numbered("FC01-", number + 1, 8),
        "Status": text.choose(["Issued"], np.zeros(len(rows), dtype=np.int64)),
        "Date": text.days(credits.day[rows], plan.first_day, dialect.dates),
        "Currency": text.choose(CURRENCIES, invoices.currency[rows]),
        "Amount": text.money(credits.amount[rows], dialect.decimal, dialect.thousands),
    }


def payment_columns(plan: Plan, books: Books) -> Columns:
    payments, dialect = books.payments, DIALECTS["payments"]
    first = payments.first_invoice
    return {
        "Recibo": text.numbered("R", payments.number, 12),
        "Sociedad": text.choose(COMPANIES, books.invoices.company[first]),
        "Cliente": text.numbered("C", books.invoices.customer[first], 6),
        "Fecha": text.days(payments.day, plan.first_day, dialect.dates),
        "Moneda": text.choose(CURRENCIES, books.invoices.currency[first]),
        "Importe": text.money(payments.amount, dialect.decimal),
        "Comisión": text.where(payments.fee > 0, text.money(payments.fee, dialect.decimal)),
        "Medio de Pago": text.choose(_METHODS, payments.method),
        "Concepto": _references(books),
        "Situación": text.choose(["Recibido", "Devuelto"], payments.is_cancelled.astype(np.int64)),
    }


def allocation_columns(plan: Plan, books: Books) -> Columns:
    """Payments' first, then credit notes', which carry no date of their own."""
    allocations, items, credits = books.allocations, books.items, books.credits
    is_credited = (items.position == 0) & (plan.happened(credits.day) & (credits.applied > 0))[items.invoice]
    credited = np.nonzero(is_credited)[0]
    item = np.concatenate([allocations.item, credited])
    is_several = books.invoices.instalments[items.invoice[item]] > 1
    credited_number = books.invoices.number[items.invoice[credited]]
    no_payment, no_credit = (pa.nulls(len(rows), pa.string()) for rows in (credited, allocations.item))
    null = pa.scalar(None, pa.string())
    paid_on = text.dates(allocations.day, plan.first_day)
    return {
        "allocation_id": _joined(text.numbered("A", allocations.number, 12), text.numbered("K", credited_number, 12)),
        "payment_id": _joined(text.numbered("R", allocations.payment_number, 12), no_payment),
        "credit_note_id": _joined(no_credit, text.numbered("NC", credited_number + 1, 10)),
        "invoice_id": invoice_ids(books.invoices.number[items.invoice[item]]),
        "instalment_id": pc.if_else(pa.array(is_several), _instalment_ids(books, item), null),
        "amount": text.decimals(np.concatenate([allocations.amount, credits.applied[items.invoice[credited]]])),
        "allocated_date": _joined(paid_on, pa.nulls(len(credited), pa.date32())),
    }


def write_off_columns(plan: Plan, books: Books) -> Columns:
    items, settlements, dialect = books.items, books.settlements, DIALECTS["write_offs"]
    rows = np.nonzero(plan.happened(settlements.write_off_day))[0]
    is_several = books.invoices.instalments[items.invoice[rows]] > 1
    is_small = settlements.write_off_amount[rows] * 20 < items.amount[rows]
    return {
        "id": text.numbered("W", items.id[rows], 12),
        "invoice": invoice_ids(books.invoices.number[items.invoice[rows]]),
        "instalment": text.where(is_several, _instalment_ids(books, rows)),
        "amount": text.money(settlements.write_off_amount[rows], dialect.decimal),
        "date": text.days(settlements.write_off_day[rows], plan.first_day, dialect.dates),
        "reason": text.choose(["incobrable", "saldo menor"], is_small.astype(np.int64)),
    }


def dispute_columns(plan: Plan, books: Books) -> Columns:
    disputes, dialect = books.disputes, DIALECTS["disputes"]
    rows = np.nonzero(plan.happened(disputes.opened_day))[0]
    number, resolved = books.invoices.number[rows], disputes.resolved_day[rows]
    is_resolved = plan.happened(resolved)
    resolved_on = text.days(np.where(is_resolved, resolved, plan.until_day), plan.first_day, dialect.dates)
    return {
        "Reclamo": text.numbered("D", number + 1, 10),
        "Factura": invoice_ids(number),
        "Abierto": text.days(disputes.opened_day[rows], plan.first_day, dialect.dates),
        "Resuelto": text.where(is_resolved, resolved_on),
        "Motivo": text.choose(_DISPUTE_REASONS, plan.dice.below("dispute_reason", number, len(_DISPUTE_REASONS))),
    }


def promise_columns(plan: Plan, books: Books) -> Columns:
    promises, invoices, dialect = books.promises, books.invoices, DIALECTS["promises"]
    rows = np.nonzero(plan.happened(promises.made_day))[0]
    invoice = books.items.invoice[rows]
    return {
        "Promesa": text.numbered("PP", books.items.id[rows], 12),
        "Cliente": text.numbered("C", invoices.customer[invoice], 6),
        "Factura": invoice_ids(invoices.number[invoice]),
        "Fecha": text.days(promises.made_day[rows], plan.first_day, dialect.dates),
        "Prometido para": text.days(promises.promised_day[rows], plan.first_day, dialect.dates),
        "Moneda": text.choose(CURRENCIES, invoices.currency[invoice]),
        "Importe": text.money(books.promised_amount[rows], dialect.decimal),
    }


def invoice_ids(numbers: Ints) -> pa.Array:
    """Ten digits with leading zeros, as ERPs have them: an id is a text. The first is 1."""
    return text.numbered("", numbers + 1, 10)


def _instalment_ids(books: Books, items: Ints) -> pa.Array:
    invoice = invoice_ids(books.invoices.number[books.items.invoice[items]])
    return pc.binary_join_element_wise(invoice, text.numbered("", books.items.position[items] + 1, 1), "-")


def _document_numbers(books: Books, invoices: Ints) -> pa.Array:
    prefix = text.choose(_NUMBER_PREFIXES, books.invoices.company[invoices])
    return pc.binary_join_element_wise(prefix, text.numbered("", books.invoices.number[invoices] + 1, 8), "")


def _references(books: Books) -> pa.Array:
    payments = books.payments
    many = text.choose(_MANY_REFERENCES, payments.number % 7 % 3)
    one = text.choose(_ONE_REFERENCES, payments.number % 7 % 3)
    one = pc.binary_join_element_wise(one, _document_numbers(books, payments.first_invoice), "")
    return text.where(payments.covers_many, many, one)


def _fx_rates(books: Books) -> pa.Array:
    """Local units for one unit of the invoice: 1 unless it is in US dollars."""
    invoices, dialect = books.invoices, DIALECTS["invoices"]
    ten_thousandths = usd_rates(invoices.company, invoices.issue_day)
    rate = pc.binary_join_element_wise(
        pc.cast(pa.array(ten_thousandths // 10_000), pa.string()),
        text.numbered("", ten_thousandths % 10_000, 4),
        dialect.decimal,
    )
    return text.where(invoices.currency == USD, rate, "1")


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    return pa.concat_arrays([first, second])
