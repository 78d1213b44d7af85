"""Real multicast DNS, on loopback only."""

import asyncio
import socket
from collections import namedtuple
from collections.abc import AsyncIterator
from uuid import UUID

import psutil
import pytest
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.presence import SERVICE_TYPE, college_hint, read_txt
from student_client.agent import advert
from student_client.agent.advert import Advertiser, own_addresses
from student_client.agent.state import StateFolder
from student_client.agent.status import StatusBoard
from student_client.backends.base import Unsupported

from .conftest import until

COLLEGE = UUID(int=7)


class Listener:
    """Everything a browser on loopback hears."""

    def __init__(self, mdns: AsyncZeroconf) -> None:
        self.mdns = mdns
        self.present: set[str] = set()
        self.browser = AsyncServiceBrowser(mdns.zeroconf, SERVICE_TYPE, handlers=[self.heard])

    def heard(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            self.present.discard(name)
        else:
            self.present.add(name)

    def addresses(self, name: str) -> list[str]:
        """The addresses in the browser's cache."""
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        info.load_from_cache(self.mdns.zeroconf)
        return info.parsed_addresses()

    async def info(self, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(SERVICE_TYPE, name)
        assert await info.async_request(self.mdns.zeroconf, 3000)
        return info


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    mdns = AsyncZeroconf(interfaces=["127.0.0.1"])
    listener = Listener(mdns)
    yield listener
    await listener.browser.async_cancel()
    await mdns.async_close()


@pytest.fixture
def board(state: StateFolder) -> StatusBoard:
    return StatusBoard(state, lambda: 0.0)


def advertise(board: StatusBoard, host: str) -> tuple[asyncio.Task[None], str]:
    """Start an advertiser; others of this machine may be heard as well, so its name says which is ours."""
    advertiser = Advertiser(board, COLLEGE, host, 47999)
    return asyncio.create_task(advertiser.run()), f"{advertiser._instance}.{SERVICE_TYPE}"


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_device_is_found_says_nothing_of_itself_and_says_good_bye(
    listener: Listener, board: StatusBoard
) -> None:
    task, name = advertise(board, "127.0.0.1")
    await until(lambda: name in listener.present)
    info = await listener.info(name)
    assert (info.port, info.parsed_addresses()) == (47999, ["127.0.0.1"])
    assert read_txt(info.properties) == college_hint(COLLEGE)
    assert set(info.properties) == {b"v", b"c"}
    said = f"{name} {info.server} {info.properties!r}".lower()
    assert socket.gethostname().lower() not in said
    await until(lambda: board.status.discoverable)
    await stop(task)
    await until(lambda: name not in listener.present)
    assert not board.status.discoverable


async def test_every_start_has_another_name(listener: Listener, board: StatusBoard) -> None:
    started = [advertise(board, "127.0.0.1") for _ in range(2)]
    names = {name for _, name in started}
    assert len(names) == 2
    await until(lambda: names <= listener.present)
    for task, _ in started:
        await stop(task)


async def test_new_addresses_are_advertised_and_no_network_is_said(
    listener: Listener, board: StatusBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advert, "RETRY_AFTER", 0.05)
    system, news = socket.socketpair()
    news.setblocking(False)
    monkeypatch.setattr(advert, "address_news", lambda: news)
    addresses: list[tuple[str, ...]] = [()]
    monkeypatch.setattr(advert, "own_addresses", lambda _host: addresses[0])
    task, name = advertise(board, "")
    await until(lambda: "no network is up" in board.sentence)
    addresses[0] = ("127.0.0.1",)
    await until(lambda: name in listener.present)
    await until(lambda: "on no network" in board.sentence)
    addresses[0] = ("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(advert, "address_news", lambda: Unsupported("not told"))
    system.send(b"anything")
    await until(lambda: "127.0.0.2" in listener.addresses(name))

    monkeypatch.setattr(advert, "LOOK_EVERY", 0.05)
    await stop(task)
    task, name = advertise(board, "")
    await until(lambda: "127.0.0.2" in listener.addresses(name))
    addresses[0] = ("127.0.0.1",)
    await until(lambda: listener.addresses(name) == ["127.0.0.1"])
    await stop(task)
    system.close()


Address = namedtuple("Address", "family address")
Stats = namedtuple("Stats", "isup")


def computer(monkeypatch: pytest.MonkeyPatch, **interfaces: list[str]) -> None:
    def family(address: str) -> int:
        return socket.AF_INET6 if ":" in address else socket.AF_INET

    found = {name: [Address(family(one), one) for one in addresses] for name, addresses in interfaces.items()}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: Stats(not name.startswith("down")) for name in found})


def test_the_addresses_a_tutor_can_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    computer(
        monkeypatch,
        lo=["127.0.0.1", "::1"],
        eth0=["10.1.2.3", "fe80::1%eth0", "fd00::7"],
        down0=["10.9.9.9"],
    )
    assert own_addresses("") == ("10.1.2.3", "fd00::7")
    assert own_addresses("0.0.0.0") == ("10.1.2.3",)
    assert own_addresses("10.1.2.3") == ("10.1.2.3",)


def test_without_a_network_it_is_this_computers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    computer(monkeypatch, lo=["127.0.0.1", "::1"])
    assert own_addresses("") == ("127.0.0.1",)
    computer(monkeypatch, lo=["127.0.0.1"], wlan0=["169.254.7.7", "fe80::1%wlan0"])
    assert own_addresses("") == ("169.254.7.7",)
