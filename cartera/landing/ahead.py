"""Reading, encoding and copying at the same time: each in a thread of its own, none far before the next."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

ROOM = 2
"""Items that may wait, so that memory does not grow when the maker is faster than the taker."""


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """The same items, made in another thread before they are asked for.

    What making them raises is raised where they are taken. Leaving the block ends the making.
    """
    belt = _Belt[T]()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cartera-landing") as executor:
        try:
            making = executor.submit(belt.fill, items)
            # whatever happens to the maker, the taker comes to an end
            making.add_done_callback(lambda _making: belt.end())
            yield belt.taken(making)
        finally:
            belt.abandon()


class _Belt(Generic[T]):
    def __init__(self) -> None:
        self._items: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(ROOM)
        self._is_abandoned = False

    def fill(self, items: Iterable[T]) -> None:
        for item in items:
            self._room.acquire()
            if self._is_abandoned:
                return
            self._items.put((item,))

    def taken(self, making: Future[None]) -> Iterator[T]:
        while (item := self._items.get()) is not None:
            self._room.release()
            yield item[0]
        making.result()

    def end(self) -> None:
        self._items.put(None)

    def abandon(self) -> None:
        self._is_abandoned = True
        self._room.release()


class Stream(io.RawIOBase):
    """Chunks of bytes as the file that COPY reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._chunk: memoryview | None = memoryview(b"")
        self.interruption: BaseException | None = None
        """What stopped the reading (a broken file, Ctrl-C): COPY makes an error of the database of it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            return self._read_into(memoryview(buffer))
        except BaseException as error:
            self.interruption = error
            raise

    def _read_into(self, space: memoryview) -> int:
        while self._chunk is not None and not self._chunk:
            chunk = next(self._chunks, None)
            self._chunk = None if chunk is None else memoryview(chunk)
        if self._chunk is None:
            return 0
        size = min(len(space), len(self._chunk))
        space[:size], self._chunk = self._chunk[:size], self._chunk[size:]
        return size
