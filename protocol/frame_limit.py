"""At most so many WebSocket frames a second on one connection, whatever is in them, and no ping that nobody needs.

websockets bounds the size of a message and the number of its fragments. Pings, pongs and empty fragments are free:
two bytes of them cost the other side a hundred times the time (and a pong), so that a flood of them stalls its loop.
"""

import asyncio
from time import monotonic
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ProtocolError
from websockets.frames import CloseCode, Frame
from websockets.protocol import Protocol

from protocol.session import MESSAGES_A_SECOND, Allowance

FRAMES_A_SECOND: Final = MESSAGES_A_SECOND + 20  # a message is one frame; beside them a ping or pong every second


class _Limited(Connection):
    """A connection that fails (RFC 6455 §7.1.7, code 1002) at one frame too many, and is cut where it failed."""

    def __init__(self, protocol: Protocol, *arguments: Any, **options: Any) -> None:
        super().__init__(protocol, *arguments, **options)
        _limit(protocol)
        self._heard_at = monotonic()

    def data_received(self, data: bytes) -> None:
        """Take in bytes; after a failure the close frame is out, and waiting for its answer would serve a flood."""
        self._heard_at = monotonic()
        super().data_received(data)
        if self.protocol.parser_exc is not None:
            self.transport.abort()

    async def keepalive(self) -> None:
        """Ping a peer that has been silent for an interval, and fail where it stays so; whoever talks is there.

        In the place of websockets' own, whose pings and pongs were more frames than all tiles of a campus.
        """
        while True:
            wait = (self.ping_interval or 0.0) - (monotonic() - self._heard_at)
            if wait > 0:
                await asyncio.sleep(wait)
            elif not await self._answers():
                return

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self.ping_timeout):
                await (await self.ping())
        except ConnectionClosed:
            return False
        except TimeoutError:
            async with self.send_context():  # waits until the connection is gone, which ends this task
                self.protocol.fail(CloseCode.INTERNAL_ERROR, "no answer to a ping")
        return True


class LimitedClientConnection(_Limited, ClientConnection):
    """For `connect(create_connection=…)`."""


class LimitedServerConnection(_Limited, ServerConnection):
    """For `serve(create_connection=…)`."""


def _limit(protocol: Protocol) -> None:
    allowance = Allowance(FRAMES_A_SECOND, monotonic())
    take_in = protocol.recv_frame

    def counted(frame: Frame) -> None:
        if not allowance.take(1, monotonic()):
            raise ProtocolError(f"more than {FRAMES_A_SECOND:.0f} frames a second")
        take_in(frame)

    protocol.recv_frame = counted  # type: ignore[method-assign]  # websockets has no other door before the pong
