"""The standing mailbox, as `ensure_mailbox` starts it."""

import sys

from cartera.errors import CarteraError
from cartera.sandbox.mailbox.process import serve
from cartera.settings import get_settings

try:
    serve(get_settings().home)
except CarteraError as error:
    sys.exit(f"cartera mailbox: {error}")
