"""A machine that shouts: junk of our service type, a plaintext server, another college's laptop under our hint.

``stranger.py COLLEGE-UUID ADDRESS ELSEWHERE-PORT`` advertises them all, and says ``{"plaintext": n}`` each time
somebody connects to the plaintext server.
"""

import asyncio
import sys
from uuid import UUID

from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from protocol.presence import SERVICE_TYPE, advert_txt
from tests.end_to_end.stage import say


async def main() -> None:
    """Shout until killed."""
    college, address, elsewhere = UUID(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    calls = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        say(plaintext=calls)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(answer, address, 0)
    plaintext = server.sockets[0].getsockname()[1]
    mdns = AsyncZeroconf(interfaces=[address])
    ours = advert_txt(college)
    for name, port, txt in (
        ("plaintext", plaintext, ours),
        ("elsewhere", elsewhere, ours),
        ("nobody-there", 9, ours),
        ("no-text", plaintext, {}),
        ("other-version", plaintext, {**ours, "v": "99"}),
        ("A long name with spaces, dots... and \u202eturned text", 9, ours),
    ):
        await mdns.async_register_service(info(name, address, port, txt))
    say(shouting=True)
    await asyncio.Event().wait()


def info(name: str, address: str, port: int, txt: dict[str, str]) -> ServiceInfo:
    return AsyncServiceInfo(
        SERVICE_TYPE, f"{name}.{SERVICE_TYPE}", port=port, properties=txt, parsed_addresses=[address]
    )


if __name__ == "__main__":
    asyncio.run(main())
