"""Advertises the device by multicast DNS, again whenever the computer's addresses change. It may fail; it says so."""

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import psutil
from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from protocol.presence import SERVICE_TYPE, Advert, advert_txt, college_hint
from student_client.agent.status import StatusBoard
from student_client.backends.base import Unsupported
from student_client.backends.choose import address_news

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 2.0  # seconds between looks at the computer's addresses where the system does not tell
SETTLES: Final = 0.2  # seconds: addresses change in twos and threes
NEWS_SIZE: Final = 64 * 1024
RETRY_AFTER: Final = 5.0
CLOSE_WITHIN: Final = 0.4  # seconds for the good-bye, which takes a third of one
REGISTER_WITHIN: Final = 10.0


def own_addresses(host: str) -> tuple[str, ...]:
    """Return the addresses a tutor may reach this computer at; loopback only where there is nothing else.

    `host` is what the server listens on: where it is one address, that one.
    """
    if host and not ipaddress.ip_address(host).is_unspecified:
        return (host,)
    stats = psutil.net_if_stats()
    families = {socket.AF_INET} if host == "0.0.0.0" else {socket.AF_INET, socket.AF_INET6}  # noqa: S104 - a comparison
    found = [
        ipaddress.ip_address(address.address.partition("%")[0])
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family in families and name in stats and stats[name].isup
    ]
    usable = [one for one in found if not one.is_loopback and not one.is_link_local and not one.is_multicast]
    usable = usable or [one for one in found if not one.is_loopback and one.version == 4]
    usable = usable or [one for one in found if one.is_loopback and one.version == 4]
    return tuple(sorted({str(one) for one in usable}))


class Advertiser:
    """Keeps one advert on the network, under a name that is new at every start."""

    def __init__(self, board: StatusBoard, college: UUID, host: str, port: int) -> None:
        self._board, self._college, self._host, self._port = board, college, host, port
        self._instance = secrets.token_hex(8)

    async def run(self) -> None:
        """Advertise until cancelled; says good-bye at the end."""
        while True:
            addresses = own_addresses(self._host)
            try:
                await self._advertise(addresses)
            except (OSError, ZeroconfError, TimeoutError) as error:
                self._board.set(discoverable=False)
                self._board.problem("mdns", f"Tutors cannot find this computer by themselves (mDNS): {_text(error)}.")
                await asyncio.sleep(RETRY_AFTER)

    async def _advertise(self, addresses: tuple[str, ...]) -> None:
        """Advertise these addresses until there are others."""
        if not addresses:
            raise OSError("no network is up")
        with contextlib.ExitStack() as stack:
            news = _news()
            if news:
                stack.enter_context(news)
            await self._advertise_until(addresses, news)

    async def _advertise_until(self, addresses: tuple[str, ...], news: socket.socket | None) -> None:
        mdns = AsyncZeroconf(interfaces=list(addresses), ip_version=_version(addresses))
        try:
            async with asyncio.timeout(REGISTER_WITHIN):
                # The random name makes the half second of probing for another of that name needless.
                await (await mdns.async_register_service(self._service(addresses), cooperating_responders=True))
            self._network(addresses)
            while own_addresses(self._host) == addresses:
                await _change(news)
            log.info("this computer's addresses have changed")
        finally:
            self._board.set(discoverable=False)
            await _quietly(mdns.async_close)

    def _network(self, addresses: tuple[str, ...]) -> None:
        self._board.set(discoverable=True)
        self._board.solved("mdns")
        log.info("advertised at %s, port %d", ", ".join(addresses), self._port)
        if not self._host and all(ipaddress.ip_address(address).is_loopback for address in addresses):
            self._board.problem("network", "This computer is on no network; no tutor can reach it.")
        else:
            self._board.solved("network")

    def _service(self, addresses: tuple[str, ...]) -> AsyncServiceInfo:
        advert = Advert(self._instance, college_hint(self._college), addresses, self._port)
        return AsyncServiceInfo(
            SERVICE_TYPE,
            advert.service_name,
            port=advert.port,
            properties=advert_txt(self._college),
            parsed_addresses=list(addresses),
        )


def _news() -> socket.socket | None:
    try:
        news = address_news()
    except OSError as error:
        log.warning("changes of this computer's addresses are not told: %s", error)
        return None
    return None if isinstance(news, Unsupported) else news


async def _change(news: socket.socket | None) -> None:
    """Wait until the addresses may have changed."""
    if news is None:
        await asyncio.sleep(LOOK_EVERY)
        return
    with contextlib.suppress(OSError):  # ENOBUFS: more changed than the socket holds, and that is news too
        await asyncio.get_running_loop().sock_recv(news, NEWS_SIZE)
    await asyncio.sleep(SETTLES)
    with contextlib.suppress(OSError):
        while news.recv(NEWS_SIZE):
            pass


def _version(addresses: tuple[str, ...]) -> IPVersion:
    versions = {ipaddress.ip_address(address).version for address in addresses}
    return IPVersion.All if len(versions) == 2 else IPVersion.V4Only if versions == {4} else IPVersion.V6Only


async def _quietly(close: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(OSError, ZeroconfError, TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN):
            await close()


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
