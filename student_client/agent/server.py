"""The one port: mutual TLS, the certificate's role before the upgrade, one `Visit` a connection."""

import asyncio
import contextlib
import errno
import http
import logging
import os
from collections.abc import AsyncIterator, Callable
from typing import Final

from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from protocol.frame_limit import LimitedServerConnection
from protocol.identity import Credentials, IdentityError
from protocol.link import PING_EVERY, PING_WITHIN, QUEUED_MESSAGES, Link
from protocol.messages import Reason
from protocol.session import GREETING_LIMIT, Side
from protocol.tls import device_context, peer_identity
from student_client.agent.device import Device
from student_client.agent.door import ATTEMPT, Door, ListeningSocket, WatchedTls
from student_client.agent.receipts import Someone
from student_client.agent.status import StatusBoard
from student_client.agent.visit import Visit

log = logging.getLogger(__name__)

HANDSHAKE_WITHIN: Final = 5.0  # seconds for TLS, and again for the upgrade; SECURITY rule 5
CLOSE_WITHIN: Final = 1.0
GOODBYE_WITHIN: Final = 0.3  # seconds for every visitor to have read why; whoever is stuck is cut off
RETRY_EVERY: Final = 2.0  # seconds, while the port is taken
WRITE_LIMIT: Final = 256 * 1024  # bytes a peer may leave unread before its outbox waits


class Server:
    """Listens as one enrolled device. `address` is where, once it does."""

    def __init__(self, device: Device, board: StatusBoard, host: str, port: int) -> None:
        self._device, self._board = device, board
        self._host, self._port = host, port
        self._visits: dict[Visit, Callable[[], None]] = {}  # and how to cut each off
        self._empty = asyncio.Event()
        self._empty.set()
        self._door = Door(lambda address, why: device.refused(Someone(address=address), why))

    @contextlib.asynccontextmanager
    async def listening(self, credentials: Credentials) -> AsyncIterator[int]:
        """Listen, waiting while the port is taken, and yield the port; ends every connection at the end."""
        context = device_context(credentials)
        context.sslobject_class = WatchedTls
        sock = await self._bind()
        server: WebSocketServer = await serve(
            self._receive,
            sock=sock,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_WITHIN,
            open_timeout=HANDSHAKE_WITHIN,
            process_request=self._admit,
            create_connection=LimitedServerConnection,
            server_header=None,
            compression=None,
            max_size=GREETING_LIMIT,
            max_queue=QUEUED_MESSAGES,
            write_limit=WRITE_LIMIT,
            ping_interval=PING_EVERY + 1.0,  # the tutor's side pings first, and one ping is enough for both
            ping_timeout=PING_WITHIN,
            close_timeout=CLOSE_WITHIN,
        )
        host, port = sock.getsockname()[:2]
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        log.info("listening on %s", shown)
        self._board.set(listening=shown)
        try:
            yield port
        finally:
            self._board.set(listening="")
            await self._say_goodbye()
            server.close()
            await server.wait_closed()

    async def _bind(self) -> ListeningSocket:
        while True:
            try:
                sock = ListeningSocket.bound(self._host, self._port, self._door)
            except OSError as error:
                self._board.problem("listen", self._why_not(error))
                await asyncio.sleep(RETRY_EVERY)
            else:
                self._board.solved("listen")
                return sock

    def _why_not(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return f"Port {self._port} is taken by another program; trying again every {RETRY_EVERY:.0f} s."
        where = f"{self._host or 'any address'}, port {self._port}"
        return f"Cannot listen on {where}: {os.strerror(error.errno or 0)}; trying again every {RETRY_EVERY:.0f} s."

    def _admit(self, connection: ServerConnection, _request: Request) -> Response | None:
        """Refuse, before the upgrade, whoever may not even say `Hello`."""
        try:
            peer = peer_identity(connection.transport.get_extra_info("ssl_object"))
        except IdentityError as error:
            self._device.refused(Someone(address=ATTEMPT.get().address), str(error))
            return connection.respond(http.HTTPStatus.FORBIDDEN, "not-staff\n")
        refusal = self._device.gate.admit(peer)
        if refusal is None:
            return None
        self._device.refused(Someone.known(peer), refusal.detail)
        return connection.respond(http.HTTPStatus.FORBIDDEN, f"{refusal.reason}\n")

    async def _receive(self, connection: ServerConnection) -> None:
        peer = peer_identity(connection.transport.get_extra_info("ssl_object"))
        link = Link(connection, Side.DEVICE, peer)
        visit = Visit(link, self._device, ATTEMPT.get(), connection.transport.abort)
        self._visits[visit] = connection.transport.abort
        self._empty.clear()
        try:
            await visit.run()
        finally:
            del self._visits[visit]
            if not self._visits:
                self._empty.set()

    async def _say_goodbye(self) -> None:
        for visit in list(self._visits):
            visit.end(Reason.SHUTTING_DOWN, "This computer's Lessonlight is shutting down.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_WITHIN):
                await self._empty.wait()
        for abort in list(self._visits.values()):
            abort()
