"""ERPNext 14-16 through the REST API of its framework: sales invoices, payments, journal entries, customers, rates.

The rows of journal entries count that name a customer: they settle, pay back, write off, or are debts of their own.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.erpnext.address import address_of
from cartera.connectors.erpnext.client import check, controls, count, keys, open_session
from cartera.connectors.erpnext.entities import RESOURCES

SYSTEM = System(
    name="erpnext",
    title="ERPNext",
    kind="erp",
    settings=(
        Setting("url", "Address, e.g. https://erp.acme.pe"),
        Setting("api_key", "API key of a user who may read accounting"),
        Setting("api_secret", "API secret of that user", is_secret=True),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    keys=keys,
    count=count,
    controls=controls,
    address_of=address_of,
    # `modified` is in the site's local time, which is set back by an hour in autumn
    overlap=dt.timedelta(minutes=65),
)
