"""What a hostile laptop does once it was let in, each as one coroutine; run as a program, a laptop in its own process.

`python -m tests.tutor_app.network.attacks NAME` reads pickled credentials from stdin and prints its port.
"""

import asyncio
import io
import os
import pickle
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from protocol.codec import DEVICE
from protocol.link import Link
from protocol.messages import Patch, Stream, Watch
from tests.kit import frame, jpeg, patches
from tests.tutor_app.network.devices import Laptop, status

Attack = Callable[[Laptop, Link, Watch], Awaitable[None]]


async def raw(link: Link, payload: bytes | str) -> None:
    await link._connection.send(payload)


def picture(ask: Watch, **changes: object) -> bytes:
    return DEVICE.encode(frame(ask, 1, **changes))


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def part(ask: Watch, number: int = 1, **changes: object) -> bytes:
    """Patches as they are, with what breaks a rule; unchanged they cover the screen."""
    return DEVICE.encode(patches(ask, number, **changes))


async def pour(link: Link, data: bytes) -> None:
    """Write these bytes as fast as the other side takes them, until it has enough."""
    transport = link._connection.transport
    while not transport.is_closing():
        if transport.get_write_buffer_size() < 1_000_000:
            transport.write(data)
        await asyncio.sleep(0)


async def floods_with_statuses(one: Laptop, link: Link, ask: Watch) -> None:
    while True:
        await raw(link, DEVICE.encode(status()))


async def floods_with_garbage(one: Laptop, link: Link, ask: Watch) -> None:
    while True:
        await raw(link, os.urandom(16_000))


async def floods_with_pings(one: Laptop, link: Link, ask: Watch) -> None:
    await pour(link, WebSocketFrame(Opcode.PING, b"").serialize(mask=False) * 500)


async def floods_with_pongs(one: Laptop, link: Link, ask: Watch) -> None:
    await pour(link, WebSocketFrame(Opcode.PONG, b"").serialize(mask=False) * 500)


async def floods_with_fragments(one: Laptop, link: Link, ask: Watch) -> None:
    link._connection.transport.write(WebSocketFrame(Opcode.BINARY, b"", fin=False).serialize(mask=False))
    await pour(link, WebSocketFrame(Opcode.CONT, b"", fin=False).serialize(mask=False) * 500)


async def sends_a_giant(one: Laptop, link: Link, ask: Watch) -> None:
    await raw(link, bytes(3 * 1024 * 1024))
    await one.hear(link)


async def sends_a_larger_picture(one: Laptop, link: Link, ask: Watch) -> None:
    await raw(link, picture(ask, width=ask.width * 2, jpeg=jpeg(ask.width * 2, ask.height)))
    await one.hear(link)


async def lies_about_the_size(one: Laptop, link: Link, ask: Watch) -> None:
    await raw(link, picture(ask, jpeg=jpeg(2000, 2000)))
    await one.hear(link)


async def sends_a_png(one: Laptop, link: Link, ask: Watch) -> None:
    await raw(link, picture(ask, jpeg=png(ask.width, ask.height)))
    await one.hear(link)


async def sends_without_credit(one: Laptop, link: Link, ask: Watch) -> None:
    payload = picture(ask)
    for _ in range(5):
        await raw(link, payload)
    await one.hear(link)


async def sends_text(one: Laptop, link: Link, ask: Watch) -> None:
    await raw(link, "hello")
    await one.hear(link)


def sends(change: Callable[[Watch], dict[str, object]]) -> Attack:
    async def attack(one: Laptop, link: Link, ask: Watch) -> None:
        await raw(link, part(ask, **change(ask)))
        await one.hear(link)

    return attack


def patch(width: int, height: int, *, x: int = 0, y: int = 0, data: bytes = b"") -> Patch:
    return Patch(x=x, y=y, width=width, height=height, jpeg=data or jpeg(width, height))


# Each breaks one rule of PROTOCOL §5 for the focus view.
PATCHES: dict[str, Attack] = {
    "larger than asked": sends(
        lambda ask: {"screen_width": 2 * ask.width, "patches": (patch(2 * ask.width, ask.height),)}
    ),
    "beyond the screen": sends(lambda ask: {"patches": (patch(ask.width, ask.height, x=1),)}),
    "not what it says": sends(lambda ask: {"patches": (patch(ask.width, ask.height, data=jpeg(2000, 2000)),)}),
    "a png": sends(lambda ask: {"patches": (patch(ask.width, ask.height, data=png(ask.width, ask.height)),)}),
    "over and over": sends(lambda ask: {"patches": (patch(ask.width, ask.height),) * 3}),
    "not whole": sends(lambda ask: {"patches": (patch(8, 8),)}),
}

FLOODS = [floods_with_statuses, floods_with_garbage, floods_with_pings, floods_with_pongs, floods_with_fragments]
BREACHES = [
    sends_a_giant,
    sends_a_larger_picture,
    lies_about_the_size,
    sends_a_png,
    sends_without_credit,
    sends_text,
]


def after_the_permit(attack: Attack, stream: Stream | None = None) -> Callable[[Laptop, Link], Awaitable[None]]:
    """Attack when a stream (whichever, for None) is asked for."""

    async def behave(one: Laptop, link: Link) -> None:
        await one.let_in(link)
        while not isinstance(ask := await one.hear(link), Watch) or stream not in (None, ask.stream):
            pass
        with suppress(ConnectionClosed):
            await attack(one, link, ask)

    return behave


async def main(name: str) -> None:
    behave = next((after_the_permit(attack) for attack in FLOODS if attack.__name__ == name), None)
    one = await Laptop(pickle.load(sys.stdin.buffer), behave=behave).start()
    print(one.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
