"""Odoo 16-19 through its external API: JSON-RPC or XML-RPC, and JSON-2 from 19 on."""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.odoo.address import address_of
from cartera.connectors.odoo.client import check, controls, count, keys, open_session, pages
from cartera.connectors.odoo.entities import RESOURCES

SYSTEM = System(
    name="odoo",
    title="Odoo",
    kind="erp",
    settings=(
        Setting("url", "Address, e.g. https://acme.odoo.com"),
        Setting("database", "Name of the database"),
        Setting("user", "Login of a user who may read invoicing"),
        Setting("api_key", "API key of that user", is_secret=True),
        Setting(
            "protocol",
            "Protocol; auto takes json2 where the server has it",
            default="auto",
            choices=("auto", "jsonrpc", "xmlrpc", "json2"),
        ),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    keys=keys,
    count=count,
    controls=controls,
    address_of=address_of,
    # `write_date` is when the transaction began: what a long one commits appears behind the last date of change
    overlap=dt.timedelta(minutes=20),
)
