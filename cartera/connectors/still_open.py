"""What is still open of an invoice where it is paid: asked of a connected gateway right before it is reminded of.

Only a system that declares `still_open` is asked. One request with a short time-out and no second try: who sends must
not wait for a gateway that does not answer.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cartera.connectors.api import secrets
from cartera.connectors.api.spec import ApiSource
from cartera.connectors.sources import all_sources
from cartera.errors import ConfigError, SourceError
from cartera.settings import Settings

PATIENCE_SECONDS = 5.0


class Gateways:
    """The connected sources that can be asked; a session is opened when it is first wanted, and ended by `close`.

    May be asked from several threads. Raises ConfigError when a source can't be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources = {
            source.name: source
            for source in all_sources(settings)
            if isinstance(source, ApiSource) and source.declared.still_open
        }
        self._sessions: dict[str, Any] = {}
        self._stack = ExitStack()
        self._lock = threading.Lock()

    def can_tell(self, source: str) -> bool:
        return source in self._sources

    def still_open(self, source: str, document: str) -> Decimal | None:
        """What is left to pay. None: the gateway does not know the document. Raises SourceError."""
        ask = self._sources[source].declared.still_open
        assert ask is not None
        return ask(self._session(source), document)

    def _session(self, name: str) -> Any:
        with self._lock:
            if name not in self._sessions:
                source = self._sources[name]
                try:
                    access = secrets.access_from(source.declared, name, source.connection, self._settings)
                except ConfigError as error:
                    raise SourceError(error.problem, error.mend) from None
                access = replace(access, patience_seconds=PATIENCE_SECONDS)
                self._sessions[name] = self._stack.enter_context(source.declared.open(access))
            return self._sessions[name]

    def close(self) -> None:
        with self._lock:
            self._sessions.clear()
            self._stack.close()
