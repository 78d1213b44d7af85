"""The listening socket and its bounds: who comes in at all, before a byte of TLS is read, and why somebody didn't.

At most 64 connections without a permit, four an address (SECURITY rule 5); what is over is closed at once, unread.
"""

import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Self

WAITING: Final = 64
WAITING_AN_ADDRESS: Final = 4
TURNED_AWAY_A_TURN: Final = 200  # so that a flood leaves the event loop its turns
BACKLOG: Final = 100

_NO_IPV6: Final = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_CERTIFICATE: Final = {9: "its certificate is not valid yet", 10: "its certificate has expired"}  # X509_V_ERR_CERT_…
_HANDSHAKE: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it showed no certificate",
    "HTTP_REQUEST": "it spoke without encryption",
    "UNSUPPORTED_PROTOCOL": "it spoke an old version of TLS",
}

# asyncio starts every connection's callbacks in a copy of the context in which it was accepted: that is how a
# failed handshake, which asyncio tells nobody about, finds the address it came from.
ATTEMPT: ContextVar["Attempt"] = ContextVar("ATTEMPT")


class Attempt:
    """One connection until it holds a permit, fails or goes away."""

    def __init__(self, door: "Door", address: str) -> None:
        self._door: Door | None = door
        self.address = address
        self.secured = False
        self.failure = ""

    def settled(self) -> None:
        """Free its place before the permit; twice is once."""
        if self._door:
            self._door.leave(self)
            self._door = None

    def gone(self) -> None:
        """The socket is closed."""
        if self._door and not self.secured:
            self._door.refused(self.address, self.failure or "it did not finish the TLS handshake")
        self.settled()


class Door:
    """The places of those who hold no permit yet. `refused(address, why)` hears of everyone who never came in."""

    def __init__(self, refused: Callable[[str, str], None]) -> None:
        self.refused = refused
        self._inside: set[Attempt] = set()
        self._addresses: Counter[str] = Counter()

    def enter(self, address: str) -> Attempt | None:
        """Give a place, or None where all are taken."""
        if len(self._inside) >= WAITING or self._addresses[address] >= WAITING_AN_ADDRESS:
            self.refused(address, "too many connections at once")
            return None
        attempt = Attempt(self, address)
        self._inside.add(attempt)
        self._addresses[address] += 1
        return attempt

    def leave(self, attempt: Attempt) -> None:
        """Take the place back."""
        self._inside.discard(attempt)
        self._addresses[attempt.address] -= 1
        if not self._addresses[attempt.address]:
            del self._addresses[attempt.address]

    @property
    def waiting(self) -> int:
        """How many hold no permit yet."""
        return len(self._inside)


class _Arrival(socket.socket):
    """An accepted connection that tells its attempt when it is closed."""

    attempt: Attempt

    def close(self) -> None:
        super().close()
        self.attempt.gone()


class ListeningSocket(socket.socket):
    """A socket whose `accept` turns away those for whom the door has no place."""

    door: Door

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection that may come in, or raise BlockingIOError."""
        for _ in range(TURNED_AWAY_A_TURN):
            connection, address = super().accept()
            attempt = self.door.enter(plain_address(address[0]))
            if attempt is None:
                connection.close()
                continue
            arrival = _Arrival(connection.family, connection.type, connection.proto, connection.detach())
            arrival.attempt = attempt
            ATTEMPT.set(attempt)
            return arrival, address
        raise BlockingIOError

    @classmethod
    def bound(cls, host: str, port: int, door: Door) -> Self:
        """Listen; an empty host means every address of both families. Raises OSError."""
        if host:
            info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]
            return cls._listen(info[0], info[4], door)
        try:
            return cls._listen(socket.AF_INET6, ("::", port), door)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
            return cls._listen(socket.AF_INET, ("0.0.0.0", port), door)  # noqa: S104 - mutual TLS guards it

    @classmethod
    def _listen(cls, family: int, address: Any, door: Door) -> Self:
        sock = cls(family, socket.SOCK_STREAM)
        try:
            sock.door = door
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
            sock.setblocking(False)
            sock.bind(address)
            sock.listen(BACKLOG)
        except OSError:
            sock.close()
            raise
        return sock


class WatchedTls(ssl.SSLObject):
    """TLS that remembers why its handshake failed."""

    def do_handshake(self) -> None:
        """As ever; a failure is written into the attempt."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            ATTEMPT.get().failure = _in_words(error)
            raise
        ATTEMPT.get().secured = True


def plain_address(host: str) -> str:
    """Return an address as people know it: IPv4 in its own form, also where it came in over IPv6."""
    return host.removeprefix("::ffff:") if "." in host else host


def _in_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, "its certificate is not one of this college's staff")
    return _HANDSHAKE.get(error.reason or "", "it did not speak Lessonlight's secure protocol")
