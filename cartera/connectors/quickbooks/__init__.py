"""QuickBooks Online's Accounting API v3: invoices, credit memos, payments, customers, and journal entries on receivable
accounts.

Checks, expenses and deposits that touch a receivable account are not read; what a payment uses of them is taken off it,
so that invoices and credit memos keep the balances that QuickBooks states. Where nothing uses them the control total,
the balance of the receivable accounts, tells.
"""

from cartera.connectors.api import Setting, System
from cartera.connectors.quickbooks.address import address_of
from cartera.connectors.quickbooks.client import check, controls, count, keys, open_session, pages
from cartera.connectors.quickbooks.entities import RESOURCES

SYSTEM = System(
    name="quickbooks",
    title="QuickBooks Online",
    kind="erp",
    settings=(
        Setting("url", "Address of the API", default="https://quickbooks.api.intuit.com"),
        Setting(
            "token_url",
            "Address that gives the tokens",
            default="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        ),
        Setting("realm_id", "Company id (realm id)"),
        Setting("client_id", "Client id of the app that was given access"),
        Setting("client_secret", "Its client secret", is_secret=True),
        Setting("refresh_token", "Refresh token", is_secret=True),
        Setting(
            "customer_reference",
            "Field of the customer with its code in another system (ResaleNum, Notes...), or nothing",
            default="",
            decides_records=True,
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
)
