"""Invoice files as those who issue them write them, cut down to what a reader of debts must understand."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal

Parts = Sequence[tuple[str, str]]
"""(day, amount)"""

UBL = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)


def sunat(
    number: str, total: str, *, issuer: str = "20100066603", customer: str = "20512345678", cuotas: Parts = (),
    is_cash: bool = False, currency: str = "PEN", type_: str = "01", corrects: str = "", detraction: str = "",
) -> bytes:  # fmt: skip
    """A factura (01), credit note (07) or debit note (08) of Peru."""
    root = {"07": "CreditNote", "08": "DebitNote"}.get(type_, "Invoice")
    pending = str(sum((Decimal(amount) for _day, amount in cuotas), Decimal(0)))
    terms = [term("FormaPago", "Contado")] if is_cash else []
    if cuotas:
        terms += [term("FormaPago", "Credito", pending, currency=currency)]
        terms += [
            term("FormaPago", f"Cuota{row:03}", amount, day, currency) for row, (day, amount) in enumerate(cuotas, 1)
        ]
    if detraction:
        terms.insert(0, term("Detraccion", "00-000-000000", detraction))
    type_code = f"<cbc:InvoiceTypeCode listID='0101'>{type_}</cbc:InvoiceTypeCode>" if root == "Invoice" else ""
    reference = (
        f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{corrects}</cbc:ID><cbc:DocumentTypeCode>01"
        "</cbc:DocumentTypeCode></cac:InvoiceDocumentReference></cac:BillingReference>"
        if corrects
        else ""
    )
    totals = "RequestedMonetaryTotal" if root == "DebitNote" else "LegalMonetaryTotal"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" {UBL}>
  <cbc:UBLVersionID>2.1</cbc:UBLVersionID><cbc:CustomizationID>2.0</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-03-01</cbc:IssueDate><cbc:IssueTime>10:00:00</cbc:IssueTime>
  {type_code}<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>{reference}
  <cac:AccountingSupplierParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="6">{issuer}</cbc:ID>
  </cac:PartyIdentification></cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="6">{customer}</cbc:ID>
  </cac:PartyIdentification><cac:PartyLegalEntity><cbc:RegistrationName>CLIENTE {customer[-3:]} S.A.C.
  </cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>
  {"".join(terms)}
  <cac:{totals}><cbc:PayableAmount currencyID="{currency}">{total}</cbc:PayableAmount></cac:{totals}>
</{root}>""".encode()


def term(id_: str, means: str, amount: str = "", day: str = "", currency: str = "PEN") -> str:
    return (
        f"<cac:PaymentTerms><cbc:ID>{id_}</cbc:ID><cbc:PaymentMeansID>{means}</cbc:PaymentMeansID>"
        + (f'<cbc:Amount currencyID="{currency}">{amount}</cbc:Amount>' if amount else "")
        + (f"<cbc:PaymentDueDate>{day}</cbc:PaymentDueDate>" if day else "")
        + "</cac:PaymentTerms>"
    )


def peppol(number: str, total: str, *, seller: str = "DE123456789", type_: str = "380", corrects: str = "") -> bytes:
    """BIS Billing 3.0: an invoice, or (381) a credit note."""
    root, code = ("CreditNote", "CreditNoteTypeCode") if type_ == "381" else ("Invoice", "InvoiceTypeCode")
    due = "<cbc:DueDate>2026-03-31</cbc:DueDate>" if root == "Invoice" else ""
    reference = (
        f"<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>{corrects}</cbc:ID>"
        "</cac:InvoiceDocumentReference></cac:BillingReference>"
        if corrects
        else ""
    )
    return f"""<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" {UBL}>
  <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-03-01</cbc:IssueDate>{due}<cbc:{code}>{type_}</cbc:{code}>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{reference}
  <cac:AccountingSupplierParty><cac:Party><cbc:EndpointID schemeID="9930">{seller}</cbc:EndpointID><cac:PartyTaxScheme>
  <cbc:CompanyID>{seller}</cbc:CompanyID></cac:PartyTaxScheme></cac:Party></cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party><cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR
  </cbc:IdentificationCode></cac:Country></cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>FR 12 345678901
  </cbc:CompanyID></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>Client SARL</cbc:RegistrationName>
  </cac:PartyLegalEntity><cac:Contact><cbc:ElectronicMail>ap@client.example</cbc:ElectronicMail></cac:Contact>
  </cac:Party></cac:AccountingCustomerParty>
  <cac:LegalMonetaryTotal><cbc:PrepaidAmount currencyID="EUR">10.00</cbc:PrepaidAmount>
  <cbc:PayableAmount currencyID="EUR">{total}</cbc:PayableAmount></cac:LegalMonetaryTotal>
</{root}>""".encode()


