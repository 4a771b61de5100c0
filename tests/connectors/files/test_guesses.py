"""What is guessed from headers in three languages and from values, and what is said to be doubtful."""

from __future__ import annotations

import datetime as dt

import pytest

from cartera.connectors.files.guess_values import guess_dates, guess_numbers
from cartera.connectors.files.header_words import guess_columns, normalized
from cartera.connectors.files.suggest import Wishes, suggest
from cartera.errors import ConfigError, SourceError
from cartera.landing.entities import ENTITIES

INVOICE_LISTS = {
    "ibm": (
        "countryCode customerID PaperlessDate invoiceNumber InvoiceDate DueDate InvoiceAmount Disputed SettledDate "
        "DaysLate",
        "customer_id=customerID invoice_id=invoiceNumber number=invoiceNumber issue_date=InvoiceDate due_date=DueDate "
        "total_amount=InvoiceAmount is_disputed=Disputed paid_date=SettledDate",
    ),
    "xero": (
        "invoice_id contact_id date due_date expected_payment_date fully_paid_on_date amount_credited amount_due "
        "amount_paid sub_total total total_tax currency_code currency_rate invoice_number reference status type url",
        "invoice_id=invoice_id customer_id=contact_id issue_date=date due_date=due_date paid_date=fully_paid_on_date "
        "credited_amount=amount_credited open_amount=amount_due paid_amount=amount_paid total_amount=total "
        "currency_code=currency_code document_fx_rate=currency_rate number=invoice_number payment_reference=reference "
        "status=status document_type=type document_url=url",
    ),
    "quickbooks": (
        "id doc_number customer_id transaction_date due_date total_amount balance currency_id exchange_rate bill_email",
        "invoice_id=id number=doc_number customer_id=customer_id issue_date=transaction_date due_date=due_date "
        "total_amount=total_amount open_amount=balance currency_code=currency_id document_fx_rate=exchange_rate "
        "customer_email=bill_email",
    ),
    "odoo": (
        "id name partner_id/id partner_id invoice_date invoice_date_due amount_total amount_residual currency_id state "
        "move_type",
        "invoice_id=id number=name customer_id=partner_id/id issue_date=invoice_date "
        "due_date=invoice_date_due total_amount=amount_total open_amount=amount_residual currency_code=currency_id "
        "status=state document_type=move_type",
    ),
    "spanish": (
        "Nº_de_Factura RUC Razón_Social Fecha_de_Emisión Fecha_Vencimiento Moneda Importe_Total Saldo_Pendiente "
        "Fecha_de_Pago Monto_Pagado En_Disputa Tipo_Documento Estado",
        "invoice_id=Nº_de_Factura number=Nº_de_Factura customer_id=RUC customer_name=Razón_Social "
        "issue_date=Fecha_de_Emisión due_date=Fecha_Vencimiento currency_code=Moneda total_amount=Importe_Total "
        "open_amount=Saldo_Pendiente paid_date=Fecha_de_Pago paid_amount=Monto_Pagado is_disputed=En_Disputa "
        "document_type=Tipo_Documento status=Estado",
    ),
    "spanish, shouting": (
        "NRO.FACTURA NIT CLIENTE FEC.EMISION VCTO VALOR SALDO",
        "invoice_id=NRO.FACTURA number=NRO.FACTURA customer_id=NIT customer_name=CLIENTE issue_date=FEC.EMISION "
        "due_date=VCTO total_amount=VALOR open_amount=SALDO",
    ),
    "portuguese": (
        "Nota_Fiscal CNPJ Cliente Data_de_Emissão Data_de_Vencimento Valor_Total Valor_em_Aberto Moeda "
        "Data_do_Pagamento Valor_Pago Situação",
        "invoice_id=Nota_Fiscal number=Nota_Fiscal customer_id=CNPJ customer_name=Cliente issue_date=Data_de_Emissão "
        "due_date=Data_de_Vencimento total_amount=Valor_Total open_amount=Valor_em_Aberto currency_code=Moeda "
        "paid_date=Data_do_Pagamento paid_amount=Valor_Pago status=Situação",
    ),
    "sap": (
        "BELNR KUNNR BLDAT NETDT WRBTR WAERS",
        "invoice_id=BELNR customer_id=KUNNR issue_date=BLDAT due_date=NETDT total_amount=WRBTR currency_code=WAERS",
    ),
}
OTHER_LISTS = {
    "payments": (
        "Nº_Recibo Cliente Fecha_de_Pago Moneda Importe Forma_de_Pago Referencia",
        "payment_id=Nº_Recibo customer_id=Cliente received_date=Fecha_de_Pago currency_code=Moneda amount=Importe "
        "method=Forma_de_Pago reference=Referencia",
    ),
    "customers": (
        "Código_Cliente Razón_Social RUC Correo_electrónico Teléfono País",
        "customer_id=Código_Cliente name=Razón_Social tax_id=RUC email=Correo_electrónico phone=Teléfono "
        "country_code=País",
    ),
    "instalments": (
        "installment_id invoice_id due_date amount",
        "instalment_id=installment_id invoice_id=invoice_id due_date=due_date amount=amount",
    ),
    "allocations": (
        "allocation_id payment_id invoice_id amount allocated_date",
        "allocation_id=allocation_id payment_id=payment_id invoice_id=invoice_id amount=amount "
        "allocated_date=allocated_date",
    ),
}


def pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


@pytest.mark.parametrize("system", INVOICE_LISTS)
def test_headers_of_invoice_lists(system):  # type: ignore[no-untyped-def]
    headers, expected = INVOICE_LISTS[system]
    assert guess_columns(headers.split(), ENTITIES["invoices"]).columns == pairs(expected)


@pytest.mark.parametrize("entity", OTHER_LISTS)
def test_headers_of_other_entities(entity):  # type: ignore[no-untyped-def]
    headers, expected = OTHER_LISTS[entity]
    assert guess_columns(headers.split(), ENTITIES[entity]).columns == pairs(expected)


@pytest.mark.parametrize("system", [*INVOICE_LISTS, *OTHER_LISTS])
def test_the_entity_is_told_from_the_headers(system, tmp_path):  # type: ignore[no-untyped-def]
    headers = (INVOICE_LISTS | OTHER_LISTS)[system][0].split()
    path = tmp_path / "export.csv"
    path.write_text(",".join(headers) + "\n" + ",".join("1" for _header in headers) + "\n", encoding="utf-8")
    expected = "invoices" if system in INVOICE_LISTS else system
    assert suggest(path, str(path), Wishes(currency="USD")).entity == expected


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_the_language_of_the_headers(language):  # type: ignore[no-untyped-def]
    system = {"en": "ibm", "es": "spanish", "pt": "portuguese"}[language]
    assert guess_columns(INVOICE_LISTS[system][0].split(), ENTITIES["invoices"]).language == language


@pytest.mark.parametrize(
    "header", ["FechaEmisión", "fecha_de_emision", "FECHA DE EMISIÓN", " Fecha  de la Emisión: ", "fecha-emision"]
)
def test_normalized(header):  # type: ignore[no-untyped-def]
    assert normalized(header) == "fecha emision"


@pytest.mark.parametrize(
    ("values", "formats", "is_ambiguous"),
    [
        (["01/02/2026", "13/02/2026"], ("%d/%m/%Y",), False),
        (["01/02/2026", "02/13/2026"], ("%m/%d/%Y",), False),
        (["01/02/2026", "03/04/2026"], ("%d/%m/%Y",), True),
        (["05/05/2026"], ("%d/%m/%Y",), False),
        (["2026-01-31", "2026-01-31 10:00:00 UTC"], (), False),
        (["31.12.2025", "1.2.2026"], ("%d.%m.%Y",), False),
        (["31/12/25"], ("%d/%m/%y",), False),
        (["20260131"], ("%Y%m%d",), False),
        (["31-Jan-2026"], ("%d-%b-%Y",), False),
        (["31/01/2026", "2026-02-01", "28/02/2026 14:00"], ("%d/%m/%Y",), False),
        ([*(f"{day}/01/2026" for day in range(13, 29)), "01/25/2026"], ("%d/%m/%Y",), False),
        (["hola", ""], (), False),
    ],
)
def test_date_formats_from_values(values, formats, is_ambiguous):  # type: ignore[no-untyped-def]
    guess = guess_dates(values)
    assert (guess.formats, guess.is_ambiguous) == (formats, is_ambiguous)


