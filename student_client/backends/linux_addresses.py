"""Tells when this computer's links or addresses change, so that nobody has to look again and again. rtnetlink(7)."""

import socket
from typing import Final

# linux/rtnetlink.h; Python names none of them. They need no privilege.
_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS = 0x1, 0x10, 0x100
_GROUPS: Final = _LINK | _IPV4_ADDRESS | _IPV6_ADDRESS


def address_news() -> socket.socket:
    """Return a socket that turns readable at every such change; what is read from it says nothing. Raises OSError."""
    news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    try:
        news.setblocking(False)
        news.bind((0, _GROUPS))
    except OSError:
        news.close()
        raise
    return news
