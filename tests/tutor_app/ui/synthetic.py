"""A class that exists only here: screens drawn by Qt, a network that keeps what it was told, its own clock."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from protocol.identity import Credentials, Identity
from protocol.messages import (
    Breach,
    Frame,
    LessonTerms,
    LockFacts,
    MonitorFacts,
    Patch,
    Patches,
    Reason,
    Result,
    Right,
    ScreenState,
    Shown,
    Status,
    Stream,
)
from protocol.policy.bundle import Bundle, RegisteredDevice, StaffBundle
from protocol.policy.document import Adjustment, Policy, exemption_key
from protocol.policy.parse import parse_policy
from protocol.policy.rule import Do, Rule, Subject
from protocol.resource import resource_text
from protocol.role import Role
from tutor_app.assessment.sheet import SheetStore
from tutor_app.classroom.classroom import Order, Place
from tutor_app.classroom.events import (
    BreachTold,
    CommandAnswered,
    Event,
    LinkLost,
    LinkUp,
    NotPermitted,
    Permitted,
    StatusTold,
)
from tutor_app.network.traffic import Tiles
from tutor_app.network.wishes import WatchAsk
from tutor_app.records.problems import RecordsError
from tutor_app.records.values import Record
from tutor_app.signin import SignedIn
from tutor_app.ui.assessment_desk import Office
from tutor_app.ui.decode import Strip, decode_patch
from tutor_app.ui.focus_view import FocusView
from tutor_app.ui.report_dialog import Reports

TEN = 1_793_959_500.0  # 2026-11-06 10:05 UTC, a Friday
TUTOR = Identity(UUID(int=7), Role.TUTOR, "maths-tutor", "Maths tutor", "1a")
INVIGILATOR = Identity(UUID(int=7), Role.INVIGILATOR, "ida", "Ida Marsh", "1b")
ALL = frozenset(Right)


LONDON = ZoneInfo("Europe/London")


def policy() -> Policy:
    """The policy that `init` writes, with rules for assessments and one student's adjustment."""
    written = parse_policy(resource_text("policies/college.toml"))
    usb = Rule(name="no-usb", subject=Subject.USB_STORAGE, do=(Do.TELL, Do.FLAG), sentence="No USB sticks.")
    assessment = replace(written.rules["assessment"], is_assessment=True, rules=(usb,), roles=(Role.INVIGILATOR,))
    more = Adjustment(who=exemption_key("student", "student04"), extra_time_percent=25, exempt=("no-usb",))
    return replace(written, rules=written.rules | {"assessment": assessment}, adjustments=(more,))


NO_RECORDS = Future[object]()
NO_RECORDS.set_exception(RecordsError("These records cannot be asked."))


class NoQuestions:
    """Records that cannot be read; a test that makes reports has real ones."""

    def query(self, ask: Callable[..., object]) -> "Future[object]":
        return NO_RECORDS


def office(journal: object, folder: Path, questions: object = None) -> Office:
    reports = Reports(questions or NoQuestions(), "Example College", LONDON, {})  # type: ignore[arg-type]
    return Office(journal=journal, sheets=SheetStore(b"a private key", folder / "assessments"), reports=reports)  # type: ignore[arg-type]


def college(number: int = 30) -> StaffBundle:
    """What signing in gives: the policy that `init` writes, and a register of two groups."""
    bundle = Bundle(college=TUTOR.college, version=12, published_at=TEN - 3 * 86400, policy=policy(), deny=frozenset())
    devices = [RegisteredDevice(id=one.device, name=one.name, group=one.group) for one in register(number)]
    other = RegisteredDevice(id="LAPTOP-91", name="Student 91", group="11A")
    return StaffBundle(bundle, b"", (*devices, other))


def signed_in(number: int = 30) -> SignedIn:
    return SignedIn(Credentials(TUTOR, b"", key=b"", peer_ca=b"", root=b""), college(number))


