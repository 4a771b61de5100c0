"""Currency codes in a policy, with a guess at what was meant."""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import AfterValidator

from cartera.money import currencies


def known_currency(code: str) -> str:
    """The code itself. Raises ValueError, with the nearest that there is."""
    if code not in currencies():
        # the same letters in another order first: that is the usual slip
        close = [known for known in sorted(currencies()) if sorted(known) == sorted(code.upper())]
        close = close or difflib.get_close_matches(code.upper(), currencies(), n=1)
        raise ValueError(f"{code!r} is not an ISO 4217 currency" + (f"; did you mean {close[0]}?" if close else ""))
    return code


Currency = Annotated[str, AfterValidator(known_currency)]