def test_in_doubt_months_come_first_where_that_is_said():  # type: ignore[no-untyped-def]
    assert guess_dates(["01/02/2026", "03/04/2026"], month_first=True).formats == ("%m/%d/%Y",)
    assert guess_dates(["01/02/2026", "13/04/2026"], month_first=True).formats == ("%d/%m/%Y",)


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "is_ambiguous"),
    [
        (["1,234.50", "10"], ".", ",", False),
        (["1.234,50"], ",", ".", False),
        (["1 234,5", "12"], ",", " ", False),
        (["1'234.50"], ".", "'", False),
        (["1.234.567"], ",", ".", False),
        (["12,5", "100"], ",", None, False),
        (["12.5", "0.125"], ".", None, False),
        (["0.125"], ".", None, False),
        (["1.234", "999"], ",", ".", True),
        (["1,234"], ".", ",", True),
        (["100", "7"], ".", None, False),
        (["S/ 1.234,50", "-3,00"], ",", ".", False),
        ([], ".", None, False),
    ],
)
def test_separators_from_values(values, decimal, thousands, is_ambiguous):  # type: ignore[no-untyped-def]
    guess = guess_numbers(values)
    assert (guess.decimal, guess.thousands, guess.is_ambiguous) == (decimal, thousands, is_ambiguous)


def write(tmp_path, text, name="export.csv"):  # type: ignore[no-untyped-def]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_words_of_values_are_mapped_and_nothing_is_null(tmp_path):  # type: ignore[no-untyped-def]
    path = write(
        tmp_path,
        "Factura,RUC,Emisión,Vencimiento,Importe,Moneda,Tipo,Estado,En disputa,Fecha de pago\n"
        "1,2,31/01/2026,28/02/2026,10,S/,Factura,Anulada,Sí,00/00/0000\n"
        "2,2,31/01/2026,28/02/2026,10,Dólares,Nota de Crédito,Pendiente,No,-\n",
    )
    found = suggest(path, str(path), Wishes())
    assert found.files.values == {
        "document_type": {"Factura": "invoice", "Nota de Crédito": "credit_note"},
        "status": {"Anulada": "void", "Pendiente": "open"},
        "is_disputed": {"Sí": "true", "No": "false"},
        "currency_code": {"S/": "PEN", "Dólares": "USD"},
        "paid_date": {"00/00/0000": "null", "-": "null"},
    }
    assert found.notes == []


def test_doubt_is_told(tmp_path):  # type: ignore[no-untyped-def]
    path = write(
        tmp_path,
        "Factura,RUC,Emisión,Importe,Estado,Disputa\n"
        "1,2,01/02/2026,1.234,Cancelada,quizás\n2,2,03/04/2026,2.345,Abierta,tal vez\n",
    )
    found = suggest(path, str(path), Wishes(currency="COP"))
    told = "\n".join(found.notes)
    assert "no value tells days from months; day/month is assumed" in told
    assert "'.' is taken for the thousands separator" in told
    assert "status: say under `values` what these words of 'Estado' mean: Cancelada" in told
    assert "is_disputed: 'Disputa' left out" in told and "is_disputed" not in found.files.columns
    assert found.unmapped == ["Disputa"]


def test_a_currency_that_nothing_tells(tmp_path):  # type: ignore[no-untyped-def]
    path = write(tmp_path, "Factura,RUC,Emisión,Importe\n1,2,2026-01-02,10\n")
    with pytest.raises(ConfigError, match="--currency") as error:
        suggest(path, str(path), Wishes())
    assert error.value.exit_status == 2
    assert suggest(path, str(path), Wishes(currency="PEN")).files.constants == {"currency_code": "PEN"}


def test_headers_that_make_no_entity(tmp_path):  # type: ignore[no-untyped-def]
    path = write(tmp_path, "credit_note_id,contact_id\n1,2\n", "xero_credit_note_data.csv")
    with pytest.raises(SourceError, match="as credit_notes it lacks issue_date, total_amount"):
        suggest(path, str(path), Wishes())


def test_dates_said_by_the_user_are_taken(tmp_path):  # type: ignore[no-untyped-def]
    path = write(tmp_path, "Factura,RUC,Emisión,Importe\n1,2,01/02/2026,10\n")
    assert suggest(path, str(path), Wishes(currency="PEN", dates=("%m/%d/%Y",))).files.dates == ["%m/%d/%Y"]
    assert dt.datetime.strptime("01/02/2026", "%m/%d/%Y").month == 1  # noqa: DTZ007
