"""A file-like object for COPY that another thread fills, so that reading, typing and copying overlap."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Feed(io.RawIOBase):
    """Bytes in order from one producing thread to one reader; at most two chunks wait in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(2)
        self._chunk = memoryview(b"")
        self._is_ended = False
        self.is_abandoned = False
        """The reader went away: the producer should stop."""
        self.interruption: BaseException | None = None

    def put(self, chunk: bytes) -> None:
        """Waits until there is room, or nobody reads any more."""
        if chunk and not self.is_abandoned:
            self._room.acquire()
            self._chunks.put(chunk)

    def end(self) -> None:
        self._chunks.put(None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            return self._read_into(memoryview(buffer))
        except BaseException as error:
            # Ctrl-C, most likely; COPY would turn it into an error of the database
            self.interruption = error
            raise

    def _read_into(self, space: memoryview) -> int:
        while not self._chunk and not self._is_ended:
            self._take()
        size = min(len(space), len(self._chunk))
        space[:size], self._chunk = self._chunk[:size], self._chunk[size:]
        return size

    def abandon(self) -> None:
        """Let the producer run to its end, whatever the reader left."""
        self.is_abandoned = True
        self._room.release()

    def _take(self) -> None:
        chunk = self._chunks.get()
        self._room.release()
        self._is_ended = chunk is None
        self._chunk = memoryview(chunk or b"")


@contextmanager
def fed_by(produce: Callable[[Feed], None]) -> Iterator[Feed]:
    """A feed that `produce` fills in its own thread. What `produce` raises is raised when the block ends."""
    feed = Feed()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cartera-landing") as executor:
        try:
            producing = executor.submit(produce, feed)
            # whatever happens to the producer, the reader comes to an end
            producing.add_done_callback(lambda _producing: feed.end())
            yield feed
        except Exception:
            if feed.interruption is not None:
                raise feed.interruption from None
            raise
        finally:
            feed.abandon()
        producing.result()
