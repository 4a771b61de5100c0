"""CFDI 4.0 of Mexico's SAT: income, credit (egreso), and the payment complement 2.0."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from cartera.connectors.api import Record
from cartera.connectors.documents.parts import BadDocument, identity, number, party

CFDI = "{http://www.sat.gob.mx/cfd/4}"
PAID = "{http://www.sat.gob.mx/Pagos20}"
STAMP = "{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"
CORRECTIONS = ("01", "03", "07")
"""Credit note, return, use of an advance."""
SUBSTITUTION = ("04",)
"""It takes the place of a cancelled one, which counts no more."""
PUBLIC, ABROAD = "XAXX010101000", "XEXX010101000"
CENT = Decimal("0.01")


def read(root: Any) -> list[Record]:
    stamp = root.find(f"{CFDI}Complemento/{STAMP}")
    if stamp is None:
        raise BadDocument("has no TimbreFiscalDigital: it was not stamped")
    uuid, issued = stamp.get("UUID", "").upper(), _day(root.get("Fecha"))
    issuer, customer = root.find(f"{CFDI}Emisor"), root.find(f"{CFDI}Receptor")
    if issuer is None or customer is None or not uuid:
        raise BadDocument("has no Emisor, Receptor or UUID")
    folio = "-".join(filter(None, (root.get("Serie"), root.get("Folio")))) or uuid
    common = {
        "format": "cfdi", "number": folio, "issuer_ids": [identity(issuer.get("Rfc", ""))], "home_currency": "MXN",
        "replaces": [{"document_key": one} for one in sorted(_related(root, SUBSTITUTION))],
        **party(customer.get("Nombre"), *_known(customer)),
    }  # fmt: skip
    type_ = root.get("TipoDeComprobante")
    if type_ == "P":
        found = root.iterfind(f"{CFDI}Complemento/{PAID}Pagos/{PAID}Pago")
        return [common | payment(f"{uuid}:{row}", one) for row, one in enumerate(found, 1)]
    if type_ not in ("I", "E"):
        return []
    total = number(root.get("Total"), "Total")
    due = _due(issued, root.get("CondicionesDePago"))
    is_invoice = type_ == "I"
    return [{
        **common, "kind": "invoice" if is_invoice else "credit_note", "document_key": uuid, "issue_date": issued,
        "currency": root.get("Moneda"), "exchange_rate": root.get("TipoCambio"), "total_amount": total,
        # paid in one go when it was issued: no payment complement will come
        "is_paid_at_once": is_invoice and root.get("MetodoPago") == "PUE",
        "due_date": due if is_invoice else None,
        "instalments": [{"row": "1", "due_date": due, "amount": total}] if is_invoice and due else [],
        "corrected_key": None if is_invoice else _corrected(root),
    }]  # fmt: skip


def _known(customer: Any) -> tuple[list[str], None, str | None]:
    """Tax ids and country. Who has no RFC shares one with all others: the public, and those abroad."""
    rfc = identity(customer.get("Rfc", ""))
    if rfc == ABROAD:
        return [customer.get("NumRegIdTrib", "")], None, None
    return [] if rfc == PUBLIC else [rfc], None, "MX"


def payment(key: str, one: Any) -> Record:
    """Money received on a day. EquivalenciaDR: units of the part's currency for one of the payment's."""
    currency, amount = one.get("MonedaP"), number(one.get("Monto"), "Monto")
    settled, left = [], amount
    for row, part in enumerate(one.iterfind(f"{PAID}DoctoRelacionado"), 1):
        paid = number(part.get("ImpPagado"), "ImpPagado")
        rate = number(part.get("EquivalenciaDR") or "1", "EquivalenciaDR")
        if not rate:
            raise BadDocument("EquivalenciaDR is 0")
        left -= paid / rate
        settled.append({
            "row": str(row), "document_key": part.get("IdDocumento", "").upper(), "amount": paid,
            "currency": part.get("MonedaDR"), "instalment": part.get("NumParcialidad"),
        })  # fmt: skip
    # converted parts are rounded, each by up to a cent
    is_rounding = left < CENT * len(settled) and any(part["currency"] != currency for part in settled)
    rest = Decimal(0) if left < 0 or is_rounding else round(left, 2)
    return {
        "kind": "payment", "document_key": key, "issue_date": _day(one.get("FechaPago")), "currency": currency,
        "exchange_rate": one.get("TipoCambioP"), "total_amount": amount, "settled": settled, "rest_amount": rest,
    }  # fmt: skip


def _corrected(root: Any) -> str | None:
    """The one document that it corrects; with several nobody says how much is of which."""
    found = _related(root, CORRECTIONS)
    return found.pop() if len(found) == 1 else None


def _related(root: Any, relations: tuple[str, ...]) -> set[str]:
    return {
        one.get("UUID", "").upper()
        for related in root.iterfind(f"{CFDI}CfdiRelacionados")
        if related.get("TipoRelacion") in relations
        for one in related.iterfind(f"{CFDI}CfdiRelacionado")
    }


def _day(moment: str | None) -> str:
    return (moment or "")[:10]


def _due(issued: str, terms: str | None) -> str | None:
    """CFDI has no day of payment; terms are free text, in which days are often told: `30 DIAS`."""
    days = re.search(r"\b(\d{1,3})\s*d[ií]as?\b", terms or "", re.IGNORECASE)
    try:
        return (dt.date.fromisoformat(issued) + dt.timedelta(days=int(days[1]))).isoformat() if days else None
    except ValueError:
        return None


ROOTS = {f"{CFDI}Comprobante": read}
