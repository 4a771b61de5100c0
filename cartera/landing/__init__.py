"""Landing: every connector's deliveries become versions in raw, bad records go to quarantine with their bytes.

`land` is the one way in; `replay` reads quarantined records again.
"""

from cartera.landing.delivery import Batch, DeliveredFile, Delivery, LoadReport, Reject
from cartera.landing.inspect import Quarantined
from cartera.landing.load import land, land_all, next_recorded_at
from cartera.landing.reading import Outcome, Reader
from cartera.landing.replaying import ReplayReport, replay

__all__ = [
    "Batch",
    "DeliveredFile",
    "Delivery",
    "LoadReport",
    "Outcome",
    "Quarantined",
    "Reader",
    "Reject",
    "ReplayReport",
    "land",
    "land_all",
    "next_recorded_at",
    "replay",
]
