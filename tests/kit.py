"""Two sessions back to back, and messages for every type."""

import io
from functools import cache

import msgspec
from hypothesis import strategies as st
from PIL import Image

from protocol.messages import (
    VERSION,
    Frame,
    Hello,
    LessonTerms,
    Message,
    Patch,
    Patches,
    PermitGranted,
    PermitRequest,
    Right,
    Stream,
    Watch,
    Welcome,
)
from protocol.session import Session, Side

ID = "0123456789abcdef" * 2


@cache
def jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 160)).save(out, "JPEG")
    return out.getvalue()


def lesson(**changes: object) -> LessonTerms:
    terms = {"id": ID, "name": "Maths 10B", "group": "10B", "starts_at": 0.0, "ends_at": 3600.0} | changes
    return LessonTerms(**terms)  # type: ignore[arg-type]


def frame(ask: Watch, number: int, /, **changes: object) -> Frame:
    fields = {
        "watch": ask.watch,
        "sequence": number,
        "captured_at": 1.0,
        "width": ask.width,
        "height": ask.height,
        "screen_width": 1920,
        "screen_height": 1080,
        "jpeg": jpeg(ask.width, ask.height),
    } | changes
    return Frame(**fields)  # type: ignore[arg-type]


def patches(ask: Watch, number: int, /, *, at: tuple[int, int, int, int] | None = None, **changes: object) -> Patches:
    """Patches of a screen as large as asked: all of it, or the one rectangle `at` (x, y, width, height)."""
    x, y, width, height = at or (0, 0, ask.width, ask.height)
    fields = {
        "watch": ask.watch,
        "sequence": number,
        "captured_at": 1.0,
        "screen_width": ask.width,
        "screen_height": ask.height,
        "patches": (Patch(x=x, y=y, width=width, height=height, jpeg=jpeg(width, height)),),
    } | changes
    return Patches(**fields)  # type: ignore[arg-type]


class Pair:
    """A staff session and a device session; `say` carries one message from its sender to the other end."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.staff = Session(Side.STAFF, now)
        self.device = Session(Side.DEVICE, now)

    def from_staff(self, message: Message) -> Message | None:
        return self.device.receive(self.staff.send(message, self.now), self.now)

    def from_device(self, message: Message) -> Message | None:
        return self.staff.receive(self.device.send(message, self.now), self.now)

    def greet(self) -> "Pair":
        self.from_staff(Hello(version=VERSION, program="test", policy_version=1))
        self.from_device(Welcome(version=VERSION, program="test", policy_version=1, clock=0.0))
        return self

    def permit(self, *rights: Right) -> "Pair":
        self.greet()
        self.from_staff(PermitRequest(lesson=lesson()))
        self.from_device(PermitGranted(lesson=ID, until=3600.0, may=rights or tuple(Right)))
        return self

    def watch(self, stream: Stream = Stream.TILE, number: int = 1, width: int = 64, height: int = 36) -> Watch:
        ask = Watch(watch=number, stream=stream, width=width, height=height, interval_ms=1000)
        assert self.from_staff(ask) == ask
        return ask


def anything_like(kind: type[Message]) -> st.SearchStrategy[bytes]:
    """Payloads that have the right names and mostly wrong values: what a fuzzer would take long to find."""
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    value = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.text(max_size=40),
        st.binary(max_size=40),
        st.lists(st.integers(0, 300), max_size=3),
        st.dictionaries(st.text(max_size=8), st.integers(0, 300), max_size=3),
    )
    return st.fixed_dictionaries(dict.fromkeys(names, value)).map(
        lambda fields: msgspec.msgpack.encode({"is": kind.__struct_config__.tag, **fields})
    )
