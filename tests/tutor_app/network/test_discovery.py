"""Real multicast DNS, on the loopback interface."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from secrets import token_hex
from time import monotonic
from uuid import UUID, uuid4

import pytest
from zeroconf import ServiceInfo, Zeroconf
from zeroconf.asyncio import AsyncZeroconf

from protocol.presence import SERVICE_TYPE, advert_txt
from tutor_app.network.candidates import Address
from tutor_app.network.discovery import Discovery, Ears

LOOPBACK = ["127.0.0.1"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor_app.network.discovery.LOOK_EVERY", 0.05)


@dataclass
class Heard:
    """What discovery told, and when."""

    found: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    found_at: dict[str, float] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def ears(self) -> Ears:
        def found(name: str, addresses: tuple[Address, ...]) -> None:
            self.found[name] = addresses
            self.found_at.setdefault(name, monotonic())

        return Ears(found=found, again=self.again.append, lost=self.lost.append, problem=self.problems.append)

    async def until(self, done: Callable[[], object], within: float = 8.0) -> None:
        ends = monotonic() + within
        while not done():
            assert monotonic() < ends, self
            await asyncio.sleep(0.005)


class Device:
    """One advertising device."""

    def __init__(self, mdns: AsyncZeroconf, college: UUID, name: str = "") -> None:
        self.mdns = mdns
        self.name = f"{name or token_hex(8)}.{SERVICE_TYPE}"
        self.txt: dict[str, str] = advert_txt(college)

    def info(self, port: int = 47800, addresses: tuple[str, ...] = ("127.0.0.1",)) -> ServiceInfo:
        host = f"{self.name.partition('.')[0]}.local."
        return ServiceInfo(
            SERVICE_TYPE, self.name, port, properties=self.txt, server=host, parsed_addresses=list(addresses)
        )

    async def announce(self, port: int = 47800, addresses: tuple[str, ...] = ("127.0.0.1",)) -> float:
        """Returns when the first of three announcements went out: probing for the name comes before it."""
        announcing = await self.mdns.async_register_service(self.info(port, addresses))
        announced = monotonic()
        await announcing
        return announced

    async def leave(self) -> None:
        await (await self.mdns.async_unregister_service(self.info()))


@pytest.fixture
async def mdns() -> AsyncIterator[AsyncZeroconf]:
    made = AsyncZeroconf(LOOPBACK)
    yield made
    await made.async_close()


@pytest.fixture
def college() -> UUID:
    return uuid4()


@pytest.fixture
async def heard(college: UUID) -> AsyncIterator[Heard]:
    ears = Heard()
    task = asyncio.create_task(Discovery(college, ears.ears(), LOOPBACK).run())
    await ears.until(lambda: ears.problems == [""])
    yield ears
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_device_is_found_at_once_followed_and_missed(mdns, college, heard) -> None:
    device = Device(mdns, college)
    announced = await device.announce(port=4711)
    await heard.until(lambda: heard.found)
    assert heard.found == {device.name: (Address("127.0.0.1", 4711),)}
    assert heard.found_at[device.name] - announced < 0.3  # 2 ms on a quiet machine
    await mdns.async_update_service(device.info(4712, ("10.1.2.3",)))
    await heard.until(lambda: heard.found[device.name][0] == Address("10.1.2.3", 4712))
    await device.leave()
    await heard.until(lambda: device.name in heard.lost)


async def test_a_device_that_was_there_before_is_found(mdns, college) -> None:
    device = Device(mdns, college)
    await device.announce()
    ears = Heard()
    began = monotonic()
    task = asyncio.create_task(Discovery(college, ears.ears(), LOOPBACK).run())
    await ears.until(lambda: device.name in ears.found)
    assert monotonic() - began < 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_device_that_says_the_same_again_is_heard(mdns, college, heard) -> None:
    device = Device(mdns, college)
    await device.announce()
    await heard.until(lambda: heard.found)
    heard.again.clear()
    async with asyncio.timeout(5):
        for _ in range(50):  # zeroconf drops equal packets within 0.8 s
            mdns.zeroconf.async_send(mdns.zeroconf.generate_service_broadcast(device.info(), None))
            await asyncio.sleep(0.1)
            if device.name in heard.again:
                break
    assert device.name in heard.again


async def test_junk_and_other_colleges_are_not_told(mdns, college, heard) -> None:
    def junk(txt: dict[str, str], **where: object) -> Device:
        device = Device(mdns, uuid4())
        device.txt = txt
        return device

    adverts = [
        (junk({}), ("127.0.0.1",)),
        (junk({"v": "2", "c": advert_txt(college)["c"]}), ("127.0.0.1",)),
        (junk({"v": "1", "c": "x" * 200}), ("127.0.0.1",)),
        (Device(mdns, uuid4()), ("127.0.0.1",)),
        (Device(mdns, college), ("224.0.0.1", "0.0.0.0", "ff02::1", "255.255.255.255")),
        (Device(mdns, college, "ünïcode"), ("127.0.0.1",)),
    ]
    for device, addresses in adverts:
        mdns.zeroconf.async_send(mdns.zeroconf.generate_service_broadcast(device.info(4711, addresses), None))
    await send_raw(b"\x00\x00\x84\x00\x00\x00\x00\x01" + b"\xc0\x0c" * 50)
    good = Device(mdns, college)
    mdns.zeroconf.async_send(mdns.zeroconf.generate_service_broadcast(good.info(), None))
    await heard.until(lambda: good.name in heard.found)
    assert set(heard.found) <= {good.name, "ünïcode".lower() + "." + SERVICE_TYPE}
    assert heard.problems == [""]


async def test_addresses_that_need_no_zone_come_first(mdns, college, heard) -> None:
    device = Device(mdns, college)
    addresses = ("fe80::1", "fd00::7", "169.254.0.9", "10.0.0.7")
    mdns.zeroconf.async_send(mdns.zeroconf.generate_service_broadcast(device.info(1, addresses), None))
    await heard.until(lambda: device.name in heard.found)
    hosts = [address.host.partition("%")[0] for address in heard.found[device.name]]
    assert hosts == ["10.0.0.7", "fd00::7", "169.254.0.9", "fe80::1"]


async def test_discovery_that_died_says_so_and_comes_back(
    mdns, college, heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor_app.network.discovery.FIRST_PAUSE", 0.05)
    device = Device(mdns, college)
    await device.announce()
    await heard.until(lambda: heard.found)
    heard.found.clear()
    for zeroconf in running():
        if zeroconf is not mdns.zeroconf:
            zeroconf.engine.readers[0].transport.close()
    await heard.until(lambda: len(heard.problems) >= 3)
    assert heard.problems[0] == ""
    assert "cannot be found by themselves" in heard.problems[1]
    assert heard.problems[2] == ""
    await heard.until(lambda: device.name in heard.found)


async def test_new_interfaces_are_asked_too(mdns, college, heard, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(mdns, college)
    await device.announce()
    await heard.until(lambda: heard.found)
    heard.found.clear()
    monkeypatch.setattr("tutor_app.network.discovery._interfaces", lambda: frozenset({("wlan0", "10.0.0.2")}))
    await heard.until(lambda: device.name in heard.found)  # the new browser tells everything anew
    assert set(heard.problems) == {""}


async def test_no_network_at_all_is_said(college, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> AsyncZeroconf:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("tutor_app.network.discovery.AsyncZeroconf", none)
    ears = Heard()
    task = asyncio.create_task(Discovery(college, ears.ears()).run())
    await ears.until(lambda: ears.problems)
    assert "Network is unreachable" in ears.problems[0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def running() -> list[Zeroconf]:
    return [one for one in gc.get_objects() if isinstance(one, Zeroconf) and not one.done]


async def send_raw(packet: bytes) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("224.0.0.251", 5353), local_addr=("127.0.0.1", 0)
    )
    transport.sendto(packet)
    transport.close()
