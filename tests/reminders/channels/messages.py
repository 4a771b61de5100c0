"""Messages to hand over in tests of channels."""

from __future__ import annotations

from cartera.reminders.channels.base import Outgoing
from cartera.reminders.content import CallTask, Content, Letter, Rendered, ShortText, TemplateMessage
from cartera.reminders.policy import Creditor

CONTACT = "3f0b5a52-6c1e-4b44-9a3e-0d5b1f1c2a77"
CREDITOR = Creditor(name="Empresa SA", contact_name="Ana", email="cobranzas@empresa.pe")

MAIL = Rendered("Asunto ñ", "Hola\n.\nfin\n", "<p>Hola</p>")
SHORT = ShortText("Debe PEN 10.00 <F1 & F2> ref 3f0b5a52")
TEMPLATE = TemplateMessage("overdue", "es", ("Ana", "PEN 10.00"))
LETTER = Letter(b"%PDF-1.7 a letter", ("Ana Pérez", "Av. Lima 1"))
CALL = CallTask("Ana Pérez, PEN 10.00", "Diga hola")


def outgoing(content: Content, recipient: str = "+51987654321", contact: str = CONTACT) -> Outgoing:
    return Outgoing(contact, f"<{contact}@empresa.pe>", recipient, "es", content, CREDITOR, contact[:8])
