"""The link to hear no more (RFC 8058): a POST opts out at once; a GET shows a button and changes nothing.

Programs that look at every link of a mail must not unsubscribe anybody, hence the button.
"""

from __future__ import annotations

from cartera.reminders.incoming.reports import Report

PAGE = """<!doctype html>
<html lang="es"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Avisos</title>
<style>body{{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem}}</style></head><body><main>{content}</main></body></html>
"""
ASK = (
    "<h1>No recibir más avisos</h1><p>No recibirá más avisos en esta dirección de correo. La deuda no cambia.</p>"
    '<p lang="en">You will get no more notices at this e-mail address. What is owed does not change.</p>'
    '<p lang="pt">Não receberá mais avisos neste endereço de e-mail. A dívida não muda.</p>'
    '<form method="post"><button>Confirmar · Confirm</button></form>'
)
DONE = (
    "<h1>Listo</h1><p>No recibirá más avisos en esta dirección.</p>"
    '<p lang="en">Done: no more notices to this address.</p><p lang="pt">Pronto: não receberá mais avisos.</p>'
)


def report(contact_id: str) -> Report:
    return Report("unsubscribe", contact_id, "opted_out", "email", contact_id=contact_id, said="by the link")


def page(content: str) -> str:
    return PAGE.format(content=content)
