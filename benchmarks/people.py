"""People as the dashboard's server meets them: what one browser asked it, step by step, asked again without a browser.

Ten browsers on the server's own cores measure the browsers, which people have on machines of their own. So one person
has a browser, in which is measured; the others are what that browser sent before: the same files, and over Streamlit's
socket the same messages, each when the script that the one before it started has ended.
"""

from __future__ import annotations

import asyncio
import http.client
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import websockets
from playwright.async_api import Page, Request, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

WAIT_SECONDS = 60.0
FIRST_STEP = "first load"


@dataclass
class Recording:
    """What a browser asked of the server: the files of its first load, and the messages of each step."""

    socket: str = ""
    files: list[str] = field(default_factory=list)
    steps: list[tuple[str, list[bytes]]] = field(default_factory=lambda: [(FIRST_STEP, [])])
    _is_over: bool = False

    def listen(self, page: Page) -> None:
        """From before the page is opened."""
        page.on("request", self._asked)
        page.on("websocket", self._connected)

    def begin(self, step: str) -> None:
        self.steps.append((step, []))

    def end(self) -> None:
        """What is sent from now on is in no step."""
        self._is_over = True

    def _asked(self, request: Request) -> None:
        if request.method == "GET" and len(self.steps) == 1:
            self.files.append(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self.socket = socket.url
        socket.on("framesent", self._sent)

    def _sent(self, message: bytes) -> None:
        if not self._is_over:
            self.steps[-1][1].append(message)


async def be_somebody(
    seen: Recording, *, reading: float, goes_on: Callable[[], bool], times: dict[str, list[float]]
) -> None:
    """Arrive and go through the recorded steps, again and again, until it is enough; adds the seconds of each.

    The steps begin where chance has it. Raises RuntimeError where a script did not end in time.
    """
    since = time.monotonic()
    await asyncio.to_thread(_fetch, seen.files)
    address = urlsplit(seen.socket)
    async with websockets.connect(
        seen.socket, subprotocols=[websockets.Subprotocol("streamlit")], origin=websockets.Origin(f"http://{address.netloc}"),
        max_size=None,
    ) as socket:  # fmt: skip
        (name, messages), *later = seen.steps
        await _ask(socket, messages)
        times[name].append(time.monotonic() - since)
        place = random.randrange(len(later))
        while goes_on():
            if reading:
                await asyncio.sleep(reading * random.uniform(0.5, 1.5))
            name, messages = later[place % len(later)]
            place += 1
            since = time.monotonic()
            await _ask(socket, messages)
            times[name].append(time.monotonic() - since)


def _fetch(addresses: list[str]) -> None:
    """By the plainest client there is: others work harder than the server that they ask."""
    connection = http.client.HTTPConnection(urlsplit(addresses[0]).netloc)
    for address in addresses:
        asked = urlsplit(address)
        connection.request(
            "GET", asked.path + (f"?{asked.query}" if asked.query else ""), headers={"Accept-Encoding": "gzip"}
        )
        connection.getresponse().read()
    connection.close()


async def _ask(socket: websockets.ClientConnection, messages: list[bytes]) -> None:
    for message in messages:
        await socket.send(message)
        if BackMsg.FromString(message).WhichOneof("type") != "rerun_script":
            continue
        async with asyncio.timeout(WAIT_SECONDS):
            while not _is_end(ForwardMsg.FromString(await socket.recv(decode=False))):
                pass


def _is_end(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") == "script_finished" and message.script_finished not in (
        ForwardMsg.FINISHED_EARLY_FOR_RERUN,
    )
