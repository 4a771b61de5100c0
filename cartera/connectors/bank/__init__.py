"""Bank statements from a folder of files: camt.052/053/054, MT940/942, BAI2, OFX, Norma 43, and a declared CSV.

Statements count. Notices (camt.052, camt.054, MT942, BAI2 of the same day) are landed beside them and never counted:
the statement repeats them.
"""

from cartera.connectors.api import Setting, System
from cartera.connectors.bank.entities import RESOURCES
from cartera.connectors.bank.folder import check, count, notes, open_folder, pages

SYSTEM = System(
    name="bank",
    title="Bank statements",
    kind="bank",
    settings=(
        Setting("folder", "Folder that the bank's files come to"),
        Setting("pattern", "Which files of it, e.g. **/*.xml", default="**/*"),
        Setting("csv", "Declaration of the bank's CSV, a YAML file; empty without CSV", default=""),
    ),
    resources=RESOURCES,
    open=open_folder,
    check=check,
    pages=pages,
    count=count,
    notes=notes,
)
