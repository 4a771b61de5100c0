"""Microsoft Dynamics 365 Business Central, online: the customer ledger with its detailed entries, and customers.

The ledger is the book: documents, payments and what was applied to what are all entries of it, also those that came by
journal. One source is one company. The detailed entries come from two of Microsoft's APIs, because neither has all:
reportsFinance (beta) the amounts in their currency and the date of change, analytics (v1.0) what they belong to.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.businesscentral.address import address_of
from cartera.connectors.businesscentral.client import check, controls, count, keys, open_session
from cartera.connectors.businesscentral.entities import RESOURCES

SYSTEM = System(
    name="businesscentral",
    title="Microsoft Dynamics 365 Business Central",
    kind="erp",
    settings=(
        Setting("tenant", "Entra tenant (its id or domain)"),
        Setting("environment", "Environment", default="Production"),
        Setting("company", "Company, by its name"),
        Setting("client_id", "Client id of the app registration"),
        Setting("client_secret", "Client secret of it", is_secret=True),
        Setting("url", "Address of the API", default="https://api.businesscentral.dynamics.com"),
        Setting("login_url", "Address of the login", default="https://login.microsoftonline.com"),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    keys=keys,
    count=count,
    controls=controls,
    address_of=address_of,
    # read in the order of keys: what changes while we read is found next time if a reading takes less than this
    overlap=dt.timedelta(days=1),
)
