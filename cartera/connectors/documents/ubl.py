"""UBL 2.1: invoices, credit notes and debit notes of Peru's SUNAT and of Peppol (EN 16931)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from cartera.connectors.api import Record
from cartera.connectors.documents.parts import identity, instalments, number, party, required, text, texts

PERU = ("01", "03", "07", "08")
"""Invoice, receipt, credit note, debit note of SUNAT's catalogue 01: numbers are counted by type."""
CREDIT_NOTES = ("381", "396", "07")
NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd"


def read(root: Any) -> list[Record]:
    name = root.tag.rpartition("}")[2]
    implied = {"CreditNote": "07", "DebitNote": "08"} if _is_peruvian(root) else {"CreditNote": "381"}
    type_ = text(root, "InvoiceTypeCode", "CreditNoteTypeCode") or implied.get(name, "380")
    kind = "credit_note" if name == "CreditNote" or type_ in CREDIT_NOTES else "invoice"
    supplier = root.find("{*}AccountingSupplierParty/{*}Party")
    customer = root.find("{*}AccountingCustomerParty/{*}Party")
    totals = ("LegalMonetaryTotal/PayableAmount", "RequestedMonetaryTotal/PayableAmount")
    total = number(required(root, *totals), "PayableAmount")
    currency = required(root, "DocumentCurrencyCode")
    due = text(root, "DueDate", "PaymentMeans/PaymentDueDate")
    parts, is_paid = _terms(root)
    rows = instalments(total, due, parts) if kind == "invoice" else []
    number_ = required(root, "ID")
    return [{
        "format": "ubl", "kind": kind, "document_key": _key(type_, number_), "number": number_,
        "issuer_ids": _ids(supplier), "issue_date": required(root, "IssueDate"), "currency": currency,
        "total_amount": total, "due_date": due or max((row["due_date"] for row in rows), default=None),
        "is_paid_at_once": is_paid, "instalments": rows,
        "corrected_key": _corrected(root) if kind == "credit_note" else None,
        **party(text(customer, "PartyLegalEntity/RegistrationName", "PartyName/Name"), _ids(customer),
                text(customer, "Contact/ElectronicMail"), text(customer, "PostalAddress/Country/IdentificationCode")),
    }]  # fmt: skip


def _is_peruvian(root: Any) -> bool:
    """The scheme of RUC, or SUNAT's version of the document."""
    schemes = root.xpath("//*[local-name()='PartyIdentification']/*[local-name()='ID']/@schemeID")
    return "6" in schemes or text(root, "CustomizationID") == "2.0"


def _ids(party_: Any) -> list[str]:
    """All that it may be known by, the tax ids first."""
    paths = ("PartyTaxScheme/CompanyID", "PartyIdentification/ID", "PartyLegalEntity/CompanyID", "EndpointID")
    return [found for path in paths for one in texts(party_, path) if (found := identity(one))]


def _terms(root: Any) -> tuple[list[tuple[str, Decimal]], bool]:
    """Instalments, and whether it was paid at once (SUNAT: FormaPago Contado)."""
    parts, is_paid = [], False
    for terms in root.iterfind("{*}PaymentTerms"):
        day, amount = text(terms, "PaymentDueDate", "InstallmentDueDate"), text(terms, "Amount")
        if day and amount:
            parts.append((day, number(amount, "Amount")))
        is_paid = is_paid or (text(terms, "ID") == "FormaPago" and text(terms, "PaymentMeansID") == "Contado")
    return parts, is_paid


def _corrected(root: Any) -> str | None:
    """The one document that it corrects; with several nobody says how much is of which."""
    found = {
        _key(text(reference, "DocumentTypeCode") or "", number_)
        for reference in root.iterfind("{*}BillingReference/{*}InvoiceDocumentReference")
        if (number_ := text(reference, "ID"))
    }
    return found.pop() if len(found) == 1 else None


def _key(type_: str, number_: str) -> str:
    """F001-00000012 and F001-12 are one document of SUNAT."""
    if type_ in PERU:
        series = re.fullmatch(r"(\w{4})-0*(\d+)", number_)
        return f"{type_}:{series[1]}-{series[2]}" if series else f"{type_}:{number_}"
    return f"{'credit' if type_ in CREDIT_NOTES else 'invoice'}:{number_}"


ROOTS = {f"{{{NAMESPACE}:{name}-2}}{name}": read for name in ("Invoice", "CreditNote", "DebitNote")}
