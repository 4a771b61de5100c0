"""Invoice files in a folder: UBL 2.1 (Peru's SUNAT, Peppol), CFDI 4.0 with payment complements, Factur-X and CII.

The folder is the truth: a file that is taken out takes its document with it, e.g. when it was cancelled.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.documents.entities import RESOURCES
from cartera.connectors.documents.folder import check, open_folder, pages

SYSTEM = System(
    name="documents",
    title="Invoice files: UBL 2.1, CFDI 4.0, Factur-X and CII",
    kind="documents",
    settings=(
        Setting("folder", "Folder with the XML files, and PDFs that carry one"),
        Setting("issuers", "Tax ids of our companies, with commas between"),
    ),
    resources=RESOURCES,
    open=open_folder,
    check=check,
    pages=pages,
    overlap=dt.timedelta(),
)
