"""One websocket pumped through one Session. Above this module nobody knows which pipe the bytes took."""

import asyncio
import asyncio.sslproto
import ssl
from collections.abc import AsyncIterator
from contextlib import nullcontext

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from protocol.frame_limit import LimitedClientConnection
from protocol.identity import Identity
from protocol.messages import Message, Stream, Watch
from protocol.session import GREETING_LIMIT, CloseCode, RemoteProtocolError, Session, Side
from protocol.tls import peer_identity

OPEN_WITHIN = 5.0  # seconds for TCP, TLS and the upgrade together
PING_EVERY = 3.0  # with PING_WITHIN: a cut cable is noticed within 8 s, goal 10 s
PING_WITHIN = 5.0
QUEUED_MESSAGES = 8
# WORKAROUND: asyncio fills a buffer of 256 KiB for every TLS connection and offers no other way to make it smaller;
# a TLS record is 16 KiB at most. https://github.com/python/cpython/blob/v3.11.7/Lib/asyncio/sslproto.py
TLS_BUFFER = 64 * 1024
asyncio.sslproto.SSLProtocol.max_size = TLS_BUFFER
SERVER_NAME = "lessonlight"  # goes into SNI and Host, where an address or a name would tell a listener something


class LinkClosed(Exception):
    """The connection is over; `code` and `reason` are the close frame's, or 1006 where there was none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason or 'closed'} ({code})")
        self.code = code
        self.reason = reason


class Link:
    """A permitted or would-be permitted connection: typed messages both ways, errors already sorted."""

    def __init__(self, connection: Connection, side: Side, peer: Identity) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self.session = Session(side, self._loop.time())
        self.peer = peer
        self.bytes_in = 0
        self.bytes_out = 0

    @property
    def address(self) -> str:
        """The peer's address and port, for logs only."""
        host, port = self._connection.remote_address[:2]
        return f"{host}:{port}"

    def watched(self, stream: Stream) -> Watch | None:
        """Return the `Watch` in force for a stream."""
        return self.session.watched(stream)

    async def send(self, message: Message) -> None:
        """Say something; raises LocalProtocolError when it may not be said now, LinkClosed when nobody hears."""
        payload = self.session.send(message, self._loop.time())
        self._follow_limit()
        self.bytes_out += len(payload)
        try:
            await self._connection.send(payload)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def receive(self) -> Message:
        """Return the peer's next message; raises LinkClosed, also after this side closed on a broken protocol."""
        try:
            while True:
                message = self.session.receive(await self._payload(), self._loop.time())
                self._follow_limit()
                if message is not None:
                    return message
        except RemoteProtocolError as error:
            await self.close(error.code, str(error))
            raise LinkClosed(error.code, str(error)) from error

    async def messages(self) -> AsyncIterator[Message]:
        """Yield the peer's messages until the connection is over, however that came about."""
        while True:
            try:
                yield await self.receive()
            except LinkClosed:
                return

    async def answers(self, within: float) -> bool:
        """Whether the peer answers a ping within so many seconds."""
        try:
            async with asyncio.timeout(within):
                await (await self._connection.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    async def close(self, code: CloseCode = CloseCode.DONE, reason: str = "") -> None:
        """Close with a code; the reason is cut to what a close frame holds (RFC 6455 §5.5: 125 bytes)."""
        await self._connection.close(code, reason.encode()[:120].decode(errors="ignore"))

    async def _payload(self) -> bytes:
        due = self.session.answer_by
        try:
            async with asyncio.timeout_at(due) if due is not None else nullcontext():
                payload = await self._connection.recv()
        except TimeoutError:
            self.session.tick(self._loop.time())
            return await self._payload()
        except ConnectionClosed as error:
            raise _closed(error) from None
        if isinstance(payload, str):
            raise RemoteProtocolError("a text frame; this protocol is binary")
        self.bytes_in += len(payload)
        return payload

    def _follow_limit(self) -> None:
        self._connection.protocol.max_message_size = self.session.payload_limit


def _closed(error: ConnectionClosed) -> LinkClosed:
    frame = error.rcvd or error.sent
    return LinkClosed(frame.code, frame.reason) if frame else LinkClosed(1006, "the connection broke")


async def dial(host: str, port: int, context: ssl.SSLContext) -> Link:
    """Connect to a device; raises OSError, ssl.SSLError, TimeoutError, InvalidHandshake or IdentityError."""
    connection = await connect(
        f"wss://{SERVER_NAME}/",
        host=host,
        port=port,
        ssl=context,
        server_hostname=SERVER_NAME,
        compression=None,  # JPEG does not compress, and compression beside secrets is an oracle
        proxy=None,
        user_agent_header=None,
        create_connection=LimitedClientConnection,
        max_size=GREETING_LIMIT,
        max_queue=QUEUED_MESSAGES,
        open_timeout=OPEN_WITHIN,
        ping_interval=PING_EVERY,
        ping_timeout=PING_WITHIN,
        close_timeout=1.0,
    )
    try:
        return Link(connection, Side.STAFF, peer_identity(connection.transport.get_extra_info("ssl_object")))
    except BaseException:
        await connection.close(CloseCode.IDENTITY)
        raise
