"""Where a Linux machine is connected: /proc/net for the routes, /sys/class/net for what carries them."""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from protocol.policy.facts import NetworkFacts, Place
from student_client.backends.machine import MachineError, Networks

# Drivers of phones that share their connection over USB or Bluetooth, and of modems for the mobile network.
# A few USB network adapters use cdc_ether and cdc_ncm too: they count as phones, for nothing tells them apart.
_TETHERED: Final = frozenset({"rndis_host", "ipheth", "cdc_ether", "cdc_ncm", "cdc_eem", "cdc_subset"})
_MODEMS: Final = frozenset(
    {"qmi_wwan", "cdc_mbim", "huawei_cdc_ncm", "sierra_net", "hso", "iosm", "t7xx", "mhi_wwan_mbim"}
)
_UP: Final = 0x1
_REJECT: Final = 0x200


@dataclass(frozen=True, slots=True, order=True)
class _Route:
    metric: int
    interface: str


class LinuxNetworks(Networks):
    """The default routes of the network namespace this process is in; `root` is where /proc and /sys stand."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._known: frozenset[str] | None = None

    def facts(self, on_site: tuple[str, ...]) -> NetworkFacts:
        """Return them; on site is who has an address of the college's on an interface with a default route."""
        interfaces = self._interfaces()
        kinds = [self._kind(interface) for interface in interfaces]
        return NetworkFacts(
            place=self._place(interfaces, on_site),
            interfaces=interfaces,
            tethered="tethered" in kinds,
            mobile_modem="modem" in kinds,
            new_route=self._known is not None and not self._known.issuperset(interfaces),
        )

    def begin(self) -> None:
        """Know the default routes of now."""
        self._known = frozenset(self._interfaces())

    def _interfaces(self) -> tuple[str, ...]:
        try:
            routes = sorted([*self._routes4(), *self._routes6()])
        except (OSError, ValueError, IndexError) as error:
            raise MachineError(f"The network routes of this laptop cannot be read: {error}.") from error
        return tuple(dict.fromkeys(route.interface for route in routes))

    def _routes4(self) -> Iterator[_Route]:
        """Read lines of: interface, destination, gateway, flags, …, metric, mask (hexadecimal but for the metric)."""
        for line in self._lines("proc/net/route")[1:]:
            fields = line.split()
            usable = int(fields[3], 16) & _UP and not int(fields[3], 16) & _REJECT
            if usable and int(fields[1], 16) == 0 and int(fields[7], 16) == 0:
                yield _Route(int(fields[6]), fields[0])

    def _routes6(self) -> Iterator[_Route]:
        """Read lines of: destination, its length, source, its length, gateway, metric, …, flags, interface."""
        for line in self._lines("proc/net/ipv6_route"):
            fields = line.split()
            usable = int(fields[8], 16) & _UP and not int(fields[8], 16) & _REJECT
            if usable and int(fields[0], 16) == 0 and int(fields[1], 16) == 0 and fields[9] != "lo":
                yield _Route(int(fields[5], 16), fields[9])

    def _lines(self, name: str) -> list[str]:
        try:
            return (self._root / name).read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []  # a kernel without IPv6

    def _kind(self, interface: str) -> str:
        """Return "tethered", "modem" or ""."""
        place = self._root / "sys/class/net" / interface
        driver = (place / "device/driver").resolve().name
        kind = _device_type(place / "uevent")
        if kind == "wwan" or driver in _MODEMS or interface.startswith(("wwan", "ppp")):
            return "modem"
        return "tethered" if driver in _TETHERED or kind == "bluetooth" or interface.startswith("bnep") else ""

    def _place(self, interfaces: tuple[str, ...], on_site: tuple[str, ...]) -> Place:
        if not interfaces or not on_site:
            return Place.UNKNOWN
        networks = [ipaddress.ip_network(network, strict=False) for network in on_site]
        addresses = [address for interface in interfaces for address in _addresses(interface)]
        if any(address in network for address in addresses for network in networks):
            return Place.ON_SITE
        return Place.OFF_SITE if addresses else Place.UNKNOWN


def _device_type(uevent: Path) -> str:
    try:
        lines = uevent.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition("=")[2] for line in lines if line.startswith("DEVTYPE=")), "")


def _addresses(interface: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return an interface's own addresses, without those that mean nothing beyond it."""
    wanted = (socket.AF_INET, socket.AF_INET6)
    texts = [each.address for each in psutil.net_if_addrs().get(interface, ()) if each.family in wanted]
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
    return [address for address in addresses if not address.is_link_local]
