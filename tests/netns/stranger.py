"""A machine that shouts under our college's hint: junk, a plaintext server, and another college's laptop.

``stranger.py COLLEGE-UUID ADDRESS JOIN-FILE STAFF-CA`` advertises them all. The laptop was enrolled elsewhere by the
join file, and lets in whoever that staff authority vouches for. Says ``{"called": "plaintext" | "elsewhere"}`` for
each connection.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from protocol.enrolment import read_join
from protocol.presence import SERVICE_TYPE, advert_txt
from tests.end_to_end.stage import say
from tests.tutor_app.network.devices import Laptop


async def main() -> None:
    """Shout until killed."""
    college, address = UUID(sys.argv[1]), sys.argv[2]
    ours = advert_txt(college)
    plaintext = await listening(address, speak_http)
    elsewhere = await listening(address, await relay_to_laptop(foreign_laptop()))
    mdns = AsyncZeroconf(interfaces=[address])
    for name, port, txt in (
        ("plaintext", plaintext, ours),
        ("elsewhere", elsewhere, ours),
        ("nobody-there", 9, ours),
        ("no-text", plaintext, {}),
        ("other-version", plaintext, {**ours, "v": "99"}),
        ("A long name with spaces, dots... and \u202eturned text", 9, ours),
    ):
        info = AsyncServiceInfo(
            SERVICE_TYPE, f"{name}.{SERVICE_TYPE}", port=port, properties=txt, parsed_addresses=[address]
        )
        await mdns.async_register_service(info)
    await asyncio.Event().wait()


async def listening(address: str, answer: object) -> int:
    server = await asyncio.start_server(answer, address, 0)  # type: ignore[arg-type]
    return int(server.sockets[0].getsockname()[1])


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    say(called="plaintext")
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    await reader.read(100)
    writer.close()


def foreign_laptop() -> Laptop:
    join, staff_ca = (Path(one).read_bytes() for one in sys.argv[3:5])
    return Laptop(replace(read_join(join).credentials(), peer_ca=staff_ca))


async def relay_to_laptop(laptop: Laptop) -> object:
    """Start a laptop; return what answers a connection, tells of it, and passes it on."""
    await laptop.start()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        say(called="elsewhere")
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", laptop.port)
        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer), return_exceptions=True)

    return answer


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main())
