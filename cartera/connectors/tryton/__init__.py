"""Tryton 6.0-8.2 through JSON-RPC, or 8.2 through REST: what the receivable accounts hold line by line, and what is
behind it: invoices, reconciliations, parties."""

from cartera.connectors.api import Setting, System
from cartera.connectors.tryton.address import address_of
from cartera.connectors.tryton.client import BEHIND, check, controls, count, keys, open_session, pages
from cartera.connectors.tryton.entities import RESOURCES

SYSTEM = System(
    name="tryton",
    title="Tryton",
    kind="erp",
    settings=(
        Setting("url", "Address, e.g. https://tryton.acme.pe"),
        Setting("database", "Name of the database"),
        Setting("user", "Login of a user who may read accounting"),
        Setting("password", "Password of that user, or with protocol rest the key of an application", is_secret=True),
        Setting("protocol", "rpc, or rest where the server has it (8.2)", default="rpc", choices=("rpc", "rest")),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    keys=keys,
    count=count,
    controls=controls,
    address_of=address_of,
    overlap=BEHIND,
)
