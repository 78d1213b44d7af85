"""The agent's end of the local socket to the desktop process: framed messages both ways, bounded."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from protocol.codec import CodecError
from protocol.messages import Message
from student_client.local import TO_AGENT, TO_DESKTOP, LocalReader, frame_local

log = logging.getLogger(__name__)

UNREAD_LIMIT: Final = 4 * 1024 * 1024  # a desktop that leaves this much unread has stopped working


class DesktopLink(asyncio.Protocol):
    """One connection of a desktop process. `gone` is set once it is over."""

    def __init__(self, arrived: Callable[["DesktopLink"], bool], said: Callable[[Message], None]) -> None:
        self._arrived, self._said = arrived, said
        self._reader = LocalReader()
        self._transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask whether this one is awaited; close it where not."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._arrived(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Deliver whole messages; anything else ends the connection."""
        try:
            messages = [TO_AGENT.decode(payload) for payload in self._reader.feed(data)]
        except (ValueError, CodecError) as error:
            log.warning("the desktop sent something that is not a message: %s", error)
            self.close()
            return
        for message in messages:
            if self._transport:
                self._said(message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It is over."""
        self._transport = None
        self.gone.set()

    @property
    def transport(self) -> asyncio.Transport | None:
        """The pipe, while there is one."""
        return self._transport

    def send(self, message: Message) -> None:
        """Send, or give the desktop up that does not read."""
        if self._transport is None:
            return
        self._transport.write(frame_local(TO_DESKTOP.encode(message)))
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT:
            log.warning("the desktop has stopped reading")
            self.close()

    def close(self) -> None:
        """Hang up at once."""
        if self._transport:
            self._transport.abort()
            self._transport = None
