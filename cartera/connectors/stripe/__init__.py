"""Stripe through its API: customers, invoices with their payments, credit notes, charges, refunds, disputes, payouts.

What Stripe answers is read by our own client, not by its library: that one makes floats of decimals, follows
redirects, does not try again after 429, and knows no Retry-After.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.stripe.address import address_of
from cartera.connectors.stripe.client import check, open_session, pages, still_open
from cartera.connectors.stripe.entities import RESOURCES

SYSTEM = System(
    name="stripe",
    title="Stripe",
    kind="gateway",
    settings=(
        Setting("api_key", "Restricted key with the right to read (rk_live_...)", is_secret=True),
        Setting("url", "Address of the API", default="https://api.stripe.com"),
        Setting("account", "Connected account (acct_...), or nothing for the key's own", default=""),
        Setting(
            "customer_reference",
            "Key of the metadata with a customer's code in the books, or nothing",
            default="",
            decides_records=True,
        ),
        Setting(
            "invoice_reference",
            "Key of the metadata with an invoice's number in the books, or nothing",
            default="",
            decides_records=True,
        ),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    still_open=still_open,
    address_of=address_of,
    test_secrets=("sk_test_", "rk_test_"),
    # an event may be listed some time after the moment that it bears
    overlap=dt.timedelta(minutes=10),
)
