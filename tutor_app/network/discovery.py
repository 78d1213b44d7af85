"""Finds devices by multicast DNS, and keeps at it: interfaces come and go, junk comes in, zeroconf itself may die.

What it hears are rumours; `candidates` bounds what they may cost.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

import psutil
from zeroconf import (
    BadTypeInNameException,
    InterfaceChoice,
    IPVersion,
    RecordUpdate,
    RecordUpdateListener,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf import Error as ZeroconfError
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.presence import SERVICE_TYPE, college_hint, read_txt
from tutor_app.network.candidates import Address

PTR = 12  # RFC 1035 §3.2.2
LOOK_EVERY = 2.0  # seconds between looks at the interfaces and at zeroconf's health
RESOLVE_WITHIN = 3000  # milliseconds, as zeroconf takes them
RESOLVING_AT_ONCE = 32  # an advert that came without its addresses; the rest is heard when it is advertised again
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before discovery is begun again

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Whom discovery tells: where a device is, that it was heard again, that it left, what is wrong ("": nothing)."""

    found: Callable[[str, tuple[Address, ...]], None]
    again: Callable[[str], None]
    lost: Callable[[str], None]
    problem: Callable[[str], None]


class Discovery:
    """Browses for one college's devices until its task is cancelled."""

    def __init__(self, college: UUID, ears: Ears, interfaces: list[str] | None = None) -> None:
        """`interfaces` (IP addresses) restricts it; by default it follows all of them as they come and go."""
        self._hint = college_hint(college)
        self._ears = ears
        self._interfaces = interfaces
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self._pause = FIRST_PAUSE

    async def run(self) -> None:
        """Look for devices for ever; what breaks is said, and begun again."""
        while True:
            try:
                await self._browse()
            except (OSError, RuntimeError, ZeroconfError, TimeoutError) as error:
                log.info("discovery: %r", error)
                self._ears.problem(
                    "Laptops cannot be found by themselves just now: multicast does not work on this computer"
                    f" ({error}). Those connected stay connected; it is tried again."
                )
            await asyncio.sleep(self._pause)
            self._pause = min(LONGEST_PAUSE, self._pause * 2)

    async def _browse(self) -> None:
        """Browse until zeroconf has died; raises what it died of."""
        mdns = await self._open()
        heard_again = _HeardAgain(self._ears.again)
        try:
            await mdns.zeroconf.async_wait_for_start()
            mdns.zeroconf.async_add_listener(heard_again, None)
            while True:
                await self._browse_these(mdns)
                await mdns.async_update_interfaces()
        finally:
            for task in self._resolving.values():
                task.cancel()
            await asyncio.gather(*self._resolving.values(), return_exceptions=True)
            await mdns.async_close()

    async def _open(self) -> AsyncZeroconf:
        # It warns, with a traceback, of every interface that cannot do IPv6; what matters arrives as an exception.
        logging.getLogger("zeroconf").setLevel(logging.ERROR)
        interfaces = self._interfaces or InterfaceChoice.All
        try:
            return AsyncZeroconf(interfaces, ip_version=None if self._interfaces else IPVersion.All)
        except OSError:  # no IPv6 on this computer
            return AsyncZeroconf(interfaces, ip_version=IPVersion.V4Only)

    async def _browse_these(self, mdns: AsyncZeroconf) -> None:
        """Browse until the interfaces change: the next browser asks on the new ones, and tells everything anew."""
        interfaces = _interfaces()
        browser = AsyncServiceBrowser(mdns.zeroconf, SERVICE_TYPE, handlers=[self._changed])
        try:
            self._ears.problem("")
            while interfaces == _interfaces():
                await asyncio.sleep(LOOK_EVERY)
                _check(mdns.zeroconf)
                self._pause = FIRST_PAUSE
        finally:
            await browser.async_cancel()

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        key = name.lower()
        if state_change is ServiceStateChange.Removed:
            self._ears.lost(key)
            return
        try:
            info = AsyncServiceInfo(service_type, name)
        except BadTypeInNameException:
            return
        if info.load_from_cache(zeroconf):
            self._tell(key, info)
        elif key not in self._resolving and len(self._resolving) < RESOLVING_AT_ONCE:
            self._resolving[key] = asyncio.create_task(self._resolve(zeroconf, key, info), name=f"resolve {key}")

    async def _resolve(self, zeroconf: Zeroconf, key: str, info: AsyncServiceInfo) -> None:
        try:
            if await info.async_request(zeroconf, RESOLVE_WITHIN):
                self._tell(key, info)
        finally:
            del self._resolving[key]

    def _tell(self, key: str, info: AsyncServiceInfo) -> None:
        addresses = tuple(Address(host, info.port) for host in _usable(info.parsed_scoped_addresses()) if info.port)
        if addresses and read_txt(info.properties) == self._hint:
            self._ears.found(key, addresses)


class _HeardAgain(RecordUpdateListener):
    """Hears adverts that say nothing new, which a browser keeps to itself: a laptop that starts again says the same."""

    def __init__(self, again: Callable[[str], None]) -> None:
        super().__init__()
        self._again = again

    def async_update_records(self, _: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        """Called by zeroconf with the records of every packet."""
        for record in records:
            if record.new.type == PTR and record.old and not record.new.is_expired(now):
                self._again(getattr(record.new, "alias", "").lower())  # only zeroconf's pointers have one


def _check(zeroconf: Zeroconf) -> None:
    readers = zeroconf.engine.readers
    if zeroconf.done or not readers or any(reader.transport.is_closing() for reader in readers):
        raise OSError("the multicast socket was closed")


def _interfaces() -> frozenset[tuple[str, str]]:
    return frozenset((name, one.address) for name, addresses in psutil.net_if_addrs().items() for one in addresses)


def _usable(hosts: Iterable[str]) -> Iterator[str]:
    """Yield the hosts one can connect to, those that need no zone first."""
    parsed = [(ip_address(host.partition("%")[0]), host) for host in hosts]
    for address, host in sorted(parsed, key=lambda pair: (pair[0].is_link_local, pair[0].version)):
        if not (address.is_multicast or address.is_unspecified or (address.version == 4 and address.is_reserved)):
            yield host
