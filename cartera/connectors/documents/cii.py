"""UN/CEFACT Cross Industry Invoice D16B: Factur-X, ZUGFeRD 2, XRechnung."""

from __future__ import annotations

from typing import Any

from cartera.connectors.api import Record
from cartera.connectors.documents.parts import BadDocument, identity, instalments, number, party, required, text, texts

CREDIT_NOTES = ("381", "261", "396")
TRADE = "SupplyChainTradeTransaction"
AGREEMENT, SETTLEMENT = f"{TRADE}/ApplicableHeaderTradeAgreement", f"{TRADE}/ApplicableHeaderTradeSettlement"
SUMS = f"{SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"


def read(root: Any) -> list[Record]:
    number_ = required(root, "ExchangedDocument/ID")
    is_credit = required(root, "ExchangedDocument/TypeCode") in CREDIT_NOTES
    total = number(required(root, f"{SUMS}/DuePayableAmount", f"{SUMS}/GrandTotalAmount"), "DuePayableAmount")
    if is_credit:
        total = abs(total)  # some write what they give as negative
    terms = root.findall(f"{{*}}{SETTLEMENT.replace('/', '/{*}')}/{{*}}SpecifiedTradePaymentTerms")
    days = [_day(text(one, "DueDateDateTime/DateTimeString")) for one in terms]
    parts = [
        (day, number(amount, "PartialPaymentAmount"))
        for day, one in zip(days, terms, strict=True)
        if day and (amount := text(one, "PartialPaymentAmount"))
    ]
    due = next(filter(None, days), None)
    buyer = f"{AGREEMENT}/BuyerTradeParty"
    corrected = set(texts(root, f"{SETTLEMENT}/InvoiceReferencedDocument/IssuerAssignedID"))
    return [{
        "format": "cii", "kind": "credit_note" if is_credit else "invoice",
        "document_key": f"{'credit' if is_credit else 'invoice'}:{number_}", "number": number_,
        "issuer_ids": _ids(root, f"{AGREEMENT}/SellerTradeParty"), "total_amount": total,
        "issue_date": _day(required(root, "ExchangedDocument/IssueDateTime/DateTimeString")),
        "currency": required(root, f"{SETTLEMENT}/InvoiceCurrencyCode"), "due_date": None if is_credit else due,
        "instalments": [] if is_credit else instalments(total, due, parts), "is_paid_at_once": False,
        "corrected_key": f"invoice:{corrected.pop()}" if is_credit and len(corrected) == 1 else None,
        **party(text(root, f"{buyer}/Name"), _ids(root, buyer),
                text(root, f"{buyer}/DefinedTradeContact/EmailURIUniversalCommunication/URIID"),
                text(root, f"{buyer}/PostalTradeAddress/CountryID")),
    }]  # fmt: skip


def _ids(root: Any, path: str) -> list[str]:
    paths = ("SpecifiedTaxRegistration/ID", "SpecifiedLegalOrganization/ID", "GlobalID", "ID")
    return [found for one in paths for value in texts(root, f"{path}/{one}") if (found := identity(value))]


def _day(written: str | None) -> str | None:
    """Format 102: 20260301."""
    if written is None:
        return None
    if len(written) != 8 or not written.isdigit():
        raise BadDocument(f"{written[:20]!r} is no day of format 102")
    return f"{written[:4]}-{written[4:6]}-{written[6:]}"


ROOTS = {"{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice": read}
