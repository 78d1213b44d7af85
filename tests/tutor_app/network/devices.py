"""Laptops for the network's tests: the device's side of the protocol over real TLS, honest or hostile."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Response

from protocol.identity import Credentials
from protocol.link import Link, LinkClosed
from protocol.messages import (
    VERSION,
    Breach,
    ChangeRule,
    Credit,
    DropChange,
    Hello,
    Lock,
    LowerHand,
    Message,
    Outcome,
    PermitGranted,
    PermitRequest,
    PolicyOffer,
    PolicyTaken,
    Reason,
    Refused,
    Result,
    Right,
    ScreenState,
    SetRules,
    Shown,
    Status,
    Stream,
    TextMessage,
    Understood,
    Unlock,
    Watch,
    Welcome,
)
from protocol.session import GREETING_LIMIT, Side
from protocol.tls import device_context, peer_identity
from tests.kit import frame, patches

Behaviour = Callable[["Laptop", Link], Awaitable[None]]


class Laptop:
    """One device that listens on a free port. `heard` is every message it got, `links` those that are up."""

    def __init__(self, credentials: Credentials, *, behave: Behaviour | None = None) -> None:
        self.credentials = credentials
        self.behave = behave or Laptop.work
        self.policy_version = 0
        self.refusal: Refused | None = None
        self.turns_away = False
        self.may: tuple[Right, ...] = tuple(Right)
        self.heard: list[Message] = []
        self.links: list[Link] = []
        self.connections = 0
        self.closed: list[LinkClosed] = []
        self.port = 0
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @cached_property
    def context(self) -> ssl.SSLContext:
        return device_context(self.credentials)

    @property
    def name(self) -> str:
        return self.credentials.identity.id

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> "Laptop":
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._listen(host, port, ready))
        self.port = await ready
        return self

    async def stop(self) -> None:
        """Go away at once, as a process that is killed does."""
        for link in tuple(self.links):
            link._connection.transport.abort()
        self._stop.set()
        if self._task:
            await self._task

    async def _listen(self, host: str, port: int, ready: "asyncio.Future[int]") -> None:
        async with serve(
            self._served,
            host,
            port,
            ssl=self.context,
            process_request=self._admit,
            compression=None,
            max_size=GREETING_LIMIT,
            close_timeout=0.2,
        ) as server:
            ready.set_result(next(iter(server.sockets)).getsockname()[1])
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, _: object) -> Response | None:
        return connection.respond(HTTPStatus.FORBIDDEN, "revoked\n") if self.turns_away else None

    async def _served(self, connection: ServerConnection) -> None:
        self.connections += 1
        link = Link(connection, Side.DEVICE, peer_identity(connection.transport.get_extra_info("ssl_object")))
        self.links.append(link)
        try:
            await self.behave(self, link)
        except LinkClosed as closed:
            self.closed.append(closed)
        finally:
            self.links.remove(link)

    # ── what a laptop does ──────────────────────────────────────────────────────────────────────────────────────────

    async def hear(self, link: Link) -> Message:
        message = await link.receive()
        self.heard.append(message)
        return message

    async def let_in(self, link: Link, told: Status | None = None) -> bool:
        """Answer everything up to the permit; `told` is the first status after it."""
        while not isinstance(message := await self.hear(link), PermitRequest):
            if isinstance(message, Hello):
                await link.send(Welcome(version=VERSION, program="test", policy_version=self.policy_version, clock=1.0))
            elif isinstance(message, PolicyOffer):
                self.policy_version += 1
                await link.send(PolicyTaken(policy_version=self.policy_version))
        if self.refusal:
            await link.send(self.refusal)
            await link.close()
            return False
        await link.send(PermitGranted(lesson=message.lesson.id, until=message.lesson.ends_at, may=self.may))
        await link.send(told or status())
        return True

    async def work(self, link: Link) -> None:
        """Be an honest laptop: pictures as asked, one in flight, every command done."""
        if not await self.let_in(link):
            return
        pending: set[asyncio.Task[None]] = set()
        try:
            while True:
                message = await self.hear(link)
                if isinstance(message, Credit):
                    pending.add(asyncio.create_task(self._next_picture(link, message)))
                else:
                    with suppress(LinkClosed):  # what was said before the close is still to be heard
                        await self.answer(link, message)
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _next_picture(self, link: Link, credit: Credit) -> None:
        watch = next(ask for stream in Stream if (ask := link.watched(stream)) and ask.watch == credit.watch)
        await asyncio.sleep(watch.interval_ms / 1000)
        if link.watched(watch.stream) is watch and link.session.may_send(watch.stream):
            await link.send(picture(watch, credit.sequence + 1))

    async def answer(self, link: Link, message: Message) -> None:
        match message:
            case Watch():
                await link.send(picture(message, 1))
            case Lock() | Unlock() | SetRules() | ChangeRule() | DropChange() | LowerHand():
                await link.send(Outcome(id=message.id, result=Result.OK))
            case TextMessage():
                await link.send(Outcome(id=message.id, result=Result.OK))
                await link.send(Understood(id=message.id))
            case _:
                pass


def picture(watch: Watch, number: int) -> Shown:
    return frame(watch, number) if watch.stream is Stream.TILE else patches(watch, number)


def status(**changes: object) -> Status:
    fields = {
        "user": "amara",
        "host": "laptop",
        "application": "Writer",
        "monitors": (),
        "screen": ScreenState.LIVE,
    } | changes
    return Status(**fields)  # type: ignore[arg-type]


def refuse(reason: Reason = Reason.OUTSIDE_HOURS, detail: str = "College hours on Sunday: closed.") -> Refused:
    return Refused(reason=reason, detail=detail)


def breach(number: int = 1, **changes: object) -> Breach:
    fields = {
        "id": f"{number:032x}",
        "rule": "no-usb",
        "category": "personal-device",
        "sentence": "USB sticks stay away in lessons.",
        "detail": "Kingston 16 GB",
        "at": 1.0,
    } | changes
    return Breach(**fields)  # type: ignore[arg-type]
