"""Xero's Accounting API 2.0: sales invoices, credit notes, over- and prepayments, payments, contacts.

Manual journals and bank transactions that touch the receivable account are not read.
"""

from cartera.connectors.api import Setting, System
from cartera.connectors.xero.address import address_of
from cartera.connectors.xero.client import check, controls, count, open_session, pages
from cartera.connectors.xero.entities import RESOURCES

SYSTEM = System(
    name="xero",
    title="Xero",
    kind="erp",
    settings=(
        Setting("url", "Address of the API", default="https://api.xero.com"),
        Setting("identity_url", "Address that gives the tokens", default="https://identity.xero.com"),
        Setting("client_id", "Client id of a custom connection (or of an app that somebody gave access)"),
        Setting("client_secret", "Its client secret", is_secret=True),
        Setting("refresh_token", "Refresh token; empty for a custom connection", is_secret=True, default=""),
        Setting("tenant_id", "Xero-tenant-id of the organisation; empty for a custom connection", default=""),
        Setting(
            "short_code", "Short code of the organisation, the !... in its addresses, for links; or nothing", default=""
        ),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    count=count,
    controls=controls,
    address_of=address_of,
)