def cfdi(
    uuid: str, total: str, *, type_: str = "I", method: str = "PPD", currency: str = "MXN", rate: str = "1",
    corrects: Sequence[str] = (), relation: str = "01", terms: str = "30 DIAS", inside: str = "", stamped: bool = True,
    issuer: str = "EKU9003173C9",
) -> bytes:  # fmt: skip
    related = "".join(f'<cfdi:CfdiRelacionado UUID="{one}"/>' for one in corrects)
    related = f'<cfdi:CfdiRelacionados TipoRelacion="{relation}">{related}</cfdi:CfdiRelacionados>' if related else ""
    stamp = (
        '<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" Version="1.1"'
        f' UUID="{uuid}" FechaTimbrado="2026-03-01T10:01:00"/>'
        if stamped
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" xmlns:pago20="http://www.sat.gob.mx/Pagos20" Version="4.0"
  Serie="A" Folio="{uuid[-4:]}" Fecha="2026-03-01T10:00:00" SubTotal="0" Total="{total}" Moneda="{currency}"
  TipoCambio="{rate}" TipoDeComprobante="{type_}" MetodoPago="{method}" CondicionesDePago="{terms}" Exportacion="01">
  {related}<cfdi:Emisor Rfc="{issuer}" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>
  <cfdi:Receptor Rfc="URE180429TM6" Nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA" UsoCFDI="G03"/>
  <cfdi:Complemento>{inside}{stamp}</cfdi:Complemento>
</cfdi:Comprobante>""".encode()


def complement(uuid: str, *payments: tuple[str, str, Sequence[Mapping[str, str]]], **more: str) -> bytes:
    """A CFDI of payment: (amount, currency, the documents paid)."""
    made = "".join(
        f'<pago20:Pago FechaPago="2026-03-20T12:00:00" FormaDePagoP="03" MonedaP="{currency}" TipoCambioP="1"'
        f' Monto="{amount}">'
        + "".join(
            "<pago20:DoctoRelacionado " + " ".join(f'{name}="{value}"' for name, value in one.items()) + "/>"
            for one in documents
        )
        + "</pago20:Pago>"
        for amount, currency, documents in payments
    )
    inside = f'<pago20:Pagos Version="2.0"><pago20:Totales MontoTotalPagos="0"/>{made}</pago20:Pagos>'
    return cfdi(uuid, "0", type_="P", currency="XXX", inside=inside, method="", **more)


def paid(
    uuid: str, amount: str, currency: str = "MXN", equivalence: str = "1", instalment: str = "1"
) -> dict[str, str]:
    return {"IdDocumento": uuid, "MonedaDR": currency, "EquivalenciaDR": equivalence, "NumParcialidad": instalment,
            "ImpSaldoAnt": "0", "ImpPagado": amount, "ImpSaldoInsoluto": "0", "ObjetoImpDR": "01"}  # fmt: skip


def cii(number: str, total: str, *, type_: str = "380", parts: Parts = (), corrects: str = "") -> bytes:
    """Factur-X."""
    days = "".join(
        f"<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime><udt:DateTimeString format='102'>{day}"
        "</udt:DateTimeString></ram:DueDateDateTime>"
        + (f"<ram:PartialPaymentAmount>{amount}</ram:PartialPaymentAmount>" if amount else "")
        + "</ram:SpecifiedTradePaymentTerms>"
        for day, amount in parts or [("20260331", "")]
    )
    reference = (
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{corrects}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
        if corrects
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>{type_}</ram:TypeCode><ram:IssueDateTime>
  <udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
  <ram:SellerTradeParty><ram:Name>Acme SARL</ram:Name><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR11999999998
  </ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
  <ram:BuyerTradeParty><ram:ID>C-77</ram:ID><ram:Name>Client SARL</ram:Name><ram:SpecifiedLegalOrganization>
  <ram:ID schemeID="0002">12345678200010</ram:ID></ram:SpecifiedLegalOrganization></ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>
  <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>{days}
  <ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>
  <ram:DuePayableAmount>{total}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>{reference}
  </ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>""".encode()


def pdf(attached: bytes | None, name: str = "factur-x.xml") -> bytes:
    """A page with nothing on it, and the XML inside."""
    from pypdf import PdfWriter

    writer, made = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    if attached is not None:
        writer.add_attachment(name, attached)
    writer.write(made)
    return made.getvalue()
