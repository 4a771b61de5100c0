"""sources/sandbox.yaml: the sandbox is a source like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cartera.sandbox.exports import Dialect
from cartera.sandbox.tables import ALLOCATION_SCHEMA, DIALECTS

_COLUMNS: dict[str, dict[str, str | list[str]]] = {
    "companies": {"company_id": "Company", "name": "Name", "currency_code": "Currency"},
    "fx_rates": {
        "fx_rate_id": ["From", "To", "Date"],
        "currency_code": "From",
        "company_currency_code": "To",
        "rate_date": "Date",
        "rate": "Rate",
    },
    "customers": {
        "customer_id": "Código",
        "company_id": "Sociedad",
        "name": "Razón Social",
        "tax_id": "RUC/NIT",
        "country_code": "País",
        "language_code": "Idioma",
        "timezone": "Zona Horaria",
        "email": "Correo",
        "phone": "Teléfono",
        "payment_terms_days": "Plazo (días)",
        "credit_limit_amount": "Límite de Crédito",
        "currency_code": "Moneda",
        "collector": "Gestor",
        "is_active": "Activo",
        "customer_type": "Tipo de Cliente",
    },
    "invoices": {
        "invoice_id": "Id Documento",
        "company_id": "Sociedad",
        "customer_id": "Cliente",
        "number": "Número",
        "document_type": "Tipo",
        "status": "Estado",
        "issue_date": "Fecha Emisión",
        "due_date": "Fecha Vencimiento",
        "currency_code": "Moneda",
        "total_amount": "Importe Total",
        "company_currency_code": "Moneda Local",
        "document_fx_rate": "Tipo de Cambio",
    },
    "instalments": {
        "instalment_id": "InstalmentId",
        "invoice_id": "InvoiceId",
        "due_date": "DueDate",
        "amount": "Amount",
    },
    "credit_notes": {
        "credit_note_id": "Credit Note ID",
        "company_id": "Company",
        "customer_id": "Customer",
        "invoice_id": "Applies To",
        "number": "Number",
        "status": "Status",
        "issue_date": "Date",
        "currency_code": "Currency",
        "total_amount": "Amount",
    },
    "payments": {
        "payment_id": "Recibo",
        "company_id": "Sociedad",
        "customer_id": "Cliente",
        "received_date": "Fecha",
        "currency_code": "Moneda",
        "amount": "Importe",
        "fee_amount": "Comisión",
        "method": "Medio de Pago",
        "reference": "Concepto",
        "status": "Situación",
    },
    "allocations": {name: name for name in ALLOCATION_SCHEMA.names},
    "write_offs": {
        "write_off_id": "id",
        "invoice_id": "invoice",
        "instalment_id": "instalment",
        "amount": "amount",
        "write_off_date": "date",
        "reason": "reason",
    },
    "disputes": {
        "dispute_id": "Reclamo",
        "invoice_id": "Factura",
        "opened_date": "Abierto",
        "resolved_date": "Resuelto",
        "reason": "Motivo",
    },
    "promises": {
        "promise_id": "Promesa",
        "customer_id": "Cliente",
        "invoice_id": "Factura",
        "made_date": "Fecha",
        "promised_date": "Prometido para",
        "currency_code": "Moneda",
        "amount": "Importe",
    },
}

_VALUES: dict[str, dict[str, dict[str, str]]] = {
    "customers": {"is_active": {"Sí": "true", "No": "false"}},
    "invoices": {
        "document_type": {"FAC": "invoice"},
        "status": {"Emitida": "open", "Cobrada": "paid", "Anulada": "void"},
    },
    "credit_notes": {"status": {"Issued": "open"}},
    "payments": {"status": {"Recibido": "received", "Devuelto": "cancelled"}},
}


def write_mapping(path: Path, files: Mapping[str, Path]) -> None:
    """Write the mapping for the export files, by entity."""
    entities = {entity: _entity(entity, files[entity]) for entity in _COLUMNS}
    document = {"system": "files", "entities": entities}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "# written by `cartera sandbox make`\n" + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _entity(entity: str, file: Path) -> dict[str, Any]:
    suffix = file.suffix.removeprefix(".")
    fields: dict[str, Any] = {"files": str(file), "delivery": "full", "format": suffix}
    if suffix == "csv":
        fields |= _reading(DIALECTS[entity])
    if suffix == "xlsx":
        fields["sheet"] = "Clientes"
    fields["columns"] = _COLUMNS[entity]
    if entity in _VALUES:
        fields["values"] = _VALUES[entity]
    return fields


def _reading(dialect: Dialect) -> dict[str, str]:
    encoding = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16"} if dialect.has_mark else {}
    fields = {
        "encoding": encoding.get(dialect.encoding, dialect.encoding),
        "delimiter": dialect.delimiter,
        "decimal": dialect.decimal,
        "dates": dialect.dates,
    }
    return fields | ({"thousands": dialect.thousands} if dialect.thousands else {})