class Clock:
    """Unix seconds, turned by hand."""

    def __init__(self, now: float = TEN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeMailbox:
    waiting: list[tuple[str, Stream, Shown]] = field(default_factory=list)

    def drain(self, limit: int = 64, streams: Sequence[Stream] = tuple(Stream)) -> list[tuple[str, Stream, Shown]]:
        drained = [one for one in self.waiting if one[1] in streams][:limit]
        self.waiting = [one for one in self.waiting if one not in drained]
        return drained


@dataclass
class FakeWire:
    """The network's edge: keeps what it was told, says what the test tells it to."""

    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    told: list[tuple[str, object]] = field(default_factory=list)
    asks: dict[tuple[str, Stream], WatchAsk] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    received: dict[str, Tiles] = field(default_factory=dict)

    def start(self) -> None:
        self.told.append(("start", None))

    def stop(self, timeout: float = 5.0) -> bool:
        self.told.append(("stop", timeout))
        return True

    def begin(self, lesson: LessonTerms) -> None:
        self.told.append(("begin", lesson.id))

    def end(self, reason: str = "") -> None:
        self.told.append(("end", reason))

    def watch(self, device: str, ask: WatchAsk) -> None:
        self.told.append(("watch", device))
        self.asks[device, ask.stream] = ask

    def unwatch(self, device: str, stream: Stream) -> None:
        self.told.append(("unwatch", device))
        self.asks.pop((device, stream), None)

    def send(self, orders: list[Order]) -> None:
        self.orders.extend(orders)

    def events(self) -> list[Event]:
        events, self.waiting = self.waiting, []
        return events

    def noted(self, device: str, breaches: Iterable[str]) -> None:
        self.told.append(("noted", (device, *breaches)))

    def tiles(self) -> dict[str, Tiles]:
        return dict(self.received)

    def bytes_a_second(self) -> float:
        return 112_500.0


@dataclass
class FakeJournal:
    records: list[Record] = field(default_factory=list)

    stored: list[Callable[[], None]] = field(default_factory=list)

    def write(self, record: Record, stored: Callable[[], None] | None = None) -> None:
        self.records.append(record)
        if stored:
            self.stored.append(stored)

    def of(self, kind: type[Record]) -> list[Record]:
        return [record for record in self.records if isinstance(record, kind)]


def lesson(**changes: object) -> LessonTerms:
    terms = {
        "id": "ab" * 16,
        "name": "Maths 10B",
        "group": "10B",
        "room": "Room 4",
        "starts_at": TEN,
        "ends_at": TEN + 55 * 60,
    } | changes
    return LessonTerms(**terms)  # type: ignore[arg-type]


def register(number: int = 30, group: str = "10B") -> list[Place]:
    return [Place(device=f"LAPTOP-{n:02}", name=f"Student {n:02}", group=group) for n in range(1, number + 1)]


def device(number: int) -> str:
    return f"LAPTOP-{number:02}"


def status(number: int, application: str = "Writer — essay", **changes: object) -> Status:
    facts = {
        "user": f"student{number:02}",
        "host": f"laptop-{number:02}",
        "application": application,
        "monitors": (MonitorFacts(index=1, name="eDP-1", width=1920, height=1080),),
        "screen": ScreenState.LIVE,
    } | changes
    return Status(**facts)  # type: ignore[arg-type]


def arrives(number: int, at: float = TEN, application: str = "Writer — essay", **changes: object) -> list[Event]:
    """What the network tells when a laptop comes and shows its screen."""
    name = device(number)
    return [
        LinkUp(device=name, name=f"Student {number:02}", group="10B", address=f"10.0.4.{number}:47800", at=at),
        Permitted(device=name, until=TEN + 3300, may=ALL, at=at),
        StatusTold(device=name, status=status(number, application, **changes), at=at),
    ]


def told(number: int, at: float = TEN, **changes: object) -> StatusTold:
    return StatusTold(device=device(number), status=status(number, **changes), at=at)


def breach(number: int, ident: int, rule: str, category: str, detail: str = "", at: float = TEN) -> BreachTold:
    sentence = "Not in lessons, please."
    told = Breach(id=f"{ident:032x}", rule=rule, category=category, sentence=sentence, detail=detail, at=at)
    return BreachTold(device=device(number), breach=told, at=at)


def locked(number: int, left: float, now: float, covered: bool = True) -> StatusTold:
    facts = LockFacts(id="cd" * 16, by="Maths tutor", until=now + left, covered=covered)
    return StatusTold(device=device(number), status=status(number, lock=facts), at=now)


def answered(order: Order, result: Result = Result.OK, detail: str = "", at: float = TEN) -> CommandAnswered:
    return CommandAnswered(device=order.device, command=order.command.id, result=result, detail=detail, at=at)


def lost(number: int, at: float, why: str = "The connection broke") -> LinkLost:
    return LinkLost(device=device(number), why=why, at=at)


def refused(number: int, reason: Reason, detail: str, at: float = TEN) -> NotPermitted:
    return NotPermitted(device=device(number), reason=reason, detail=detail, at=at)


# ── what is on their screens ────────────────────────────────────────────────────────────────────────────────────────

_COLOURS = ("#A96AC4", "#6CC0C8", "#C66BC0", "#CB68A8", "#C8B56B", "#C98869", "#7CC96E")


def screen(number: int, width: int = 480, height: int = 270) -> QImage:
    """A student's screen: an essay, a page, a sheet or a video, by number."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#E8ECF1"))
    painter = QPainter(image)
    painter.scale(width / 480, height / 270)
    painter.setPen(Qt.PenStyle.NoPen)
    draw = {2: _page, 3: _page, 9: _page, 13: _sheet, 27: _sheet, 7: _video}.get(number)
    (draw or (_page if number % 6 in (1, 4) and number > 18 else _essay))(painter, number)
    painter.end()
    return image


def _lines(painter: QPainter, area: QRect, seed: int, colour: str = "#7A8896") -> None:
    painter.setBrush(QColor(colour))
    for row in range(area.height() // 22):
        width = 0.45 + ((seed * 37 + row * 53) % 50) / 100
        painter.drawRoundedRect(QRectF(area.left(), area.top() + row * 22, area.width() * width, 8), 4, 4)


def _essay(painter: QPainter, number: int) -> None:
    painter.setBrush(QColor("#FFFFFF"))
    painter.drawRect(108, 22, 264, 248)
    _lines(painter, QRect(132, 56, 220, 214), number)


def _page(painter: QPainter, number: int) -> None:
    painter.setBrush(QColor("#FFFFFF"))
    painter.drawRect(0, 0, 480, 270)
    painter.setBrush(QColor("#C9D3DF"))
    painter.drawRect(0, 0, 480, 32)
    painter.setBrush(QColor(_COLOURS[number % len(_COLOURS)]))
    painter.drawRoundedRect(16, 50, 448, 124, 6, 6)
    _lines(painter, QRect(16, 194, 440, 76), number)


def _sheet(painter: QPainter, _number: int) -> None:
    painter.setBrush(QColor("#FFFFFF"))
    painter.drawRect(0, 0, 480, 270)
    painter.setPen(QColor("#C9D3DF"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for row in range(6):
        for column in range(8):
            painter.drawRect(16 + column * 56, 16 + row * 40, 54, 38)


def _video(painter: QPainter, _number: int) -> None:
    shade = QLinearGradient(0, 0, 480, 270)
    shade.setColorAt(0, QColor("#6B2A86"))
    shade.setColorAt(1, QColor("#14572E"))
    painter.setBrush(shade)
    painter.drawRect(0, 0, 480, 270)


def jpeg(image: QImage, quality: int = 85) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", quality)  # type: ignore[call-overload]  # the stubs want bytes where Qt takes a str
    return bytes(data.data())


def frame(image: QImage, captured_at: float = TEN, sequence: int = 1) -> Frame:
    return Frame(
        watch=1,
        sequence=sequence,
        captured_at=captured_at,
        width=image.width(),
        height=image.height(),
        screen_width=1920,
        screen_height=1080,
        jpeg=jpeg(image),
    )


def patch(image: QImage, area: QRect | None = None, quality: int = 85) -> Patch:
    """One rectangle of a screen; all of it for None."""
    area = area or image.rect()
    return Patch(x=area.x(), y=area.y(), width=area.width(), height=area.height(), jpeg=jpeg(image.copy(area), quality))


def patches(screen: QImage, *areas: QRect, sequence: int = 1, quality: int = 85, **changes: object) -> Patches:
    """What a device sends of a screen: these rectangles, or all of it."""
    fields = {
        "watch": 1,
        "sequence": sequence,
        "captured_at": TEN,
        "screen_width": screen.width(),
        "screen_height": screen.height(),
        "patches": tuple(patch(screen, area, quality) for area in areas or (screen.rect(),)),
    } | changes
    return Patches(**fields)  # type: ignore[arg-type]


def strips(shown: Patches) -> list[Strip]:
    return [strip for one in shown.patches for strip in decode_patch(one) or ()]


def show_whole(view: FocusView, name: str, screen: QImage) -> None:
    """The whole screen of a device comes for the focus view."""
    shown = patches(screen)
    view.show_patches(name, strips(shown), shown)
