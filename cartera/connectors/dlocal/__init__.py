"""dLocal: its daily and settlement reports from the folder they are delivered to, and its API for who paid.

dLocal's API has no list of payments, refunds or chargebacks: reports, by SFTP or e-mail, are what lists them. The API
is asked once for each payment, since the reports know of its payer only the e-mail address.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.dlocal.client import check, open_session, pages
from cartera.connectors.dlocal.entities import RESOURCES

SYSTEM = System(
    name="dlocal",
    title="dLocal",
    kind="gateway",
    settings=(
        Setting("folder", "Folder that dLocal's reports (CSV) come to"),
        Setting("url", "Address of the API", default="https://api.dlocal.com"),
        Setting("login", "x-login of the account"),
        Setting("trans_key", "x-trans-key of the account", is_secret=True),
        Setting("secret_key", "Secret key, with which requests are signed", is_secret=True),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    overlap=dt.timedelta(days=1),
)
